"""What is different in a later run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from loopscope.report.as_json import as_json
from loopscope.report.compare import Change, Comparison, Move, OutcomeChange, compare
from loopscope.report.places import Place, direction
from loopscope.report.summary import summarise
from loopscope.trace.events import Event, Found
from tests.report.recorded import CONFTEST, MODULE, SHARED, Recorded
from tests.trace.runs import EVERY_KIND, any_processes

if TYPE_CHECKING:
    from collections.abc import Callable

OWN = Place("asyncio", "function")
IN_MODULE = Place("asyncio", "module", MODULE)
IN_SESSION = Place("asyncio", "session")
NOTHING = Comparison((), (), (), (), (), ())


def compared(
    old: Callable[[Recorded], object],
    new: Callable[[Recorded], object],
    threshold: float = 1.5,
    minimum: float = 0.05,
) -> Comparison:
    """Compare two runs, each of which is what a function does to one that has just begun."""
    summaries = []
    for fill in (old, new):
        run = Recorded()
        fill(run)
        summaries.append(summarise([run.ended()]))
    before, after = summaries
    return compare(before, after, threshold, minimum)


def on_its_own(run: Recorded) -> None:
    run.test("test_it", "loop 1", opens=True)
    run.fixture("note", "loop 1", node=f"{MODULE}::test_it", line=3)


def on_a_shared_loop(run: Recorded) -> None:
    run.shared_loop()
    run.fixture("note", SHARED, node=f"{MODULE}::test_it", line=30)
    run.test("test_it", SHARED)


@given(processes=any_processes)
def test_a_run_is_no_different_from_itself(processes: list[list[Event]]) -> None:
    assert compare(summarise(processes), summarise(processes)) == NOTHING


def test_other_ids_of_loops_are_no_difference() -> None:
    def once_more(run: Recorded) -> None:
        run.test("test_it", "loop 99", opens=True)
        run.fixture("note", "loop 99", node=f"{MODULE}::test_it", line=9)

    assert compared(on_its_own, once_more) == NOTHING


def test_tests_and_fixtures_move_to_wider_loops_and_back() -> None:
    there = compared(on_its_own, on_a_shared_loop)
    node = f"{MODULE}::test_it"
    assert there.moved == (
        Move("test", node, node, "planned", OWN, IN_MODULE),
        Move("fixture", "note", node, "planned", OWN, IN_MODULE),
    )
    assert [move.direction for move in there.moved] == ["wider", "wider"]
    assert there.appeared == (Change("loop", f"module {MODULE} [asyncio]"),)
    back = compared(on_a_shared_loop, on_its_own)
    assert [move.direction for move in back.moved] == ["narrower", "narrower"]
    assert back.vanished == there.appeared


def test_what_runs_elsewhere_and_is_planned_as_it_was_is_told_apart() -> None:
    def as_planned(run: Recorded) -> None:
        run.shared_loop()
        run.test("test_it", SHARED)

    def elsewhere(run: Recorded) -> None:
        run.shared_loop()
        run.test("test_it", "loop 1", planned=SHARED, opens=True)

    (move,) = compared(as_planned, elsewhere).moved
    assert (move.known, move.old, move.new) == ("seen", IN_MODULE, OWN)


def test_a_test_that_does_not_get_to_run_has_not_moved() -> None:
    def cut_off(run: Recorded) -> None:
        run.shared_loop()
        run.fixture("note", SHARED, node=f"{MODULE}::test_it")
        run.test("test_it", planned=SHARED, outcomes=())

    comparison = compared(on_a_shared_loop, cut_off)
    assert comparison.moved == ()
    assert [(one.old, one.new) for one in comparison.outcomes] == [("passed", "unfinished")]


def test_what_only_one_run_has_is_named_without_its_line() -> None:
    def other(run: Recorded) -> None:
        run.fixture("client", None)
        run.test("test_other")
        run.add(Found(0.0, "LS101", "LS101 loop scope mismatch: ...\n  why ...", None))

    comparison = compared(on_its_own, other)
    assert comparison.appeared == (
        Change("test", f"{MODULE}::test_other"),
        Change("fixture", f"client ({CONFTEST})"),
        Change("finding", "LS101 loop scope mismatch: ..."),
    )
    assert comparison.vanished == (
        Change("test", f"{MODULE}::test_it"),
        Change("fixture", f"note ({CONFTEST})"),
    )


def test_outcomes_that_changed_have_their_error() -> None:
    comparison = compared(
        lambda run: run.test("test_it"),
        lambda run: run.test("test_it", outcomes=("passed", "failed", "passed"), error="E: no"),
    )
    assert comparison.outcomes == (
        OutcomeChange(f"{MODULE}::test_it", "passed", "failed", "E: no"),
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param(0.1, 0.2, "slower", id="twice-as-long"),
        pytest.param(0.2, 0.1, "faster", id="half-as-long"),
        pytest.param(0.0, 0.1, "slower", id="from-nothing"),
        pytest.param(0.001, 0.01, "", id="too-short-to-tell"),
        pytest.param(10.0, 11.0, "", id="about-the-same"),
        pytest.param(1.0, 1.5, "slower", id="just-so"),
    ],
)
def test_noise_is_not_told(old: float, new: float, told: str) -> None:
    comparison = compared(
        lambda run: run.test("test_it", call=old), lambda run: run.test("test_it", call=new)
    )
    found = {"slower": comparison.slower, "faster": comparison.faster}
    assert [name for name, paces in found.items() if paces] == ([told] if told else [])


def test_a_fixture_is_timed_on_the_average() -> None:
    def run_with(*setups: float) -> Callable[[Recorded], None]:
        def fill(run: Recorded) -> None:
            for number, setup in enumerate(setups):
                run.fixture("client", None, setup, node=str(number))
                run.torn_down("client", 0.25, node=str(number))

        return fill

    assert compared(run_with(0.25), run_with(0.25, 0.25, 0.25)) == NOTHING
    (pace,) = compared(run_with(0.25), run_with(0.5, 1.0)).slower
    assert (pace.name, pace.old, pace.new) == (f"client ({CONFTEST})", 0.5, 1.0)
    assert pace.ratio == 2.0


def test_a_fixture_that_was_not_torn_down_is_compared_by_its_setup() -> None:
    def torn_down(run: Recorded) -> None:
        run.fixture("client", None, 0.25)
        run.torn_down("client", 2.0)

    assert compared(torn_down, lambda run: run.fixture("client", None, 0.25)) == NOTHING


def test_a_test_that_ended_otherwise_is_not_timed() -> None:
    comparison = compared(
        lambda run: run.test("test_it", call=3.0),
        lambda run: run.test("test_it", call=0.1, outcomes=("passed", "failed", "passed")),
    )
    assert comparison.faster == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (OWN, IN_MODULE, "wider"),
        (IN_SESSION, IN_MODULE, "narrower"),
        (IN_MODULE, Place("asyncio", "module", "tests/test_b.py"), "another"),
        (OWN, Place("trio", "session"), "another"),
        (Place("", "function"), IN_SESSION, "wider"),
        (None, OWN, "another"),
        (Place("asyncio", "galaxy"), OWN, "another"),
    ],
    ids=str,
)
def test_the_direction_is_that_of_the_scopes(
    old: Place | None, new: Place | None, expected: str
) -> None:
    assert direction(old, new) == expected


def test_the_json_has_what_the_text_has() -> None:
    comparison = compared(on_its_own, on_a_shared_loop)
    made = json.loads(as_json("comparison", comparison, threshold=1.5))
    assert (made["format"], made["threshold"]) == ("loopscope comparison", 1.5)
    assert made["moved"][0]["direction"] == "wider"
    assert made["moved"][0]["new"]["scope"] == "module"


def test_everything_can_be_compared_with_nothing() -> None:
    comparison = compare(summarise([]), summarise([EVERY_KIND]))
    assert {change.kind for change in comparison.appeared} == {
        "test",
        "fixture",
        "loop",
        "finding",
        "leftover",
    }
