"""UDP sockets, on this machine and in memory."""

from __future__ import annotations

import os
import socket

from omprog_panic.host.fake import FakeMachine
from omprog_panic.host.local import LocalMachine
from omprog_panic.host.sockets import receive_buffer, socket_owners, udp_sockets


def test_a_socket_of_this_process_is_found_with_its_owner() -> None:
    machine = LocalMachine()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind(("127.0.0.1", 0))
        port = mine.getsockname()[1]
        found = [s for s in udp_sockets(machine) if s.port == port]

        assert [(s.address, s.drops) for s in found] == [("127.0.0.1", 0)]
        assert socket_owners(machine, found) == {found[0].inode: os.getpid()}


def test_a_socket_of_a_fake_machine_is_the_same() -> None:
    machine = FakeMachine()
    machine.bind_udp(6666, 42, drops=3, address="0200000A")
    machine.links["/proc/7/fd/3"] = "socket:[42]"
    (found,) = udp_sockets(machine)

    assert (found.address, found.port, found.drops) == ("10.0.0.2", 6666, 3)
    assert socket_owners(machine, [found]) == {42: 7}


def test_an_owner_that_this_user_may_not_see_is_missing() -> None:
    machine = FakeMachine()
    machine.bind_udp(6666, 42)
    machine.links["/proc/7/fd/3"] = "socket:[42]"
    machine.hide("/proc/7/fd")

    assert socket_owners(machine, udp_sockets(machine)) == {}


def test_the_smallest_buffer_counts() -> None:
    machine = FakeMachine()
    line = "ss -H -u -a -n -m sport = :6666"
    machine.answer(line, stdout="skmem:(r0,rb425984,t0)\nskmem:(r0,rb212992,t0)\n")

    assert receive_buffer(machine, 6666) == 212_992
    assert receive_buffer(machine, 514) is None, "ss failed"
    machine.answer(line)
    assert receive_buffer(machine, 6666) is None, "no socket"
