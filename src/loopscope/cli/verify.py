"""`loopscope verify`: whether a run did what was planned, and ends as another run does."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from loopscope.cli.collecting import JUDGED, python_option
from loopscope.cli.files import OUTPUT, Failure, writing
from loopscope.cli.running import run_suite
from loopscope.cli.verify_text import show
from loopscope.report.as_json import as_json
from loopscope.report.outcomes import Outcomes, OutcomesError, compare, decode
from loopscope.report.proof import prove
from loopscope.report.verified import Verification, counted_outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopscope.cli.running import Run
    from loopscope.report.proof import Proof

INSTALLED = "installed"
_EPILOG = """\
\b
Examples:
  loopscope verify
  loopscope verify tests/api --against installed
  loopscope verify --against installed --format json -- -q -k login
  loopscope verify --as declared --python old/bin/python --save before.json
  loopscope verify --as declared --python new/bin/python --against before.json

Exit codes: 0, proved, and equal; 1, something was otherwise than planned, or than in the other run;
2, the suite could not be run to its end.
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", metavar="[PATHS]... [-- ARGUMENTS...]", nargs=-1)
@python_option
@click.option(
    "--as",
    "judged",
    default="planned",
    show_default=True,
    type=click.Choice(tuple(JUDGED)),
    help="Who runs the suite: loopscope, on planned loops, which are proved, or the installed "
    "plugins, of which only the outcomes are taken.",
)
@click.option(
    "--against",
    metavar="installed|FILE",
    help="Compare the outcomes with those of a run by the installed plugins, which is made now, or "
    "of one that was saved.",
)
@click.option("--save", metavar="FILE", type=OUTPUT, help="Write the outcomes, for --against.")
@click.option(
    "--keep",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep plan and trace of each run there, for loopscope report.",
)
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(("text", "json")),
    help="What to print.",
)
def verify(
    paths: tuple[str, ...],
    python: str,
    judged: str,
    against: str | None,
    save: Path | None,
    keep: Path | None,
    form: str,
) -> None:
    """Run the suite, and prove that everything ran on its planned loop.

    pytest runs PATHS, or what it collects by itself, in the current directory; what it prints goes
    to standard error. Proved is that every fixture was set up and torn down, and every test ran,
    on the loop that was planned after collection, by where their code was seen to run; that each
    loop was opened once and closed after all that lived on it; and that nothing planned was left
    out. What was not seen, such as a test that was skipped, is said and not counted as proved.

    With --against the outcomes are compared as well, test by test and phase by phase: the proof
    that a suite can change its engine, or was migrated well. Tests that fail in both are equal.
    """
    if judged == "declared" and against == INSTALLED:
        raise click.UsageError("--as declared and --against installed are the same run.")
    other = None if against in (None, INSTALLED) else _load(Path(str(against)))
    if save is not None and not save.parent.is_dir():
        raise Failure(f"{save} cannot be written: {save.parent} is not a folder")
    with _folder(keep) as folder:
        run = run_suite(python, judged, paths, folder / judged)
        proof = None if judged == "declared" else _proof(run)
        _require_end(run, proof, form)
        if save is not None:
            with writing(save):
                save.write_text(run.outcomes.encode() + "\n", encoding="utf-8")
        if against == INSTALLED:
            theirs = run_suite(python, "declared", paths, folder / "declared")
            _require_end(theirs, None, form)
            other = theirs.outcomes
    _tell(_verification(judged, run, proof, other), form)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep.resolve()
    else:
        with TemporaryDirectory(prefix="loopscope-") as folder:
            yield Path(folder)


def _load(path: Path) -> Outcomes:
    try:
        return decode(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise Failure(
            f"--against is {INSTALLED!r} or a file that --save has written; "
            f"{path} cannot be read: {exc.strerror}"
        ) from None
    except (OutcomesError, UnicodeError) as exc:
        raise Failure(f"{path} has no outcomes: {exc}") from None


def _proof(run: Run) -> Proof:
    assert run.document is not None
    return prove(run.document.plan, run.processes, is_complete=run.is_complete)


def _require_end(run: Run, proof: Proof | None, form: str) -> None:
    """Fail if a run did not come to its end; what of it is known is told before."""
    if run.is_over:
        return
    if proof is not None:
        verification = _verification("planned", run, proof, None)
        if verification.is_refuted:
            _tell(verification, form)
        show(verification, err=True)
    raise Failure(f"the run did not come to its end (exit code {run.exit_code})")


def _verification(
    judged: str, run: Run, proof: Proof | None, other: Outcomes | None
) -> Verification:
    return Verification(
        judged=judged,
        versions=run.outcomes.versions,
        outcomes=counted_outcomes(run.outcomes),
        proof=proof,
        against=None if other is None else other.versions,
        comparison=None if other is None else compare(other, run.outcomes),
    )


def _tell(verification: Verification, form: str) -> None:
    if form == "json":
        click.echo(as_json("verification", verification))
    else:
        show(verification)
    sys.exit(1 if verification.is_refuted else 2 if verification.is_open else 0)
