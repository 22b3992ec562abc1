"""A run is proved if everything was seen where it was planned, and whatever was not is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.report import violations as found
from loopscope.report.proof import Proof, prove
from loopscope.trace.events import (
    FixtureTornDown,
    LoopClosed,
    LoopOpened,
    RunBegan,
    RunEnded,
    TestBegan,
    TestEnded,
)
from tests.report.witnessed import (
    ELSEWHERE,
    FILE,
    NARROW,
    OWN,
    SHARES,
    SYNC,
    WIDE,
    began,
    begun,
    ended,
    named,
    opened,
    planned,
    set_up,
    torn_down,
    true_run,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopscope.trace.events import Event

    Change = Callable[[list[Event]], object]


SHARING, ALONE = slice(1, 5), slice(5, 9)
"""The events of the test that shares a loop, and of the one with a loop of its own."""


def proved(events: list[Event]) -> Proof:
    return prove(planned(), [events])


def index(events: list[Event], kind: type, *words: str) -> int:
    """Return where the first event of a kind is that has these words in it."""
    return next(
        number
        for number, event in enumerate(events)
        if isinstance(event, kind) and all(word in map(str, event) for word in words)
    )


def replaced(kind: type, *words: str, by: Event) -> Change:
    def change(events: list[Event]) -> None:
        events[index(events, kind, *words)] = by

    return change


def removed(kind: type, *words: str) -> Change:
    def change(events: list[Event]) -> None:
        del events[index(events, kind, *words)]

    return change


def before(kind: type, *words: str, add: Event) -> Change:
    def change(events: list[Event]) -> None:
        events.insert(index(events, kind, *words), add)

    return change


def swapped(events: list[Event]) -> None:
    """Close the loop of the fixture before the fixture is torn down."""
    down, closed = index(events, FixtureTornDown), index(events, LoopClosed, WIDE)
    events[down], events[closed] = events[closed], events[down]


def without_test(events: list[Event]) -> None:
    events[:] = [one for one in events if OWN not in map(str, one) and NARROW not in map(str, one)]


def test_a_run_that_did_what_was_planned_is_proved() -> None:
    proof = proved(true_run())
    assert proof.holds
    assert (proof.tests, proof.setups, proof.teardowns, proof.loops) == (2, 1, 1, 2)
    assert proof.others == {"synchronous, as far as was seen": 1}
    assert (proof.unproved, proof.moved, proof.unseen) == ({}, (), ())


@pytest.mark.parametrize(
    ("change", "what", "name"),
    [
        pytest.param(
            replaced(TestEnded, OWN, by=ended(OWN, WIDE)),
            found.ELSEWHERE, "test_own", id="on-a-wider-loop-than-planned",
        ),
        pytest.param(
            replaced(TestEnded, SHARES, by=ended(SHARES, ELSEWHERE)),
            found.ELSEWHERE, "test_shares", id="on-a-narrower-loop-than-planned",
        ),
        pytest.param(
            replaced(TestEnded, OWN, by=ended(OWN, None)),
            found.UNSEEN, "test_own", id="on-no-loop",
        ),
        pytest.param(
            replaced(TestEnded, OWN, by=ended(OWN, ELSEWHERE, call="failed")),
            found.ELSEWHERE, "test_own", id="failed-elsewhere",
        ),
        pytest.param(
            lambda events: events.insert(6, events.pop(8)),
            found.NOT_OPEN, "test_own", id="before-its-loop-was-opened",
        ),
        pytest.param(
            replaced(type(set_up()), by=set_up(loop=ELSEWHERE)),
            found.SET_UP_ELSEWHERE, "db", id="set-up-elsewhere",
        ),
        pytest.param(
            lambda events: events.insert(3, events.pop(2)),
            found.NOT_OPEN, "db", id="set-up-before-its-loop-was-opened",
        ),
        pytest.param(removed(type(set_up())), found.NOT_SET_UP, "db", id="not-set-up"),
        pytest.param(
            replaced(FixtureTornDown, by=torn_down(loop=NARROW)),
            found.TORN_DOWN_ELSEWHERE, "db", id="torn-down-elsewhere",
        ),
        pytest.param(swapped, found.OUTLIVED, "db", id="torn-down-after-its-loop-was-closed"),
        pytest.param(removed(FixtureTornDown), found.OUTLIVED, "db", id="not-torn-down"),
        pytest.param(
            lambda events: (removed(FixtureTornDown)(events), removed(LoopClosed, WIDE)(events)),
            found.NOT_TORN_DOWN, "db", id="not-torn-down-at-all",
        ),
        pytest.param(removed(LoopClosed, NARROW), found.NOT_CLOSED, NARROW, id="not-closed"),
        pytest.param(removed(LoopOpened, NARROW), found.CLOSED_UNOPENED, NARROW, id="not-opened"),
        pytest.param(
            before(TestEnded, OWN, add=opened(WIDE)),
            found.OPENED_AGAIN, WIDE, id="opened-twice",
        ),
        pytest.param(
            before(TestEnded, OWN, add=opened("module tests/test_b.py [asyncio]")),
            found.UNPLANNED_LOOP, "module tests/test_b.py [asyncio]", id="in-no-plan",
        ),
        pytest.param(
            replaced(TestBegan, OWN, by=begun(OWN, WIDE)),
            found.PLANNED_OTHERWISE, "test_own", id="planned-otherwise-since",
        ),
        pytest.param(removed(TestEnded, OWN), found.NOT_ENDED, "test_own", id="did-not-end"),
        pytest.param(without_test, found.NOT_RUN, "test_own", id="did-not-run"),
    ],
)  # fmt: skip
def test_one_thing_that_was_otherwise_is_found_and_named(
    change: Change, what: str, name: str
) -> None:
    events = true_run()
    change(events)
    proof = proved(events)
    assert not proof.holds
    assert (what, name) in [(one.what, one.name) for one in proof.violations]


@pytest.mark.parametrize("number", range(len(true_run())))
def test_no_event_can_be_missing_without_a_trace(number: int) -> None:
    events = true_run()
    del events[number]
    assert proved(events) != proved(true_run())


def test_a_violation_says_where_what_was_planned_and_what_was_seen() -> None:
    events = true_run()
    replaced(TestEnded, OWN, by=ended(OWN, WIDE))(events)
    (violation,) = proved(events).violations
    assert str(violation) == (
        "test_own ran on another loop than planned\n"
        f"  at        {FILE}:7\n"
        f"  test      {OWN}\n"
        f"  planned   {NARROW}\n"
        f"  observed  {WIDE}"
    )


@pytest.mark.parametrize(
    ("change", "unproved"),
    [
        pytest.param(
            replaced(TestEnded, OWN, by=ended(OWN, None, call="failed")),
            {"failed before its first line": 1}, id="failed-unseen",
        ),
        pytest.param(
            replaced(TestEnded, OWN, by=ended(OWN, None, call="skipped")),
            {"skipped": 1}, id="skipped",
        ),
        pytest.param(
            replaced(TestEnded, OWN, by=ended(OWN, None, "skipped", None)),
            {"skipped": 1}, id="skipped-by-a-mark",
        ),
        pytest.param(
            replaced(TestEnded, OWN, by=ended(OWN, None, "failed", None)),
            {"failed in its setup": 1}, id="failed-in-setup",
        ),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_told_and_not_counted(
    change: Change, unproved: dict[str, int]
) -> None:
    events = true_run()
    change(events)
    proof = proved(events)
    assert proof.holds
    assert (proof.tests, proof.unproved) == (1, unproved)


def test_a_test_that_fails_where_it_was_planned_is_proved() -> None:
    events = true_run()
    replaced(TestEnded, OWN, by=ended(OWN, NARROW, call="failed"))(events)
    assert proved(events) == proved(true_run())


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        pytest.param(lambda events: events.clear(), "not known what ran", id="nothing"),
        pytest.param(removed(RunBegan), "not known what ran", id="no-beginning"),
        pytest.param(removed(RunEnded), "did not come to its end", id="no-end"),
        pytest.param(
            replaced(RunEnded, by=RunEnded(0.0, 2)), "was stopped: exit code 2", id="interrupted"
        ),
        pytest.param(
            replaced(RunBegan, by=began(witnessed=False)), "were not witnessed", id="unwitnessed"
        ),
        pytest.param(
            replaced(RunBegan, by=began(engine="observe")), "another engine: observe", id="engine"
        ),
    ],
)
def test_a_run_that_is_not_known_to_its_end_is_not_proved(change: Change, gap: str) -> None:
    events = true_run()
    change(events)
    proof = proved(events)
    assert not proof.holds
    assert gap in "\n".join(proof.gaps)
    assert found.NOT_RUN not in {one.what for one in proof.violations}


def test_a_trace_that_was_cut_off_proves_nothing_but_what_was_wrong_before() -> None:
    proof = prove(planned(), [true_run()[:7]], is_complete=False)
    assert proof.violations == ()
    assert proof.gaps == ("the trace was cut off", "pytest did not come to its end")
    assert (proof.tests, proof.unproved) == (1, {"not over": 1})
    proof = prove(planned(), [true_run()[:5]], is_complete=False)
    assert (proof.tests, proof.unproved) == (1, {"not run": 1})


def test_every_process_is_proved_apart() -> None:
    events = true_run()
    last: list[Event] = [torn_down(), LoopClosed(0.0, WIDE), RunEnded(0.0, 0)]
    first = [began(worker="gw0"), *events[SHARING], *last]
    second = [began(worker="gw1"), *events[ALONE], RunEnded(0.0, 0)]
    proof = prove(planned(), [first, second])
    assert proof.holds
    assert (proof.tests, proof.loops) == (2, 2)
    del second[-1]
    assert prove(planned(), [first, second]).gaps == ("gw1 did not come to its end",)


def again(events: list[Event], *, outside: bool) -> list[Event]:
    """Return a run in which the module is come back to, with or without having left it."""
    between = [one for one in events if SYNC in map(str, one)]
    if outside:
        elsewhere = "tests/test_b.py::test_sync"
        between = [one._replace(test=elsewhere) for one in between]  # type: ignore[call-arg]
    once = [*events[SHARING], torn_down(), LoopClosed(0.0, WIDE)]
    return [events[0], *events[ALONE], *once, *between, *once, events[-1]]


def test_a_loop_may_be_opened_again_after_its_place_was_left() -> None:
    assert proved(again(true_run(), outside=True)).holds
    (violation,) = proved(again(true_run(), outside=False)).violations
    assert (violation.what, violation.name) == (found.OPENED_AGAIN, WIDE)


def test_the_loop_of_a_test_is_opened_again_if_the_test_is_run_again() -> None:
    events = true_run()
    events[5:5] = events[ALONE]
    assert proved(events).holds
    del events[5]
    assert found.OPENED_AGAIN in {one.what for one in proved(events).violations}


def test_an_attempt_that_is_repeated_is_not_counted() -> None:
    events = true_run()
    events[5:5] = [*events[5:8], ended(OWN, NARROW, call="failed")]
    assert proved(events).tests == proved(true_run()).tests


def test_a_test_that_is_refused_before_it_begins_has_failed_in_its_setup() -> None:
    events = true_run()
    without_test(events)
    events.insert(5, ended(OWN, None, "failed", None))
    proof = proved(events)
    assert proof.holds
    assert proof.unproved == {"failed in its setup": 1}


def asking(events: list[Event], fixture: str) -> list[Event]:
    """Return the run in which the second test asks for a fixture while it runs."""
    late = set_up(fixture, WIDE, test=OWN)
    events[6:9] = [late, torn_down(fixture), ended(OWN, WIDE)]
    return events


def test_a_test_may_move_to_the_loop_of_what_it_asks_for() -> None:
    proof = proved(asking(true_run(), "late"))
    assert proof.holds
    assert proof.moved == (OWN,)


def test_a_test_whose_loop_is_open_may_not_move() -> None:
    events = true_run()
    late, down, over = asking(true_run(), "late")[6:9]
    events[6:9] = [opened(NARROW), late, down, LoopClosed(0.0, NARROW), over]
    (violation,) = proved(events).violations
    assert (violation.what, violation.observed) == (found.ELSEWHERE, WIDE)


def test_a_test_on_a_loop_that_nobody_planned_is_told_apart() -> None:
    events = true_run()
    own = "a loop of test_sync [trio]"
    replaced(TestEnded, SYNC, by=ended(SYNC, own))(events)
    events.insert(10, LoopOpened(0.0, own, "trio"))
    assert proved(events).others == {
        "on a loop of somebody else's, which went on after the test": 1
    }
    events.insert(11, LoopClosed(0.0, own))
    assert proved(events).others == {"on a loop of its own, which ended with the test": 1}


def test_a_synchronous_fixture_need_not_be_seen_and_has_to_be_gone_in_time() -> None:
    events = true_run()
    events.insert(4, set_up("beside", None, planned=WIDE))
    events.insert(index(events, FixtureTornDown), torn_down("beside", None))
    assert proved(events).holds
    removed(FixtureTornDown, "beside")(events)
    (violation,) = proved(events).violations
    assert (violation.what, violation.name) == (found.OUTLIVED, "beside")


def test_a_fixture_that_makes_a_loop_outlives_it() -> None:
    events = true_run()
    made = f"module {FILE} [asyncio by event_loop at conftest.py:3]"
    events.insert(3, set_up("event_loop", None, planned=made))
    events.insert(index(events, RunEnded), torn_down("event_loop", None))
    proof = proved(events)
    assert proof.holds
    assert proof.unseen == ()


def test_an_async_fixture_that_could_not_be_seen_is_named() -> None:
    events = true_run()
    replaced(type(set_up()), by=set_up(loop=None))(events)
    proof = proved(events)
    assert (proof.setups, proof.unseen) == (0, ("conftest.py:3 db",))


def test_the_same_test_collected_twice_has_two_loops() -> None:
    twin = f"function {OWN}' [asyncio]"
    plan = planned(named("test_own'"))
    events = true_run()
    events[9:9] = [begun(OWN, twin), opened(twin), LoopClosed(0.0, twin), ended(OWN, twin)]
    assert prove(plan, [events]).holds
