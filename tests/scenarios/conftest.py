"""A suite for each test, with every plugin installed; and the rows that are not done yet."""

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

# By row: the tests that fail as yet. They are strict: whoever makes them pass takes the line out.
ROWS_IN_WORK: dict[int, tuple[str, ...]] = {}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{MARK}(number, plugin, library): the row that a test covers, in whose words."
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        mark = item.get_closest_marker(MARK)
        if mark is None:
            continue
        number = mark.args[0]
        if getattr(item, "originalname", None) in ROWS_IN_WORK.get(number, ()):
            item.add_marker(pytest.mark.xfail(strict=True, reason=f"row {number} is in work"))


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """An empty suite, in a directory of its own."""
    shield(monkeypatch)
    return Suite(pytester, monkeypatch)
