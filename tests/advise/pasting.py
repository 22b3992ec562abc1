"""A suite with the advice that was given pasted into it, as its author would do it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.cli.command import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMPORTS = ("pytest_asyncio", "pytest")
# What has nothing to do with async tests, and takes its time.
WITHOUT = ("cov", "html", "html_fixtures", "metadata", "randomly", "rerunfailures", "xdist")


def advised(suite: Path, *arguments: str) -> dict[str, Any]:
    """Return the advice on `suite` as JSON."""
    with chdir(suite):
        done = run("advise", "--format=json", *arguments)
    assert done.exit_code == 0, done.stderr
    advice: dict[str, Any] = json.loads(done.stdout)
    return advice


@contextmanager
def chdir(path: Path) -> Iterator[None]:
    """Make `path` the current directory in this block."""
    before = os.getcwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


def outcomes(suite: Path, *options: str) -> tuple[int, str]:
    """Run `suite` without loopscope; return the exit code, and all that was said."""
    quiet = [f"-pno:{plugin}" for plugin in ("loopscope", "cacheprovider", *WITHOUT)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *quiet, *options],
        cwd=suite,
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def paste(suite: Path, words: dict[str, Any]) -> None:
    """Write what is advised for one engine into `suite`."""
    _set(suite / "pytest.ini", words["settings"])
    changes: dict[tuple[str, int], list[tuple[str | None, str]]] = {}
    for one in words["declarations"]:
        changes.setdefault(_place(one["where"]), []).append((one["instead"], one["write"]))
    for where in words.get("ask", ()):
        asking = '@pytest.mark.usefixtures("anyio_backend")'
        changes.setdefault(_place(where), []).append((None, asking))
    for where in words["drop"]:
        changes.setdefault(_place(where), []).append(("", ""))
    # From the end, so that the lines above stay where they are.
    for (path, line), edits in sorted(changes.items(), reverse=True):
        for instead, write in edits:
            _change(suite / path, line, instead, write)
    if words.get("fixture"):
        with (suite / words["conftest"]).open("a", encoding="utf-8") as file:
            file.write(f"\n\n{words['fixture']}")
    for name in words.get("mark", ()):
        with (suite / name).open("a", encoding="utf-8") as file:
            file.write("\n\npytestmark = pytest.mark.anyio\n")
    for module in suite.rglob("*.py"):
        _import(module)


def _place(where: str) -> tuple[str, int]:
    path, _, line = where.rpartition(":")
    return path, int(line)


def _change(path: Path, number: int, instead: str | None, write: str) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    above, below = lines[: number - 1], lines[number - 1 :]
    if instead == "":
        assert "mark" in below[0], below[0]
        below = below[1:]
    elif instead is None:
        indent = below[0][: len(below[0]) - len(below[0].lstrip())]
        below = [indent + write, *below]
    else:
        text = "\n".join(below)
        assert instead in text
        below = text.replace(instead, write, 1).splitlines()
    path.write_text("\n".join([*above, *below]) + "\n", encoding="utf-8")


def _set(ini: Path, settings: dict[str, str]) -> None:
    lines = ini.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition("=")[0].strip() not in settings]
    written = [f"{name} = {value}" for name, value in settings.items()]
    ini.write_text("\n".join([*kept, *written]) + "\n", encoding="utf-8")


def _import(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    missing = [name for name in IMPORTS if f"@{name}." in text]
    path.write_text("".join(f"import {name}\n" for name in missing) + text, encoding="utf-8")
