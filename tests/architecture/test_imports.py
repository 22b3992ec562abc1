"""Every module imports alone, and importing the plugin imports no async library."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import pytest

from tests.architecture.source import Module, modules

# A module that needs one of these is skipped where it is not installed; the plugin must do without.
OPTIONAL = frozenset({"bokeh", "click", "jinja2", "libcst", "rich", "tomlkit", "trio", "uvloop"})
HEAVY = frozenset({"asyncio"}) | OPTIONAL
MAY_NEED_OPTIONAL = frozenset({"backends", "cli", "migrate", "report"})


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a fresh interpreter in which every warning is an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )


def missing_library(stderr: str) -> str | None:
    """Return the optional library for want of which an import failed."""
    found = re.search(r"^ModuleNotFoundError: No module named '(\w+)", stderr, re.MULTILINE)
    if found and found[1] in OPTIONAL and importlib.util.find_spec(found[1]) is None:
        return found[1]
    return None


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_imports_alone(module: Module) -> None:
    if module.name.endswith(".__main__"):
        pytest.skip("importing it runs it")
    done = run(f"import {module.name}")
    if done.returncode and module.layer in MAY_NEED_OPTIONAL:
        library = missing_library(done.stderr)
        if library:
            pytest.skip(f"{library} is not installed")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["loopscope", "loopscope.plugin.entry"])
def test_importing_the_plugin_imports_no_async_library(name: str) -> None:
    # pytest comes first: what it imports by itself is not ours to answer for.
    done = run(
        "import sys, pytest; before = set(sys.modules)\n"
        f"import {name}\n"
        "print(*{module.partition('.')[0] for module in set(sys.modules) - before})"
    )
    assert done.returncode == 0, done.stderr
    assert HEAVY.intersection(done.stdout.split()) == set()


@pytest.mark.parametrize(
    ("stderr", "library"),
    [
        pytest.param("ModuleNotFoundError: No module named 'trio'", "trio", id="optional"),
        pytest.param("ModuleNotFoundError: No module named 'trio.lowlevel'", "trio", id="inside"),
        pytest.param("ModuleNotFoundError: No module named 'pytest'", None, id="required"),
        pytest.param("ImportError: cannot import name 'x' from 'trio'", None, id="another-error"),
    ],
)
def test_only_a_missing_optional_library_is_excused(
    monkeypatch: pytest.MonkeyPatch, stderr: str, library: str | None
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert missing_library(f"Traceback (most recent call last):\n{stderr}\n") == library


def test_a_missing_library_that_is_installed_is_not_excused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert missing_library("ModuleNotFoundError: No module named 'trio.gone'") is None
