"""The tables below a timeline: which fixtures took long, and how many loops there were."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from loopscope.core.scope import Scope
from loopscope.report.model import LoopsOfScope, SlowFixture
from loopscope.trace.events import (
    FixtureSetUp,
    FixtureTornDown,
    LoopOpened,
    LoopPlanned,
    TestBegan,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loopscope.report.model import Bar
    from loopscope.trace.events import Event

_MOST = 50
_NARROW = Scope.FUNCTION.word
_WIDTHS = {scope.word: -scope for scope in Scope}

_Place = tuple[str, str]


def slowest_fixtures(
    processes: Iterable[Sequence[Event]], most: int = _MOST
) -> tuple[SlowFixture, ...]:
    """Return the fixtures that took the longest, the slowest first, `most` of them."""
    setups: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    teardowns: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for events in processes:
        named: dict[str, tuple[str, str, str]] = {}
        for event in events:
            if isinstance(event, FixtureSetUp):
                named[event.fixture] = fixture = event.name, event.scope, event.origin
                setups[fixture].append(event.time - event.began)
            elif isinstance(event, FixtureTornDown) and event.fixture in named:
                teardowns[named[event.fixture]].append(event.time - event.began)
    fixtures = [
        SlowFixture(
            *fixture,
            times=len(times),
            setup=sum(times),
            teardown=sum(teardowns[fixture]),
            slowest=max(times + teardowns[fixture]),
        )
        for fixture, times in setups.items()
    ]
    return tuple(sorted(fixtures, key=lambda fixture: -fixture.total)[:most])


def loops_per_scope(
    processes: Iterable[Sequence[Event]], bars: Iterable[Bar]
) -> tuple[LoopsOfScope, ...]:
    """Return how many loops of each scope and backend there were, and were planned."""
    every = [event for events in processes for event in events]
    because: dict[_Place, str] = {}
    planned: dict[_Place, set[str]] = defaultdict(set)
    place_of: dict[str, _Place] = {}
    opened: dict[_Place, int] = defaultdict(int)
    for event in every:
        if isinstance(event, LoopPlanned):
            place_of[event.loop] = place = event.scope, event.backend
            planned[place].add(event.loop)
            because.setdefault(place, f"{event.because} at {event.because_at}")
        elif isinstance(event, LoopOpened):
            place_of[event.loop] = place = event.scope or "observed", event.backend
            opened[place] += 1
    tests: dict[_Place, set[int]] = defaultdict(set)
    differing: dict[_Place, set[int]] = defaultdict(set)
    seconds: dict[_Place, float] = defaultdict(float)
    for event in every:
        if isinstance(event, TestBegan) and event.planned is not None:
            if event.planned not in place_of:  # a loop of its own: the plan tells of wider ones
                place_of[event.planned] = _NARROW, event.backend or ""
            if place_of[event.planned][0] == _NARROW:
                planned[place_of[event.planned]].add(event.planned)
    for bar in bars:
        if bar.kind == "loop" and bar.observed is not None:
            seconds[place_of[bar.observed]] += bar.end - bar.begin
        elif bar.kind == "call" and bar.test is not None and bar.observed in place_of:
            place = place_of[bar.observed]
            tests[place].add(bar.test)
            if bar.differs:
                differing[place].add(bar.test)
    places = sorted({*planned, *opened}, key=lambda place: (_WIDTHS.get(place[0], 1), place[1]))
    return tuple(
        LoopsOfScope(
            *place,
            planned=len(planned[place]) if place in planned else None,
            opened=opened[place],
            tests=len(tests[place]),
            differing=len(differing[place]),
            seconds=seconds[place],
            because=because.get(place),
        )
        for place in places
    )
