"""How a command learns of a suite: pytest collects it, in the suite's own environment.

The command and the plugin may live in two environments, and meet in the file of the plan only.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from loopscope.cli.files import Failure
from loopscope.diagnose.plan_file import PlanFileError, read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from loopscope.diagnose.plan_file import Document

JUDGED = {
    "declared": ("--loopscope-engine=observe", "--loopscope-loops=declared"),
    "planned": ("--loopscope-engine=on", "--loopscope-loops=planned"),
}
"""As what a suite can be judged, and what pytest is told for that."""

# None or one that has failed as tests do; pytest-cov says that of a coverage that is too low.
_COLLECTED = (0, 1, 5)
_NO_PLUGIN = "unrecognized arguments: --loopscope"

python_option = click.option(
    "--python",
    metavar="PATH",
    default=sys.executable,
    show_default="the one that runs this command",
    help="The interpreter of the suite's environment, which has pytest and loopscope.",
)
"""The option of every command that runs pytest."""


def suite_options(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the arguments of every command that collects a suite; `default` is how it is judged."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        judged = click.option(
            "--as",
            "judged",
            default=default,
            show_default=True,
            type=click.Choice(tuple(JUDGED)),
            help="Whether to judge the suite as the installed plugins run it, by what it "
            "declares, or as loopscope runs it, on planned loops.",
        )
        return judged(python_option(function))

    return decorate


def command_line(python: str, judged: str, arguments: Sequence[str], plan: Path) -> list[str]:
    """Return the command by which pytest collects a suite and writes its plan."""
    return [
        python,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        *arguments,
        *JUDGED[judged],
        f"--loopscope-plan={plan}",
    ]


def collect(python: str, judged: str, arguments: Sequence[str], *, whole: bool) -> Document:
    """Let pytest collect the suite in the current directory, and return what it has planned.

    Unless `whole` is true, the plan itself need not make sense if nothing is wrong with it.

    Raises:
        Failure: it could not; what pytest has said of it is shown.
    """
    with TemporaryDirectory(prefix="loopscope-") as folder:
        plan = Path(folder, "plan.json")
        try:
            done = subprocess.run(
                command_line(python, judged, arguments, plan),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except OSError as exc:
            raise Failure(f"{python} cannot be run: {exc.strerror or exc}") from None
        except KeyboardInterrupt:
            raise Failure("interrupted") from None
        if done.returncode not in _COLLECTED:
            raise _failure(python, done.returncode, done.stdout)
        try:
            document = read(plan)
            if whole or document.findings:
                _ = document.plan  # made now, so that what is wrong with it is told here
            return document
        except (OSError, PlanFileError) as exc:
            click.echo(done.stdout, err=True)
            raise Failure(f"pytest has written no plan: {exc}") from None


def _failure(python: str, exit_code: int, output: str) -> Failure:
    click.echo(output, err=True)
    if _NO_PLUGIN in output:
        return Failure(
            f"pytest does not know loopscope there: {python} -m pip install pytest-loopscope, "
            "or drop -p no:loopscope"
        )
    return Failure(f"pytest could not collect the suite (exit code {exit_code}); it says why above")
