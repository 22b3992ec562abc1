"""What a session loads because loopscope is installed: no more than its tests need.

Modules are counted, and not seconds, so that the answer is the same on any machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.architecture.source import PACKAGE, layer_of

if TYPE_CHECKING:
    from pathlib import Path

# Loaded with `-p`: what is loaded at the end of the session.
TELLS = """
import pytest, sys

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish():
    with open("loaded.txt", "w") as file:
        file.write("\\n".join(sys.modules))
"""
SYNC = """
import unittest
import pytest

@pytest.fixture(scope="module", params=[1, 2])
def wide(request):
    yield request.param

def test_plain(wide, tmp_path): ...

class Case(unittest.TestCase):
    def test_case(self): ...
"""
# How many modules of each layer there may be in a session of synchronous tests.
LIMITS = {None: 1, "errors": 1, "core": 9, "dialects": 11, "backends": 2, "plugin": 21}
LIBRARIES = frozenset(
    {
        *("anyio", "pytest_asyncio", "pytest_trio", "trio", "uvloop", "hypothesis"),
        *("bokeh", "jinja2", "libcst", "rich", "tomlkit", "click"),
    }
)


def loaded(folder: Path, source: str, *arguments: str) -> set[str]:
    """Run a suite in a process of its own, with no plugin that is not named, and say what loads."""
    (folder / "tells.py").write_text(TELLS)
    (folder / "test_it.py").write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-ptells", "-Werror", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return set((folder / "loaded.txt").read_text().splitlines())


def added(folder: Path, source: str, *arguments: str) -> set[str]:
    """Return what is loaded because we take part."""
    alone = loaded(folder, SYNC, *arguments)
    return loaded(folder, source, *arguments, f"-p{PACKAGE}.plugin.entry") - alone


def ours(names: set[str]) -> set[str]:
    return {name for name in names if name.partition(".")[0] == PACKAGE}


@pytest.mark.parametrize("arguments", [(), ("-v",)], ids=["plain", "verbose"])
def test_a_session_of_sync_tests_loads_little_of_ours(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    names = ours(added(tmp_path, SYNC, *arguments))
    counts = Counter(layer_of(name) for name in names)
    too_many = {
        layer: sorted(name for name in names if layer_of(name) == layer)
        for layer, count in counts.items()
        if count > LIMITS.get(layer, 0)
    }
    assert not too_many


def test_a_session_of_sync_tests_loads_nothing_else(tmp_path: Path) -> None:
    names = added(tmp_path, SYNC)
    assert names == ours(names)


def test_a_session_of_async_tests_loads_its_own_library_only(tmp_path: Path) -> None:
    names = added(tmp_path, SYNC + "\nasync def test_async(): ...\n")
    assert "asyncio" in names
    assert not names & LIBRARIES


def test_our_modules_do_not_pass_the_hook_that_rewrites_assertions(tmp_path: Path) -> None:
    source = f"""
import sys

async def test_async():
    for name, module in list(sys.modules.items()):
        if name.startswith("{PACKAGE}.") and name != "{PACKAGE}.plugin.entry":
            assert not type(module.__loader__).__module__.startswith("_pytest."), name
"""
    loaded(tmp_path, source, f"-p{PACKAGE}.plugin.entry")
