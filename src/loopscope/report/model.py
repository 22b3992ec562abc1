"""What a timeline shows: plain values, that a page, a test or another tool can read.

Times are seconds since the first process of the run began. `test` is an index into
`Timeline.tests`, `lane` one into `Timeline.lanes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PASSED, FAILED, SKIPPED, UNFINISHED = "passed", "failed", "skipped", "unfinished"
OUTCOMES = (PASSED, FAILED, SKIPPED, UNFINISHED)
"""How a test can have ended, of which the last is: not at all."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A stripe of the picture: what is alike, in as many `rows` as things of it overlap.

    `depth` says how deep its scope nests in those that the picture has.
    """

    label: str
    kind: str
    depth: int
    process: str
    rows: int


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that took time.

    `kind` is "loop", "planned" (the time in which a loop was to be open), "task", "fixture" (its
    life), "set up" and "torn down" of a fixture, or "setup", "call" and "teardown" of a test.
    A bar that `has_ended` not was cut off, and drawn up to the last time known of its process.
    `differs` says that it was observed on another loop than it was planned on.
    """

    lane: int
    row: int
    begin: float
    end: float
    kind: str
    name: str
    outcome: str | None = None
    test: int | None = None
    module: str | None = None
    backend: str | None = None
    origin: str | None = None
    planned: str | None = None
    observed: str | None = None
    differs: bool = False
    has_ended: bool = True
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """A test that was begun; `outcome` is one of OUTCOMES."""

    __test__ = False

    id: str
    module: str
    backend: str | None
    origin: str | None
    vocabulary: str | None
    planned: str | None
    outcome: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was wrong, at a `time`; in the lane of the findings of its process."""

    lane: int
    time: float
    code: str
    text: str
    test: int | None = None


@dataclass(frozen=True, slots=True)
class SlowFixture:
    """What one fixture took, all its instances together; times are sums but for `slowest`."""

    name: str
    scope: str
    origin: str
    times: int
    setup: float
    teardown: float
    slowest: float

    @property
    def total(self) -> float:
        """What setting up and tearing down took."""
        return self.setup + self.teardown


@dataclass(frozen=True, slots=True)
class LoopsOfScope:
    """The loops of one scope and backend; `planned` is None where nobody planned them.

    `because` names what made the widest of them as wide as they are.
    """

    scope: str
    backend: str
    planned: int | None
    opened: int
    tests: int
    differing: int
    seconds: float
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that the picture of a run shows."""

    lanes: tuple[Lane, ...] = ()
    bars: tuple[Bar, ...] = ()
    tests: tuple[Test, ...] = ()
    findings: tuple[Finding, ...] = ()
    slowest_fixtures: tuple[SlowFixture, ...] = ()
    loops_per_scope: tuple[LoopsOfScope, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)
    end: float = 0.0
    is_complete: bool = True
