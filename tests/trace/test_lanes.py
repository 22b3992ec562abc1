"""Viewers of the Trace Event Format can draw whatever is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from loopscope.trace.events import (
    FixtureSetUp,
    FixtureTornDown,
    LoopClosed,
    LoopOpened,
    RunBegan,
    TestEnded,
)
from loopscope.trace.lanes import Lanes
from tests.trace.runs import EVERY_KIND, runs
from tests.trace.trace_event_format import violations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopscope.trace.events import Event


def drawn(events: Iterable[Event], process: int = 1) -> list[dict[str, Any]]:
    lines: list[str] = []
    lanes = Lanes(process, lines.append)
    for event in events:
        lanes.draw(event)
    return list(map(json.loads, lines))


def lanes_of(events: Iterable[Event]) -> dict[str, list[str]]:
    """Return what is drawn on each lane."""
    lines = drawn(events)
    names = {line["tid"]: line["args"]["name"] for line in lines if line["name"] == "thread_name"}
    return {
        name: [
            f"{line['ph']} {line['name']}"
            for line in lines
            if line["tid"] == thread and line["ph"] in "BEXi"
        ]
        for thread, name in names.items()
    }


@given(events=runs())
def test_slices_nest_whatever_overlaps(events: list[Event]) -> None:
    assert violations(drawn(events)) == []


@given(first=runs(), second=runs())
def test_processes_do_not_get_mixed_up(first: list[Event], second: list[Event]) -> None:
    assert violations(drawn(first, 1) + drawn(second, 2)) == []


def test_a_run_with_everything_is_drawn() -> None:
    assert violations(drawn(EVERY_KIND)) == []
    assert lanes_of(EVERY_KIND) == {
        "tests": [
            "i LoopPlanned",
            "i Found",
            "i TestBegan",
            "i Blocked",
            "i LeftBehind",
            "i Crashed",
            "i Cancelled",
            "X tests/test_a.py::test_it[é]",
            "i RunEnded",
        ],
        "module loops [asyncio]": ["B module a", "X setup db", "X teardown db", "E module a"],
    }


def span(began: float, time: float, test: str) -> TestEnded:
    return TestEnded(time, began, test, None, ())


def test_tests_that_run_at_a_time_get_lanes_of_their_own() -> None:
    events = [span(0, 2, "a"), span(1, 3, "b"), span(2, 4, "c"), span(1.5, 5, "d")]
    assert lanes_of(events) == {
        "tests": ["X a", "X c"],
        "tests, at the same time 2": ["X b"],
        "tests, at the same time 3": ["X d"],
    }


def test_what_was_in_a_slice_lies_within_it() -> None:
    assert lanes_of([span(1, 2, "a"), span(2, 3, "b"), span(0, 4, "all")]) == {
        "tests": ["X a", "X b", "X all"]
    }


def test_little_is_remembered_of_what_was_drawn() -> None:
    events = [span(number, number + 1, "a") for number in range(1000)]
    assert lanes_of(events) == {"tests": ["X a"] * 1000}
    assert len(lanes_of([*events, span(999, 1001, "b")])) == 1
    assert len(lanes_of([*events, span(0, 1001, "b")])) == 2


def test_loops_of_one_scope_share_a_lane_unless_they_are_open_at_a_time() -> None:
    events: list[Event] = [
        LoopOpened(0, "outer", "asyncio", "package"),
        LoopOpened(1, "inner", "asyncio", "package"),
        LoopClosed(2, "inner"),
        LoopOpened(3, "other", "asyncio", "package"),
        LoopOpened(3, "on trio", "trio", "package"),
        LoopClosed(4, "outer"),
        LoopOpened(5, "next", "asyncio", "package"),
    ]
    assert lanes_of(events) == {
        "package loops [asyncio]": ["B outer", "E outer", "B next"],
        "package loops [asyncio] 2": ["B inner", "E inner", "B other"],
        "package loops [trio]": ["B on trio"],
    }


def test_who_only_observes_does_not_know_the_scope() -> None:
    assert list(lanes_of([LoopOpened(0, "loop 1", "asyncio")])) == ["observed loops [asyncio]"]


def set_up(began: float, time: float, loop: str | None, error: str | None = None) -> FixtureSetUp:
    return FixtureSetUp(
        time, began, "db 1", "db", "module", "a.py", "a.py:1", loop, loop, "a test", error
    )


def test_a_fixture_whose_setup_opened_the_loop_is_drawn_within_it() -> None:
    lines = drawn([LoopOpened(2, "loop", "asyncio", "module"), set_up(1, 3, "loop")])
    (slice_,) = (line for line in lines if line["ph"] == "X")
    assert (slice_["ts"], slice_["dur"]) == (2_000_001, 999_999)
    assert (slice_["args"]["began"], slice_["args"]["time"]) == (1, 3)


@pytest.mark.parametrize("loop", [None, "gone"])
def test_a_fixture_on_no_open_loop_has_a_place(loop: str | None) -> None:
    name = "without a loop" if loop is None else "on loops that are not open"
    events: list[Event] = [LoopOpened(0, "gone", "asyncio", "module"), LoopClosed(1, "gone")]
    events.append(set_up(2, 3, loop))
    assert lanes_of(events)[name] == ["X setup db"]


def test_the_life_of_a_fixture_is_a_track_of_its_process() -> None:
    lines = drawn([set_up(1, 2, None), FixtureTornDown(9, 8, "db 1", None)], process=2)
    assert [
        (line["ph"], line["name"], line["pid"], line["id2"], line["ts"])
        for line in lines
        if "id2" in line
    ] == [
        ("b", "db", 2, {"local": "db 1"}, 1_000_000),
        ("e", "db", 2, {"local": "db 1"}, 9_000_000),
    ]


def test_a_fixture_that_could_not_be_set_up_has_no_life() -> None:
    events: list[Event] = [
        set_up(1, 2, None, "ValueError: no"),
        FixtureTornDown(9, 8, "db 1", None),
    ]
    assert not [line for line in drawn(events) if "id2" in line]


@pytest.mark.parametrize(("worker", "name"), [(None, "pytest"), ("gw3", "gw3")])
def test_a_process_has_the_name_of_its_worker(worker: str | None, name: str) -> None:
    event = RunBegan(0.0, 1.7e9, "0.1.0", "9.0", "3.13", "on", "planned", worker)
    (line,) = drawn([event])
    assert (line["ph"], line["name"], line["args"]["name"]) == ("M", "process_name", name)
