"""What each rule changes, and what it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.migrate.routes import ROUTES
from loopscope.migrate.words import WAYS
from tests.migrate.rules import CASES, NOTHING
from tests.migrate.written import after, migrated, text

if TYPE_CHECKING:
    from tests.migrate.case import Case


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_file_becomes(case: Case) -> None:
    before = text(case.before)
    result = migrated(
        case.way, before, case.loops, path=case.path, ini=case.ini, backends=case.backends
    )
    expected = before if case.after is None else text(case.after)
    assert after(result, case.path, before) == expected
    assert tuple(f"{note.line}: {note.text}" for note in result.notes) == case.notes
    assert result.unreadable == {}
    if case.ini is not None:
        assert after(result, "pytest.ini", case.ini) == (case.ini_after or case.ini)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_second_time_nothing_becomes_of_it(case: Case) -> None:
    before = text(case.before)
    first = migrated(
        case.way, before, case.loops, path=case.path, ini=case.ini, backends=case.backends
    )
    middle = after(first, case.path, before)
    ini = None if case.ini is None else after(first, "pytest.ini", case.ini)
    # Collected again, what is on another vocabulary now is not in the plan of the old one.
    loops = case.loops if case.way[0] == case.way[1] else {}
    way = case.way
    again = migrated(way, middle, loops, path=case.path, ini=ini, collects=way[0] == way[1])
    assert after(again, case.path, middle) == middle
    if ini is not None:
        assert after(again, "pytest.ini", ini) == ini


def test_each_way_that_is_offered_can_be_gone() -> None:
    assert tuple(ROUTES) == WAYS


@pytest.mark.parametrize("way", WAYS, ids="-to-".join)
@pytest.mark.parametrize("source", NOTHING.values(), ids=NOTHING)
def test_nothing_becomes_of(source: str, way: tuple[str, str]) -> None:
    result = migrated(way, source, ini="[pytest]\naddopts = -ra\n", collects=False)
    assert (result.changes, result.notes, result.unreadable) == ({}, [], {})
