"""Running one suite on one engine, and making sure that it was that engine."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from downstream.differences import MISSING
from downstream.errors import DownstreamError
from downstream.plugins import downstream_record as recorder
from downstream.processes import tail
from downstream.records import read_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from downstream.catalogue import Project, Setting
    from downstream.environments import Environment
    from downstream.processes import Children
    from downstream.records import Record

PLUGINS = Path(recorder.__file__).parent
# Not taken from the plugin, which imports pytest: the command itself needs Python and nothing else.
INJECTOR = "downstream_options"
OPTIONS, TRACE = "DOWNSTREAM_OPTIONS", "DOWNSTREAM_TRACE"
FAILURES = ("failed", "error")
# All passed, some failed: any other exit status means that pytest did not get through.
COMPLETE = (0, 1)
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Run:
    """A suite that ran to its end."""

    record: Record
    seconds: float
    sessions: int
    taken: int
    repeated: tuple[str, ...] = ()


class Suite:
    """The suite of one project, ready to run."""

    def __init__(self, environment: Environment, children: Children) -> None:
        self._environment = environment
        self._project = environment.project
        self._children = children

    def theirs(self) -> Run:
        """Run on their engine, and check that it is a baseline."""
        run = self._steadied("theirs", ())
        if run.record.loopscope:
            raise DownstreamError("loopscope is installed where their engine was to run alone")
        check_baseline(self._project, run.record)
        return run

    def ours(self, setting: Setting) -> Run:
        """Run on ours, and check that the settings arrived and that something ran on it."""
        run = self._steadied(f"ours-{setting.name}", setting.arguments)
        if not run.record.loopscope:
            raise DownstreamError("loopscope was installed and yet not loaded")
        for name, value in setting.options:
            if run.record.options.get(name) != value:
                raise DownstreamError(f"{name} was {run.record.options.get(name)!r}, not {value!r}")
        if not run.taken:
            raise DownstreamError(f"loopscope was there in {run.sessions} runs and ran no test")
        return run

    def _steadied(self, label: str, options: tuple[str, ...]) -> Run:
        """Run the suite, and once more the tests that a slow machine makes fail, if they did."""
        run = self._run(label, options, self._project.arguments)
        repeated = tuple(
            test
            for test, outcome in run.record.outcomes.items()
            if outcome in FAILURES
            and any(recorder.matches(each.test, test) for each in self._project.unsteady)
        )
        if not repeated:
            return run
        again = self._run(f"{label}-again", options, repeated).record
        for test in repeated:
            run.record.outcomes[test] = again.outcomes.get(test, MISSING)
            run.record.messages[test] = again.messages.get(test, "")
        return replace(run, repeated=repeated)

    def _run(self, label: str, options: tuple[str, ...], arguments: tuple[str, ...]) -> Run:
        self._environment.unpack()
        folder = self._environment.folder
        log, record, trace = (folder / f"{label}.{end}" for end in ("log", "jsonl", "trace"))
        for path in (log, record, trace):
            path.unlink(missing_ok=True)
        # Short, because suites make sockets there, whose names may not be long.
        scratch = Path(tempfile.mkdtemp(prefix="ls-"))
        started = time.perf_counter()
        try:
            self._children.run(
                self._command(scratch, arguments),
                log,
                cwd=self._environment.source,
                timeout=self._project.timeout,
                extra=self._variables(options, record, trace),
            )
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        seconds = time.perf_counter() - started
        found = _complete(record, log)
        counts = trace.read_text(encoding="utf-8").split() if trace.exists() else []
        return Run(found, seconds, len(counts), sum(map(int, counts)))

    def _command(self, scratch: Path, arguments: tuple[str, ...]) -> list[str | Path]:
        return [
            self._environment.executable("pytest"),
            *("-p", recorder.__name__.rpartition(".")[2]),
            f"--rootdir={self._environment.source}",
            f"--basetemp={scratch / 'tmp'}",
            *arguments,
        ]

    def _variables(self, options: tuple[str, ...], record: Path, trace: Path) -> dict[str, str]:
        programs = self._environment.executable("python").parent
        return {
            "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(PLUGINS),
            "PYTEST_PLUGINS": INJECTOR,
            OPTIONS: shlex.join(options),
            TRACE: str(trace),
            recorder.VARIABLE: str(record),
            recorder.LEFT_OUT: "\n".join(exempt.test for exempt in self._project.left_out),
        }


def _complete(path: Path, log: Path) -> Record:
    try:
        record = read_record(path)
    except DownstreamError as exc:
        raise DownstreamError(f"{exc}\n{tail(log)}") from None
    if record.exit not in COMPLETE:
        what = "did not come to its end" if record.exit is None else f"ended with {record.exit}"
        raise DownstreamError(f"pytest {what}\n{tail(log)}")
    if not record.outcomes:
        raise DownstreamError(f"the suite has no tests\n{tail(log)}")
    return record


def check_baseline(project: Project, record: Record) -> None:
    """Complain about failures on their own engine, unless they are the ones that are listed."""
    problems = [*_failures(project, record), *_stale(project, record)]
    if problems:
        shown = "\n".join(f"    {problem}" for problem in problems[:SHOWN])
        more = f"\n    ... and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise DownstreamError(f"their own engine is no baseline:\n{shown}{more}")


def _failures(project: Project, record: Record) -> Iterator[str]:
    for test, outcome in record.outcomes.items():
        if outcome in FAILURES and not any(
            each.outcome == outcome and recorder.matches(each.test, test)
            for each in project.own_failures
        ):
            message = record.messages.get(test, "").partition("\n")[0]
            yield f"{test} {outcome}: {message}"


def _stale(project: Project, record: Record) -> Iterator[str]:
    for each in project.own_failures:
        if not any(
            each.outcome == outcome and recorder.matches(each.test, test)
            for test, outcome in record.outcomes.items()
        ):
            yield f"{each.test} is listed as {each.outcome}, and is not"
    for each in project.left_out:
        if not record.left_out.get(each.test):
            yield f"{each.test} is listed as left out, and there is no such test"
