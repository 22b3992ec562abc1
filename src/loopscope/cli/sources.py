"""The source of a suite and of the code that it tests, as files below its root directory."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loopscope.advise.evidence import part_of
from loopscope.advise.project import FILES, Project, project_of
from loopscope.advise.scanning import Scan, scan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_NOT_THEIRS = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist", "venv"})
_OFTEN = 500
"""After how many files it is said how far the reading has come."""


def read_project(root: Path) -> Project:
    """Return what the project in `root` says of itself."""
    return project_of({name: text for name in FILES if (text := _text(root / name)) is not None})


def read_sources(root: Path, of_the_suite: Collection[str]) -> Iterator[Scan]:
    """Yield what is seen in each module below `root`; those that cannot be read are left out.

    Args:
        root: the root directory of the suite.
        of_the_suite: the files of tests and fixtures, as the plan names them.
    """
    for number, path in enumerate(_modules(root), 1):
        if number % _OFTEN == 0 and sys.stderr.isatty():
            click.echo(f"{number} files read", err=True)
        name = path.relative_to(root).as_posix()
        part = part_of(name, of_the_suite)
        text = None if part is None else _text(path)
        if part is not None and text is not None:
            try:
                yield scan(name, text, part)
            except (SyntaxError, ValueError, RecursionError):
                click.echo(f"{name} is no Python that can be read here, and is left out", err=True)


def _modules(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            one
            for one in folders
            if one not in _NOT_THEIRS
            and not one.startswith(".")
            and not Path(folder, one, "pyvenv.cfg").exists()
        )
        yield from (Path(folder, one) for one in sorted(files) if one.endswith(".py"))


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
