"""Measuring many suites: each written once, tried out, and then run in turns."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.processes import Measure, run, try_out
from benchmarks.progress import Progress
from benchmarks.results import Run
from benchmarks.suites import write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from benchmarks.environments import Environments
    from benchmarks.idioms import Idiom
    from benchmarks.suites import Suite


@dataclass(frozen=True, slots=True)
class Job:
    """A suite in an idiom, with so many tests, to be run so many times."""

    suite: Suite
    idiom: Idiom
    tests: int
    measure: Measure
    rounds: int = 1

    @property
    def name(self) -> str:
        """Return what progress calls it."""
        return f"{self.suite.name}, {self.idiom.name}, {self.tests} tests"


def timed(suites: Iterable[Suite], idioms: Iterable[Idiom], rounds: int) -> list[Job]:
    """Return what is measured by the clock."""
    return [
        Job(suite, idiom, suite.tests, Measure.SECONDS, rounds * suite.times)
        for suite in suites
        for idiom in idioms
        if suite.has(idiom)
    ]


def counted(
    suites: Iterable[Suite],
    idioms: Iterable[Idiom],
    measure: Measure,
    sizes: tuple[int, int] | None = None,
) -> list[Job]:
    """Return what is counted: each suite in two sizes."""
    return [
        Job(suite, idiom, tests, measure)
        for suite in suites
        if suite.counted is not None
        for idiom in idioms
        if suite.has(idiom)
        for tests in sizes or suite.counted
    ]


def in_turns(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs once a round, the rounds of one suite side by side.

    What a shared machine does meanwhile then falls on all idioms of a suite alike.
    """
    turns = []
    for _, group in itertools.groupby(jobs, key=lambda job: job.suite.name):
        members = list(group)
        for number in range(max(job.rounds for job in members)):
            turns += [job for job in members if number < job.rounds]
    return turns


def measure(
    jobs: list[Job], environments: Environments, folder: Path, *, at_a_time: int = 1
) -> tuple[Run, ...]:
    """Write the suites below the folder, run them in turns and return what that took.

    Only what is counted may be run several at a time.
    """
    for requires in dict.fromkeys(job.idiom.requires for job in jobs):
        environments.python(requires)
    written: dict[tuple[str, str, int], Path] = {}
    for job in jobs:
        key = (job.suite.name, job.idiom.name, job.tests)
        if key not in written:
            written[key] = folder / f"{job.suite.name}-{job.idiom.name}-{job.tests}"
            written[key].mkdir(parents=True)
            write(job.suite, job.idiom, job.tests, written[key])

    progress = Progress()
    turns = in_turns(jobs)
    seen: set[Job] = set()

    def take(numbered: tuple[int, Job]) -> tuple[Job, float]:
        number, job = numbered
        where = written[job.suite.name, job.idiom.name, job.tests]
        python = environments.python(job.idiom.requires)
        if job not in seen:
            seen.add(job)
            try_out(python, job.suite, job.tests, where)
        progress.step(number, len(turns), job.name)
        return job, run(python, job.suite, where, job.measure)

    values: dict[Job, list[float]] = {job: [] for job in jobs}
    with ThreadPoolExecutor(at_a_time) as pool:
        for job, value in pool.map(take, enumerate(turns, start=1)):
            values[job].append(value)
    return tuple(
        Run(job.suite.name, job.idiom.name, job.tests, job.measure, tuple(took))
        for job, took in values.items()
    )
