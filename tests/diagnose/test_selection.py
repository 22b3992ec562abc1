"""Codes are selected and ignored by name or by family, and a name that is none is refused."""

from __future__ import annotations

import pytest

from loopscope.diagnose.catalog import CODES, FAMILIES, Finding
from loopscope.diagnose.selection import Selection, parse_codes
from loopscope.errors import UnknownName

FOUND = [Finding(code, "wrong") for code in ("LS101", "LS102", "LS201", "LS401")]


@pytest.mark.parametrize(
    ("select", "ignore", "told"),
    [
        ("", "", ["LS101", "LS102", "LS201", "LS401"]),
        ("LS1", "", ["LS101", "LS102"]),
        ("LS101,LS2", "", ["LS101", "LS201"]),
        ("", "LS1, LS401", ["LS201"]),
        ("LS1", "LS102", ["LS101"]),
        ("ls4", "", ["LS401"]),
        ("LS", "LS", []),
    ],
)
def test_what_is_told(select: str, ignore: str, told: list[str]) -> None:
    selection = Selection(parse_codes([select]), parse_codes([ignore]))
    assert [finding.code for finding in selection.of(FOUND)] == told


def test_an_option_may_be_given_several_times() -> None:
    assert parse_codes(["LS1,LS2", "LS1", "LS301"]) == ("LS1", "LS2", "LS301")


@pytest.mark.parametrize("name", ["LS9", "LS199", "LS1011", "E501", "S1"])
def test_what_is_no_code_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(UnknownName) as caught:
        parse_codes(["LS101", name])
    assert caught.value.given == name
    assert caught.value.valid == (*FAMILIES, *CODES)
