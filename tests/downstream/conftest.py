"""What the tests of the command share."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a data file and return its path; skip where Python cannot read TOML."""
    if not any(importlib.util.find_spec(name) for name in ("tomllib", "tomli")):
        pytest.skip("neither tomllib nor tomli")

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
