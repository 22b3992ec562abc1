"""A small suite, its plan, and the trace of a run that did all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loopscope.core.origin import Origin
from loopscope.core.plan import Plan, plan
from loopscope.trace.events import (
    Event,
    FixtureSetUp,
    FixtureTornDown,
    LoopClosed,
    LoopOpened,
    Phase,
    RunBegan,
    RunEnded,
    TestBegan,
    TestEnded,
)
from tests.core.literals import MODULE, a_fixture, a_test, own_place, suite_of

if TYPE_CHECKING:
    from loopscope.core.graph import Vertex

FILE = MODULE.node
SHARES, OWN, SYNC = f"{FILE}::test_shares", f"{FILE}::test_own", f"{FILE}::test_sync"
WIDE, NARROW = f"module {FILE} [asyncio]", f"function {OWN} [asyncio]"
ELSEWHERE = f"function {SHARES} [asyncio]"


def named(name: str, *uses: Vertex | str) -> Vertex:
    """Return a test whose id is the one that pytest gives it."""
    test = a_test(name, *uses, origin=Origin(FILE, 7))
    return replace(test, id=own_place(name).node)


DB = a_fixture("db", MODULE, origin=Origin("conftest.py", 3))
TESTS = (named("test_shares", DB), named("test_own"))


def planned(*more: Vertex) -> Plan:
    """Return the plan of the suite: one test shares a loop with a fixture, one has its own."""
    return plan(suite_of(DB, *TESTS, *more))


def began(*, engine: str = "on", witnessed: bool = True, worker: str | None = None) -> RunBegan:
    return RunBegan(0.0, 1.7e9, "0.1.0", "9.2", "3.13", engine, "planned", worker, witnessed)


def opened(loop: str) -> LoopOpened:
    scope, node = loop.removesuffix(" [asyncio]").split(" ")
    return LoopOpened(0.0, loop, "asyncio", scope, node)


def set_up(fixture: str = "db", loop: str | None = WIDE, **changes: object) -> FixtureSetUp:
    event = FixtureSetUp(
        0.0, 0.0, fixture, fixture, "module", FILE, "conftest.py:3", WIDE, loop, SHARES
    )
    return event._replace(**changes)  # type: ignore[arg-type]


def torn_down(fixture: str = "db", loop: str | None = WIDE) -> FixtureTornDown:
    return FixtureTornDown(0.0, 0.0, fixture, loop)


def begun(test: str, loop: str | None) -> TestBegan:
    name = test.rpartition("::")[2]
    return TestBegan(0.0, test, name, f"{FILE}:7", FILE, "asyncio", loop, "loopscope")


def ended(
    test: str, loop: str | None, setup: str = "passed", call: str | None = "passed"
) -> TestEnded:
    outcomes = {"setup": setup, "call": call, "teardown": "passed"}
    phases = (Phase(name, 0.0, outcome) for name, outcome in outcomes.items() if outcome)
    return TestEnded(0.0, 0.0, test, loop, tuple(phases))


def true_run() -> list[Event]:
    """Return the events of a run in which everything happened as it was planned."""
    return [
        began(),
        begun(SHARES, WIDE),
        opened(WIDE),
        set_up(),
        ended(SHARES, WIDE),
        begun(OWN, NARROW),
        opened(NARROW),
        LoopClosed(0.0, NARROW),
        ended(OWN, NARROW),
        begun(SYNC, None),
        torn_down(),
        LoopClosed(0.0, WIDE),
        ended(SYNC, None),
        RunEnded(0.0, 0),
    ]
