"""How many calls loopscope may make: what it made when that was last agreed, and a margin."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import BenchmarkError
from benchmarks.figures import above
from benchmarks.processes import Measure

if TYPE_CHECKING:
    from benchmarks.results import Results

BUDGET = Path(__file__).with_name("budget.json")
MARGIN = 1.25
# A quarter of next to nothing is less than what two releases of Python differ by.
SLACK = 5.0
SUITES = ("trivial", "shared", "fixtures", "fixtures-shared", "deep", "collect", "installed")
IDIOMS = ("sync", "loopscope", "loopscope-trio")
SIZES = (20, 80)
TRIO = ("trivial", "shared")
START_UP = "start-up"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The calls of one entry above those of the same tests without async, and what they may be."""

    entry: str
    calls: float
    agreed: float

    @property
    def limit(self) -> float:
        """Return the most that passes."""
        return self.agreed * MARGIN + SLACK

    @property
    def holds(self) -> bool:
        """Say whether it passes."""
        return self.calls <= self.limit

    @property
    def word(self) -> str:
        """Return what there is to say of it, if anything."""
        if not self.holds:
            return "too many"
        return "fewer than agreed" if (self.calls + SLACK) * MARGIN < self.agreed else ""


def entries(results: Results) -> dict[str, float]:
    """Return the calls above sync: a test, of each suite, and of the start of a process."""
    found = {}
    for suite in SUITES:
        for idiom in IDIOMS[1:]:
            counted = above(results, suite, idiom, Measure.CALLS)
            if counted is not None:
                found[f"{suite}, {idiom}"] = counted.per_test
                if suite == "installed":
                    found[START_UP] = counted.fixed
    return found


def judge(counted: dict[str, float], agreed: dict[str, float]) -> list[Verdict]:
    """Return a verdict on each entry; one that was never agreed on is in excess of nothing."""
    return [Verdict(entry, calls, agreed.get(entry, 0.0)) for entry, calls in counted.items()]


def read(path: Path, python: str) -> dict[str, float]:
    """Return what was agreed for the release of Python that is nearest.

    Raises:
        BenchmarkError: the file cannot be read, or says nothing.
    """
    try:
        budgets = json.loads(path.read_text(encoding="utf-8"))
        nearest = min(budgets, key=lambda name: (abs(_minor(name) - _minor(python)), name))
        return {entry: float(calls) for entry, calls in budgets[nearest].items()}
    except (OSError, ValueError, AttributeError) as exc:
        raise BenchmarkError(f"{path}: {exc}") from None


def agree(path: Path, python: str, counted: dict[str, float]) -> None:
    """Write down what was counted as what it may be, for this release of Python."""
    budgets = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    budgets[python] = {entry: round(calls, 1) for entry, calls in counted.items()}
    ordered = dict(sorted(budgets.items(), key=lambda pair: _minor(pair[0])))
    path.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")


def release(python: str) -> str:
    """Return the release of a Python: `3.13` of `CPython 3.13.0`."""
    return ".".join(python.split()[-1].split(".")[:2])


def _minor(name: str) -> int:
    return int(name.partition(".")[2])
