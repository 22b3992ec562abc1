"""Which files are for our engine only, or for a mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    name = collection_path.name
    if name == "test_engine.py" and not config.pluginmanager.hasplugin("loopscope"):
        return True
    if name == "test_trio_mode.py" and not config.getini("trio_mode"):
        return True
    return None
