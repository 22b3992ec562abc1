"""What a run comes to: plain values, for all who tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loopscope.report.places import Place
    from loopscope.trace.events import Blocked, Cancelled, Crashed, Found, LeftBehind

OUTCOMES = ("passed", "failed", "error", "skipped", "unfinished")
"""What can come of a test; an "error" is a failure in its setup or teardown."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that ran tests; without an `exit_code` it was cut off."""

    worker: str | None
    loopscope: str | None
    pytest: str | None
    python: str | None
    engine: str | None
    policy: str | None
    seconds: float
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class TestRun:
    """A test as it last ran; `setup`, `call` and `teardown` are seconds, None where it had none."""

    __test__ = False

    id: str
    origin: str
    vocabulary: str | None
    planned: Place | None
    loop: Place | None
    outcome: str
    setup: float | None
    call: float | None
    teardown: float | None
    error: str | None

    @property
    def seconds(self) -> float:
        """How long all of it took."""
        return sum(phase or 0.0 for phase in (self.setup, self.call, self.teardown))


@dataclass(frozen=True, slots=True)
class Instance:
    """A fixture at one node."""

    node: str
    planned: Place | None
    loop: Place | None


@dataclass(frozen=True, slots=True)
class FixtureUse:
    """A fixture in all its instances.

    `setup` and `teardown` are seconds in all, of the `times` it was set up and the fewer ones that
    it was `torn_down`, if the run was cut off.
    """

    name: str
    origin: str
    scope: str
    times: int
    torn_down: int
    setup: float
    teardown: float
    slowest: float
    errors: int
    instances: tuple[Instance, ...]

    @property
    def seconds(self) -> float:
        """How long all of it took."""
        return self.setup + self.teardown


@dataclass(frozen=True, slots=True)
class LoopPlace:
    """A loop that is wider than a test, as it was planned."""

    place: Place
    because: str
    because_at: str
    tests: int


@dataclass(frozen=True, slots=True)
class LoopCount:
    """The loops of one scope and backend; who only observes does not know the scope."""

    scope: str | None
    backend: str
    planned: int
    opened: int


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Something that began and has no end in the trace."""

    kind: str
    name: str
    worker: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run comes to; tests and fixtures are in the order in which they came."""

    is_complete: bool
    seconds: float
    outcomes: dict[str, int]
    processes: tuple[Process, ...]
    tests: tuple[TestRun, ...]
    fixtures: tuple[FixtureUse, ...]
    planned: tuple[LoopPlace, ...]
    loops: tuple[LoopCount, ...]
    findings: tuple[Found, ...]
    leftovers: tuple[LeftBehind, ...]
    crashed: tuple[Crashed, ...]
    cancelled: tuple[Cancelled, ...]
    blocked: tuple[Blocked, ...]
    unfinished: tuple[Unfinished, ...]

    def slowest_tests(self, number: int) -> list[TestRun]:
        """Return the tests that took longest, the slowest one first."""
        return sorted(self.tests, key=lambda test: -test.seconds)[:number]

    def slowest_fixtures(self, number: int) -> list[FixtureUse]:
        """Return the fixtures that took longest in all, the slowest one first."""
        return sorted(self.fixtures, key=lambda fixture: -fixture.seconds)[:number]
