"""What it takes to run Python as if some distributions, or a plugin of one, were not installed.

`SITECUSTOMIZE` is a module that Python imports at its start from the first directory of its path.
What is hidden can neither be imported nor found in the metadata, by whatever way.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

SITECUSTOMIZE = """
import json
import sys
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoints, MetadataPathFinder, PathDistribution
from pathlib import Path

TOLD = json.loads(Path(__file__).with_name("hidden.json").read_text())
MODULES, DISTRIBUTIONS, PLUGINLESS = TOLD["modules"], TOLD["distributions"], TOLD["pluginless"]

class Pluginless(PathDistribution):
    entry_points = EntryPoints(())

class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if any(name == hidden or name.startswith(hidden + ".") for hidden in MODULES):
            return None
        return super().find_spec(name, path, target)

    @staticmethod
    def find_distributions(*args, **kwargs):
        for found in MetadataPathFinder.find_distributions(*args, **kwargs):
            name = found.name.lower().replace("_", "-")
            if name in DISTRIBUTIONS:
                continue
            yield Pluginless(found._path) if name in PLUGINLESS else found

sys.meta_path[:] = [Finder if finder is PathFinder else finder for finder in sys.meta_path]
"""

# What is hidden of each plugin: modules, distributions, and distributions that lose their plugin.
HIDDEN: dict[str, tuple[list[str], list[str], list[str]]] = {
    "pytest-asyncio": (["pytest_asyncio"], ["pytest-asyncio"], []),
    "pytest-trio": (["pytest_trio"], ["pytest-trio"], []),
    "trio": (["trio"], ["trio"], []),
    "anyio": (["anyio"], ["anyio"], []),
    "anyio's plugin": (["anyio.pytest_plugin"], [], ["anyio"]),
}


def hide(names: Iterable[str], directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide `names`, of those in `HIDDEN`, from every Python that is started from here."""
    directory.mkdir(exist_ok=True)
    told: dict[str, list[str]] = {"modules": [], "distributions": [], "pluginless": []}
    for name in names:
        for column, hidden in zip(told.values(), HIDDEN[name], strict=True):
            column.extend(hidden)
    (directory / "hidden.json").write_text(json.dumps(told), encoding="utf-8")
    (directory / "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(directory), prepend=os.pathsep)
