"""An empty suite for each test, run with all of the plugins that loopscope stands in for."""

from __future__ import annotations

import pytest

pytest.importorskip("anyio")
pytest.importorskip("hypothesis")
pytest.importorskip("pytest_asyncio")
pytest.importorskip("pytest_trio")

from tests.pytest_features.inner import shield
from tests.vocabularies.suites import Suite


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """An empty suite, in a directory of its own."""
    shield(monkeypatch)
    return Suite(pytester, monkeypatch)
