"""The source of a suite, and the settings of pytest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from loopscope.cli.files import Failure
from loopscope.cli.git import git
from loopscope.diagnose.settings_files import SETTINGS_FILES
from loopscope.migrate.settings import settings_of
from loopscope.migrate.source import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from loopscope.migrate.settings import Settings

_LEFT_OUT = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist", "venv"})


def named_paths(arguments: Sequence[str]) -> list[Path]:
    """Return what of pytest's arguments names a path: those before the first option."""
    named = []
    for argument in arguments:
        if argument.startswith("-"):
            break
        named.append(Path(argument.partition("::")[0]))
    return named


def sources(root: Path, paths: Sequence[Path], planned: Iterable[str]) -> dict[str, bytes]:
    """Read the Python files of a suite, by their paths from the root directory.

    These are the files that are named or in directories that are, or all in the current directory,
    with each conftest.py above them up to the root directory; and those that were `planned`. What
    git ignores is left out.

    Raises:
        Failure: one of them cannot be read.
    """
    found: dict[Path, None] = {}
    for path in paths or [Path()]:
        found.update(dict.fromkeys(_python_files(path.resolve())))
    found.update(dict.fromkeys(root / path for path in planned if (root / path).is_file()))
    for file in list(found):
        for folder in file.parents:
            if not folder.is_relative_to(root):
                break
            if (folder / "conftest.py").is_file():
                found[folder / "conftest.py"] = None
    texts = {}
    for file in sorted(found):
        try:
            texts[Path(os.path.relpath(file, root)).as_posix()] = file.read_bytes()
        except OSError as exc:
            raise Failure(f"{file} cannot be read: {exc.strerror or exc}") from None
    return texts


def _python_files(path: Path) -> Iterator[Path]:
    if path.is_file():
        if path.suffix == ".py":
            yield path
        return
    listed = git(path, "ls-files", "-z", "--cached", "--others", "--exclude-standard", ".")
    if listed is not None:
        for name in listed.split("\0"):
            if name.endswith(".py") and (path / name).is_file():
                yield path / name
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _LEFT_OUT
            and not Path(folder, name, "pyvenv.cfg").exists()
        )
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(".py"))


def pytest_settings(root: Path) -> tuple[str, Settings] | None:
    """Return the file in the root directory that pytest has its settings from, and these.

    Raises:
        Failure: it cannot be read or understood.
    """
    texts = {}
    for name in SETTINGS_FILES:
        if (root / name).is_file():
            try:
                texts[name] = (root / name).read_bytes().decode()
            except (OSError, UnicodeDecodeError) as exc:
                raise Failure(f"{root / name} cannot be read: {exc}") from None
    try:
        return settings_of(texts)
    except Unreadable as exc:
        raise Failure(f"the settings of pytest cannot be read: {exc}") from None
