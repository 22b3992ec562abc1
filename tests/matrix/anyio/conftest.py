"""Which files are written in words of the version that is installed."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

VERSION = tuple(map(int, version("anyio").split(".")[:2]))

SPEAKS = {"test_free_ports.py": VERSION >= (4, 9)}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    name = collection_path.name
    if name == "test_engine.py" and not config.pluginmanager.hasplugin("loopscope"):
        return True
    return None if SPEAKS.get(name, True) else True
