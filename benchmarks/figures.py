"""What the measurements of a suite come to, against the same tests without async."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.idioms import IDIOMS, SYNC, Loops
from benchmarks.processes import Measure
from benchmarks.suites import SUITES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.results import Results, Run


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of the whole process, and what that is above the same tests without async."""

    least: float
    median: float
    ratio: float
    above: float
    """Microseconds a test."""
    against: float | None
    """How many times loopscope's seconds, if that was run."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a count comes to: so much for the process, and so much for each test."""

    fixed: float
    per_test: float


def line(runs: Sequence[Run]) -> Line:
    """Return the line through the smallest and the largest suite that was counted."""
    small, large = runs[0], runs[-1]
    low, high = min(small.values), min(large.values)
    per_test = (high - low) / (large.tests - small.tests)
    return Line(low - per_test * small.tests, per_test)


def times(results: Results, suite: str, idiom: str) -> Times | None:
    """Return the times of a suite in an idiom, or `None` if it was not run so."""
    # Where nothing is async, there is one loopscope whatever the backend.
    rival = "loopscope" if SUITES[suite].loops is Loops.NONE else IDIOMS[idiom].ours
    own, sync, ours = (
        results.of(suite, name, Measure.SECONDS) for name in (idiom, SYNC.name, rival)
    )
    if not own or not sync:
        return None
    (run,) = own
    least, base = min(run.values), min(sync[0].values)
    return Times(
        least,
        statistics.median(run.values),
        least / base,
        (least - base) / run.tests * 1e6,
        least / min(ours[0].values) if ours else None,
    )


def above(results: Results, suite: str, idiom: str, measure: Measure) -> Line | None:
    """Return what an idiom counts above the same tests without async, or `None`."""
    own, sync = (results.of(suite, name, measure) for name in (idiom, SYNC.name))
    if len(own) < 2 or len(sync) < 2:
        return None
    mine, base = line(own), line(sync)
    return Line(mine.fixed - base.fixed, mine.per_test - base.per_test)


def whole(results: Results, suite: str, idiom: str, measure: Measure) -> float | None:
    """Return the ratio of two whole processes' counts, of the largest suite that was counted."""
    own, sync = (results.of(suite, name, measure) for name in (idiom, SYNC.name))
    return min(own[-1].values) / min(sync[-1].values) if own and sync else None
