"""Two runs of a suite: what moved to another loop, what came and went, what got slower."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from loopscope.report.places import direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from loopscope.report.places import Place
    from loopscope.report.results import FixtureUse, Instance, Summary, TestRun
    from loopscope.trace.events import Found

Key = TypeVar("Key")
Value = TypeVar("Value")

THRESHOLD = 1.5
MINIMUM = 0.05


@dataclass(frozen=True, slots=True)
class Move:
    """A test, or a fixture at a node, that has another loop than it had.

    What is `seen` to run elsewhere although it is planned as it was is told apart from what is
    `planned` elsewhere.
    """

    kind: str
    name: str
    node: str
    known: str
    old: Place | None
    new: Place | None

    @property
    def direction(self) -> str:
        """Say whether the loop got "wider" or "narrower", or is "another"."""
        return direction(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Change:
    """A test, fixture, loop or finding that only one of the runs has."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """A test that ended otherwise than it did."""

    test: str
    old: str
    new: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Pace:
    """A test body, or the setup and teardown of a fixture on the average, in seconds."""

    kind: str
    name: str
    old: float
    new: float

    @property
    def ratio(self) -> float | None:
        """How many times as long it takes, None where it took no time at all."""
        return self.new / self.old if self.old > 0 else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one run to another; each field is a word for `--fail-on`."""

    moved: tuple[Move, ...]
    appeared: tuple[Change, ...]
    vanished: tuple[Change, ...]
    outcomes: tuple[OutcomeChange, ...]
    slower: tuple[Pace, ...]
    faster: tuple[Pace, ...]


def compare(
    old: Summary, new: Summary, threshold: float = THRESHOLD, minimum: float = MINIMUM
) -> Comparison:
    """Compare two runs.

    Args:
        threshold: how many times as long as before makes something slower, or the other way round
            faster.
        minimum: seconds that the times have to differ by as well.
    """
    tests = _both({test.id: test for test in old.tests}, {test.id: test for test in new.tests})
    fixtures = _both(_fixtures(old), _fixtures(new))
    paces = [*_test_paces(tests), *_fixture_paces(fixtures)]
    told = [pace for pace in paces if abs(pace.new - pace.old) >= minimum]
    before, after = _names(old), _names(new)
    return Comparison(
        moved=(*_moved_tests(tests), *_moved_fixtures(fixtures)),
        appeared=tuple(one for one in after if one not in before),
        vanished=tuple(one for one in before if one not in after),
        outcomes=tuple(
            OutcomeChange(id, before.outcome, after.outcome, after.error)
            for id, (before, after) in tests.items()
            if before.outcome != after.outcome
        ),
        slower=_sorted(pace for pace in told if pace.new >= threshold * pace.old),
        faster=_sorted(pace for pace in told if pace.old >= threshold * pace.new),
    )


def _fixtures(summary: Summary) -> dict[tuple[str, str], FixtureUse]:
    """Return the fixtures by name and file: the line of a fixture changes with what is above it."""
    return {(use.name, use.origin.rpartition(":")[0]): use for use in summary.fixtures}


def _names(summary: Summary) -> dict[Change, None]:
    """Return all that a run has, by names that it has in another run as well."""
    names = [Change("test", test.id) for test in summary.tests]
    names += [Change("fixture", f"{name} ({path})") for name, path in _fixtures(summary)]
    names += [Change("loop", str(loop.place)) for loop in summary.planned]
    names += [Change("finding", _finding(found)) for found in summary.findings]
    names += [
        Change("leftover", f"{left.code} {left.kind} of {left.owner or 'nobody'}")
        for left in summary.leftovers
    ]
    return dict.fromkeys(names)


def _finding(found: Found) -> str:
    said = found.test or found.text.partition("\n")[0]
    return said if said.startswith(found.code) else f"{found.code} {said}"


def _both(old: Mapping[Key, Value], new: Mapping[Key, Value]) -> dict[Key, tuple[Value, Value]]:
    return {key: (old[key], value) for key, value in new.items() if key in old}


def _moved_tests(tests: Mapping[str, tuple[TestRun, TestRun]]) -> Iterator[Move]:
    for id, (before, after) in tests.items():
        yield from _moved("test", id, id, before, after)


def _moved_fixtures(
    fixtures: Mapping[tuple[str, str], tuple[FixtureUse, FixtureUse]],
) -> Iterator[Move]:
    for (name, _), (old, new) in fixtures.items():
        instances = _both(
            {one.node: one for one in old.instances}, {one.node: one for one in new.instances}
        )
        for node, (before, after) in instances.items():
            yield from _moved("fixture", name, node, before, after)


def _moved(
    kind: str, name: str, node: str, old: TestRun | Instance, new: TestRun | Instance
) -> Iterator[Move]:
    if old.planned != new.planned:
        yield Move(kind, name, node, "planned", old.planned, new.planned)
    elif old.loop != new.loop and old.loop is not None and new.loop is not None:
        yield Move(kind, name, node, "seen", old.loop, new.loop)


def _test_paces(tests: Mapping[str, tuple[TestRun, TestRun]]) -> Iterator[Pace]:
    # Only the body: which test pays for a shared fixture depends on their order.
    for id, (before, after) in tests.items():
        if before.call is not None and after.call is not None and before.outcome == after.outcome:
            yield Pace("test", id, before.call, after.call)


def _fixture_paces(
    fixtures: Mapping[tuple[str, str], tuple[FixtureUse, FixtureUse]],
) -> Iterator[Pace]:
    for (name, path), (before, after) in fixtures.items():
        old, new = before.setup / before.times, after.setup / after.times
        if before.torn_down and after.torn_down:
            old += before.teardown / before.torn_down
            new += after.teardown / after.torn_down
        yield Pace("fixture", f"{name} ({path})", old, new)


def _sorted(paces: Iterable[Pace]) -> tuple[Pace, ...]:
    """Sort by what was lost or won, most first."""
    return tuple(sorted(paces, key=lambda pace: -abs(pace.new - pace.old)))
