"""Results of a machine on which everything is round."""

from __future__ import annotations

from benchmarks.processes import Measure
from benchmarks.results import About, Results, Run

ABOUT = About("2026-01-31", "a machine", "CPython 3.13.0", {"pytest": "9.2.0"}, "abc1234", "Quiet.")


def seconds(suite: str, idiom: str, *values: float, tests: int = 1000) -> Run:
    return Run(suite, idiom, tests, Measure.SECONDS, values)


def counts(
    suite: str, idiom: str, fixed: float, per_test: float, measure: Measure = Measure.INSTRUCTIONS
) -> tuple[Run, ...]:
    """Return what is counted of two sizes where a process costs so much, and a test."""
    return tuple(
        Run(suite, idiom, tests, measure, (fixed + per_test * tests,)) for tests in (300, 100)
    )


def results(*runs: Run) -> Results:
    return Results(ABOUT, runs)
