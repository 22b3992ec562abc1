"""How a command has a suite run: by pytest, in the suite's own environment, for all to see.

What the tests print goes to standard error as it comes, so that standard output has the answer
only, and nobody waits in front of an empty screen.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loopscope.cli import outcome_recorder
from loopscope.cli.collecting import JUDGED
from loopscope.cli.files import Failure
from loopscope.diagnose.plan_file import PlanFileError
from loopscope.diagnose.plan_file import read as read_plan
from loopscope.report.outcomes import recorded
from loopscope.report.summary import summarise
from loopscope.trace.file import TraceError
from loopscope.trace.file import read as read_trace
from loopscope.trace.merge import on_one_clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.diagnose.plan_file import Document
    from loopscope.report.outcomes import Outcomes
    from loopscope.trace.events import Event

_RECORDER = "loopscope_outcome_recorder"
_KNOWS_US = "from importlib.metadata import version; version('pytest-loopscope')"
_STDERR = 2
_NOT_RUN = (4, 5)


@dataclass(frozen=True, slots=True)
class Run:
    """What one run has left: outcomes in any case, plan and trace where loopscope is installed."""

    exit_code: int
    outcomes: Outcomes
    document: Document | None
    processes: Sequence[Sequence[Event]]
    is_complete: bool

    @property
    def is_over(self) -> bool:
        """Whether it came to its end, be it that tests have failed."""
        return self.exit_code in (0, 1) and self.outcomes.exit_code is not None


def knows_loopscope(python: str) -> bool:
    """Say whether pytest-loopscope is installed in the environment of an interpreter.

    Raises:
        Failure: there is no such interpreter.
    """
    try:
        done = subprocess.run([python, "-c", _KNOWS_US], capture_output=True, check=False)
    except OSError as exc:
        raise Failure(f"{python} cannot be run: {exc.strerror or exc}") from None
    return done.returncode == 0


def command_line(
    python: str, judged: str, arguments: Sequence[str], folder: Path, *, with_loopscope: bool
) -> list[str]:
    """Return the command by which pytest runs a suite and leaves in `folder` what came of it."""
    told: tuple[str, ...] = ()
    if with_loopscope:
        told = (
            *JUDGED[judged],
            f"--loopscope-plan={folder / 'plan.json'}",
            f"--loopscope-trace={folder / 'trace.json'}",
            "--loopscope-witness",
        )
    return [python, "-m", "pytest", *arguments, "-p", _RECORDER, *told]


def run_suite(python: str, judged: str, arguments: Sequence[str], folder: Path) -> Run:
    """Have pytest run the suite in the current directory, and return what came of it.

    Args:
        python: the interpreter of the suite's environment.
        judged: "planned", by loopscope, or "declared", by the installed plugins.
        arguments: for pytest.
        folder: where the files of the run are to be; it is made.

    Raises:
        Failure: no test was run; what pytest has said of it is shown already.
    """
    with_loopscope = knows_loopscope(python)
    if judged == "planned" and not with_loopscope:
        raise Failure(f"loopscope is not installed there: {python} -m pip install pytest-loopscope")
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / "outcomes.jsonl"
    record.write_text("", encoding="utf-8")
    source = Path(outcome_recorder.__file__).read_text(encoding="utf-8")
    (folder / f"{_RECORDER}.py").write_text(source, encoding="utf-8")
    line = command_line(python, judged, arguments, folder, with_loopscope=with_loopscope)
    exit_code = _run(line, folder, record)
    if exit_code in _NOT_RUN:
        why = "no test was collected" if exit_code == 5 else "it says why above"
        raise Failure(f"pytest could not run the suite (exit code {exit_code}): {why}")
    outcomes = recorded(record.read_text(encoding="utf-8").splitlines())
    if not outcomes.tests:
        raise Failure(f"pytest ran no test (exit code {exit_code}); it says why above")
    if not with_loopscope:
        return Run(exit_code, outcomes, None, (), is_complete=True)
    try:
        document, trace = read_plan(folder / "plan.json"), read_trace(folder / "trace.json")
        _ = document.plan  # made now, so that what is wrong with it is told here
    except (OSError, PlanFileError, TraceError) as exc:
        raise Failure(f"the run has left no plan and trace: {exc}") from None
    processes = on_one_clock(trace.processes)
    loops = {test.id: test.loop for test in summarise(processes).tests}
    return Run(exit_code, outcomes.with_loops(loops), document, processes, trace.is_complete)


def _run(line: Sequence[str], folder: Path, record: Path) -> int:
    click.echo(f"$ {shlex.join(line)}", err=True)
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    try:
        done = subprocess.run(
            line,
            stdin=subprocess.DEVNULL,
            stdout=_STDERR,
            check=False,
            env={**os.environ, "PYTHONPATH": path, outcome_recorder.VARIABLE: str(record)},
        )
    except OSError as exc:
        raise Failure(f"{line[0]} cannot be run: {exc.strerror or exc}") from None
    except KeyboardInterrupt:
        raise Failure("interrupted") from None
    return done.returncode
