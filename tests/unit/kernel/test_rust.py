"""Rust names: what the mangling specification says, as far as traces need it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omprog_panic.kernel.rust import demangle

NAMES = {
    "_RNvC4acme4init": "acme::init",
    "_RNvNtCs1234_4core9panicking9panic_fmt": "core::panicking::panic_fmt",
    "_RNvMNtCs9x_4acme4ringNtB2_4Ring4take": "<acme::ring::Ring>::take",
    "_RNvXs_NtCs9x_4acme4ringNtB4_4RingNtNtCsd_4core4drop4Drop4drop": (
        "<acme::ring::Ring as core::drop::Drop>::drop"
    ),
    "_RINvNtC3std3mem8align_ofjE": "std::mem::align_of",
    "_RINvC4acme4sendTmRhEKj10_E": "acme::send",
    "_RNCNvC4acme4init0": "acme::init",
    "_ZN4core9panicking5panic17h0123456789abcdefE": "core::panicking::panic",
    "_ZN47_$LT$acme..Ring$u20$as$u20$core..drop..Drop$GT$4drop17h0123456789abcdefE": (
        "<acme::Ring as core::drop::Drop>::drop"
    ),
    "_Z8fakeNameiii": "fakeName",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_made_readable(name: str) -> None:
    assert demangle(name) == NAMES[name]


@pytest.mark.parametrize(
    "name",
    [
        "_R",
        "_RB_",
        "_RNv",
        "_ZN",
        "_ZNK4Foo3barEv",
        "_ZN3fooE",
        "_Radix",
        "_RIB_",
        "_Z",
    ],
)
def test_what_cannot_be_read_stays(name: str) -> None:
    assert demangle(name) == name


@given(st.text(alphabet="CNMXYIBRvts_0123459aEjLKTP", max_size=60))
def test_any_name_has_an_answer(rest: str) -> None:
    assert demangle("_R" + rest)


def test_back_references_cannot_make_a_name_endless() -> None:
    bomb = "_RI" + "C1a" + "TB2_B2_B2_B2_E" * 30 + "E"

    assert len(demangle(bomb)) < 10_000
