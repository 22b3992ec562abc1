"""The files that commands read and write, and what is said when they cannot."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loopscope.report.summary import summarise
from loopscope.trace.file import TraceError, read
from loopscope.trace.merge import on_one_clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from loopscope.report.results import Summary
    from loopscope.trace.events import Event

INPUT = click.Path(exists=True, dir_okay=False, path_type=Path)
OUTPUT = click.Path(dir_okay=False, writable=True, path_type=Path)


class Failure(click.ClickException):
    """Something that keeps a command from being carried out."""

    exit_code = 2


def load(paths: Iterable[Path]) -> tuple[list[list[Event]], bool]:
    """Read the traces of one run; return its processes on one clock, and whether all is there."""
    processes: list[Sequence[Event]] = []
    is_complete = True
    for path in paths:
        try:
            trace = read(path)
        except TraceError as exc:
            raise Failure(str(exc)) from None
        except OSError as exc:
            raise Failure(f"{path} cannot be read: {exc.strerror}") from None
        processes += trace.processes
        is_complete = is_complete and trace.is_complete
    return on_one_clock(processes), is_complete


def load_summary(path: Path) -> Summary:
    """Read the trace of one run and add it up."""
    processes, is_complete = load([path])
    return summarise(processes, is_complete=is_complete)


def refuse_to_overwrite(inputs: Iterable[Path], outputs: Iterable[Path]) -> None:
    """Fail if an output is an input as well; anything else may be overwritten.

    Raises:
        Failure: it is.
    """
    sources = {path.resolve() for path in inputs}
    for path in outputs:
        if path.resolve() in sources or (path.exists() and any(map(path.samefile, sources))):
            raise Failure(f"{path} is what is read, and is not overwritten")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say so if `path` cannot be written in this block, or that it was."""
    try:
        yield
    except OSError as exc:
        raise Failure(f"{path} cannot be written: {exc.strerror or exc}") from None
    click.echo(f"{path} is written", err=True)
