"""What loopscope may cost, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.figures import above, times, whole
from benchmarks.processes import Measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.results import Results


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted, what was measured and the most that it may be."""

    title: str
    measured: float
    limit: float

    @property
    def is_met(self) -> bool:
        """Say whether it holds."""
        return self.measured <= self.limit

    def __str__(self) -> str:
        verdict = "met" if self.is_met else f"NOT MET, {self.measured / self.limit:.2f} times"
        return f"{self.title:<64} {self.measured:>8.3f} {self.limit:>8.3f}  {verdict}"


# Suite, idiom, and the limit.
RATIOS = (
    ("trivial", "loopscope", 1.15),
    ("shared", "loopscope", 1.08),
    ("shared", "loopscope-trio", 1.15),
)
# The second is what pytest-asyncio-cooperative 0.40 took, which does not run on pytest 9.2.
ABOVE = (
    ("fixtures", "loopscope", 300.0),
    ("fixtures-shared", "loopscope", 283.0),
    ("collect", "loopscope", 20.0),
)
# Suite, idiom, and the other idiom below which it is to be.
BELOW = (("trivial", "loopscope-trio", "pytest-trio"),)


def goals(results: Results) -> Iterator[Goal]:
    """Yield the goals for which there are measurements."""
    for suite, idiom, limit in RATIOS:
        if taken := times(results, suite, idiom):
            yield Goal(f"{suite}, {idiom}: ratio to sync", taken.ratio, limit)
    for suite, idiom, limit in ABOVE:
        if taken := times(results, suite, idiom):
            yield Goal(f"{suite}, {idiom}: µs a test above sync", taken.above, limit)
    for suite, idiom, other in BELOW:
        taken, theirs = times(results, suite, idiom), times(results, suite, other)
        if taken and theirs:
            title = f"{suite}, {idiom}: µs a test above sync, {other}'s"
            yield Goal(title, taken.above, theirs.above)
    large, small = (times(results, name, "loopscope") for name in ("collect", "collect-quarter"))
    if large and small:
        title = "collect: µs a test above sync, that of a quarter of the tests"
        yield Goal(title, large.above, small.above * 1.25)
    if ratio := whole(results, "installed", "loopscope", Measure.INSTRUCTIONS):
        yield Goal("installed: instructions, whole process, ratio to sync", ratio, 1.01)
    if counted := above(results, "installed", "loopscope", Measure.INSTRUCTIONS):
        title = "installed: instructions a test above sync, 1% of sync's"
        base = results.of("installed", "sync", Measure.INSTRUCTIONS)
        each = (base[-1].values[0] - base[0].values[0]) / (base[-1].tests - base[0].tests)
        yield Goal(title, counted.per_test / 1e6, each * 0.01 / 1e6)
    if taken := times(results, "start-up", "loopscope"):
        yield Goal("start-up: ms above plain pytest", taken.above / 1e3, 20.0)
