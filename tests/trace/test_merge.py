"""Processes that began at different times are put on one clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.trace.events import Event, Phase, RunBegan, RunEnded, TestEnded
from loopscope.trace.merge import on_one_clock


def began(started: float, time: float = 0.0) -> RunBegan:
    return RunBegan(time, started, "0.1.0", "9.0", "3.13", "on", "planned")


def ended(time: float, began: float, test: str) -> TestEnded:
    return TestEnded(time, began, test, None, (Phase("setup", time, "passed"),))


def test_times_count_from_the_first_that_began() -> None:
    first: list[Event] = [began(1000.5), ended(2.0, 1.0, "a"), RunEnded(3.0, 0)]
    second: list[Event] = [began(1002.0), ended(2.0, 1.0, "b")]
    assert on_one_clock([second, first]) == [
        [began(1002.0, 1.5), ended(3.5, 2.5, "b")],
        first,
    ]


def test_who_has_not_said_when_it_began_keeps_its_times() -> None:
    cut_off: list[Event] = [RunEnded(3.0, 0)]
    other: list[Event] = [began(1000.0), RunEnded(5.0, 0)]
    assert on_one_clock([cut_off, other]) == [cut_off, other]
    assert on_one_clock([cut_off]) == [cut_off]
    assert on_one_clock([]) == []


@given(st.lists(st.integers(0, 2**30), min_size=1, max_size=4))
def test_what_is_on_one_clock_stays_there(starts: list[int]) -> None:
    once = on_one_clock([[began(float(start)), RunEnded(8.0, 0)] for start in starts])
    assert on_one_clock(once) == once
    assert min(events[0].time for events in once) == pytest.approx(0.0)
