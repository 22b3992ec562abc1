"""A suite for each test, with every plugin installed."""

from __future__ import annotations

import pytest

pytest.importorskip("anyio")
pytest.importorskip("hypothesis")
pytest.importorskip("pytest_asyncio")
pytest.importorskip("pytest_timeout")
pytest.importorskip("pytest_trio")

from tests.pytest_features.inner import shield
from tests.scenarios.rows import MARK
from tests.vocabularies.suites import Suite


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{MARK}(number, plugin, library): the row that a test covers, in whose words."
    )


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """An empty suite, in a directory of its own."""
    shield(monkeypatch)
    return Suite(pytester, monkeypatch)
