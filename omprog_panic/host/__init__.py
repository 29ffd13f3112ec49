"""The one seam to the machine: files, commands, processes, sockets, services.

``machine.Machine`` is the interface, ``local.LocalMachine`` this machine and
``fake.FakeMachine`` the one for tests. The standard library only: `rsyslog-values`
uses it before rsyslogd starts.
"""
