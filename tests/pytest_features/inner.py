"""Run pytest inside a test, with loopscope and with no other plugin but those that are named."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
from dataclasses import dataclass, field
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

# By the names of their entry points. Each takes time to import, or may interfere.
OTHER_PLUGINS = (
    "anyio",
    "asyncio",
    "html",
    "html_fixtures",
    "hypothesispytest",
    "metadata",
    "pytest_cov",
    "randomly",
    "rerunfailures",
    "timeout",
    "trio",
    "xdist",
)

# A run in this process forgets the modules that it imported; these cannot be imported twice.
for _name in ("trio", "anyio.lowlevel", "anyio._backends._asyncio", "anyio._backends._trio"):
    importlib.import_module(_name)
if importlib.util.find_spec("rich"):
    importlib.import_module("loopscope.report.ladder_drawing")

# An inner suite tells what happens in it with `from events import event`.
EVENTS = """
from pathlib import Path

FILE = Path(__file__).with_name("events.txt")

def event(text):
    with FILE.open("a") as file:
        file.write(f"{text}\\n")
"""

# How a suite is written and run: as one without loopscope would be, or on a backend.
WAYS = ("sync", "asyncio", "trio")


def written(source: str, way: str) -> str:
    """Return `source`, an async suite, as it would be written for synchronous code if asked."""
    if way != "sync":
        return source
    source = source.replace("await checkpoint()", "pass")
    return re.sub(r"\basync def\b", "def", source).replace("await ", "")


@dataclass
class Inner:
    """A suite in a directory of its own, and a way to run it."""

    pytester: pytest.Pytester
    monkeypatch: pytest.MonkeyPatch
    root: Path = field(init=False)

    def __post_init__(self) -> None:
        self.root = self.pytester.path
        self.write({"events.py": EVENTS})
        self.pytester.syspathinsert()

    def write(self, files: dict[str, str]) -> None:
        """Write files by their paths; `test_it.py` and so on."""
        for path, source in files.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(source).lstrip("\n"), encoding="utf-8")

    def run(
        self, *arguments: str, backend: str = "asyncio", plugins: Iterable[str] = ()
    ) -> pytest.RunResult:
        """Run pytest in this process, which is fast, with `plugins` beside loopscope."""
        # Or else this process's warnings filters would be in force: all are errors there.
        # pytest 8.2 would like to rewrite loopscope, which this process has imported already.
        rewriting = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
        arguments = ("-Wdefault", *arguments, f"-W{rewriting}")
        return self.pytester.runpytest_inprocess(*self.with_only(plugins, backend), *arguments)

    def run_apart(
        self, *arguments: str, backend: str = "asyncio", plugins: Iterable[str] = ()
    ) -> pytest.RunResult:
        """Run pytest in a process of its own: for signals, workers and measurements."""
        return self.pytester.runpytest_subprocess(
            *self.with_only(plugins, backend), *arguments, timeout=60
        )

    def with_only(self, plugins: Iterable[str], backend: str) -> list[str]:
        """Return the arguments that load loopscope and `plugins`, and look for no others.

        Not to look for plugins saves half of the time of a run.
        """
        self.monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        names = [f"-p{name}" for name in ("loopscope", *plugins)]
        return names if backend == "sync" else [*names, f"--loopscope-backends={backend}"]

    def run_as_installed(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in a process of its own that finds loopscope, and only that, by itself."""
        self.monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
        others = [f"-pno:{name}" for name in OTHER_PLUGINS]
        return self.pytester.runpytest_subprocess(*others, *arguments, timeout=60)

    @property
    def events(self) -> list[str]:
        """What the suite has told so far, over all runs since the last `forget`."""
        file = self.root / "events.txt"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def forget(self) -> None:
        """Forget the events of earlier runs."""
        (self.root / "events.txt").unlink(missing_ok=True)


def shield(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of the outer run, such as an xdist worker's name, from the inner ones."""
    for name in [name for name in os.environ if name.startswith(("PYTEST_", "COV_CORE_"))]:
        if name != "PYTEST_CURRENT_TEST":
            monkeypatch.delenv(name)
