"""Which files are written in words of the version that is installed."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

VERSION = tuple(map(int, version("pytest-asyncio").split(".")[:2]))

SPEAKS = {
    "test_event_loop.py": VERSION < (1, 0),
    "test_mark_scope.py": VERSION < (0, 24),
    "test_loop_scope.py": VERSION >= (0, 24),
}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    name = collection_path.name
    if name == "test_engine.py" and not config.pluginmanager.hasplugin("loopscope"):
        return True
    if name == "test_auto.py" and config.getoption("asyncio_mode") != "auto":
        return True
    return None if SPEAKS.get(name, True) else True
