"""`loopscope migrate`: a suite in other words, with the plan written into its source."""

from __future__ import annotations

import difflib
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from loopscope.cli.collecting import collect, python_option
from loopscope.cli.files import Failure, writing
from loopscope.cli.git import refuse_unclean
from loopscope.cli.terminal import console, count
from loopscope.errors import UnknownName
from loopscope.migrate.words import WAYS, check_way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loopscope.migrate.work import Migration

_EPILOG = """\
\b
Examples:
  loopscope migrate --from pytest-asyncio --to pytest-asyncio
  loopscope migrate --from pytest-asyncio --to anyio --write
  loopscope migrate tests/api --from pytest-asyncio --to pytest-asyncio | git apply
  loopscope migrate --from pytest-trio --to anyio --python .venv/bin/python -- -o trio_mode=true

Exit codes: 0, all is done, or nothing is to do; 1, something is left to you, and noted; 2, the
suite could not be collected, or its files could not be written.
"""
_FROM = tuple(dict.fromkeys(old for old, _ in WAYS))
_TO = tuple(dict.fromkeys(new for _, new in WAYS))
_SELECTING = ("-k", "-m", "--deselect", "--ignore", "--lf", "--last-failed")
"""Options of pytest after which what is collected is not the whole suite."""


@click.command(epilog=_EPILOG)
@click.argument("paths", metavar="[PATHS]... [-- ARGUMENTS...]", nargs=-1)
@click.option(
    "--from", "old", required=True, type=click.Choice(_FROM), help="What it is written for."
)
@click.option("--to", "new", required=True, type=click.Choice(_TO), help="What to write it for.")
@click.option("--diff", "wants_diff", is_flag=True, help="Print what would change. The default.")
@click.option("--write", is_flag=True, help="Change the files, if git could undo that.")
@click.option("--force", is_flag=True, help="With --write: even if git could not.")
@python_option
def migrate(
    paths: tuple[str, ...],
    old: str,
    new: str,
    wants_diff: bool,
    write: bool,
    force: bool,
    python: str,
) -> None:
    """Rewrite a suite in the words of another plugin, or in today's words of the same one.

    pytest collects PATHS, or what it collects by itself, in the current directory; no test runs.
    The loops that are planned for what is collected are written into the source and into pytest's
    settings: marks, decorators, fixtures and options. Comments and formatting stay. A second run
    changes nothing.

    --from pytest-asyncio --to pytest-asyncio is from any version to that of today: overrides of
    event_loop become loop scopes.

    What is not clear is left as it is, and noted by its line on standard error. A file that cannot
    be parsed is named and not changed.
    """
    if write and wants_diff:
        raise click.UsageError("--diff changes nothing, and --write does: choose one.")
    if force and not write:
        raise click.UsageError("--force is for --write.")
    try:
        check_way(old, new)
    except UnknownName as exc:
        raise click.UsageError(str(exc)) from None
    # What edits is large: imported only where it is asked for.
    from loopscope.cli.suite_files import named_paths, pytest_settings, sources
    from loopscope.migrate.routes import migrate as migrated

    document = collect(python, "planned", paths, whole=True)
    root = Path(document.root)
    plan = document.plan
    planned = {vertex.origin.path for vertex in plan.suite.vertices.values()}
    named = named_paths(paths)
    files = sources(root, named, planned)
    is_whole = not named and not any(one.startswith(_SELECTING) for one in paths)
    with _telling(len(files)) as tell:
        result = migrated(
            plan, old, new, files, pytest_settings(root), is_whole=is_whole, tell=tell
        )
    if write:
        _write(root, result, force=force)
    else:
        _show_diff(root, result)
    _show_rest(root, result, written=write)
    sys.exit(1 if result.notes or result.unreadable else 0)


def _located(root: Path, path: str) -> str:
    """Return a path in a plan as one from the current directory."""
    try:
        return Path(os.path.relpath(root / path)).as_posix()
    except ValueError:
        return (root / path).as_posix()  # on another drive


@contextmanager
def _telling(files: int) -> Iterator[Callable[[str], object]]:
    """Show how far the reading has come, on a terminal."""
    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("Reading", total=files)
        yield lambda path: progress.advance(task)


def _show_diff(root: Path, result: Migration) -> None:
    out = console()
    for path, (before, after) in result.changes.items():
        name = _located(root, path)
        lines = difflib.unified_diff(
            _lines(before or b""),
            _lines(after),
            "/dev/null" if before is None else f"a/{name}",
            f"b/{name}",
        )
        for line in lines:
            style = next((_STYLES[head] for head in _STYLES if line.startswith(head)), None)
            ended = line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            if out.is_terminal:
                out.print(ended, style=style, soft_wrap=True, end="")
            else:
                click.echo(ended, nl=False)


_STYLES = {"---": "bold", "+++": "bold", "@@": "cyan", "+": "green", "-": "red"}


def _lines(text: bytes) -> list[str]:
    # Not splitlines, for which a form feed ends a line.
    return [f"{line}\n" for line in text.decode("utf-8", "replace").split("\n")[:-1]] + [
        line for line in text.decode("utf-8", "replace").split("\n")[-1:] if line
    ]


def _write(root: Path, result: Migration, *, force: bool) -> None:
    edited = [root / path for path in result.changes]
    if edited and not force:
        refuse_unclean(root, edited)
    for path, (before, _) in result.changes.items():
        file = root / path
        if (file.read_bytes() if file.exists() else None) != before:
            raise Failure(f"{file} has changed since it was read; nothing is written")
    for path, (_, after) in result.changes.items():
        with writing(Path(_located(root, path))):
            (root / path).write_bytes(after)


def _show_rest(root: Path, result: Migration, *, written: bool) -> None:
    for note in result.notes:
        click.echo(f"{_located(root, note.path)}:{note.line}: {note.text}", err=True)
    for path, reason in result.unreadable.items():
        click.echo(f"{_located(root, path)} is not changed: {reason}", err=True)
    left = [
        count(len(result.notes), "note") if result.notes else "",
        f"{count(len(result.unreadable), 'file')} not understood" if result.unreadable else "",
    ]
    changed = f"{count(len(result.changes), 'file')} {'changed' if written else 'to change'}"
    told = [changed, *filter(None, left)]
    click.echo(", ".join(told) if any(left) or result.changes else "nothing to change", err=True)
