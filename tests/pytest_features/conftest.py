"""An inner suite for each test, and the backends that it is run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("anyio")
pytest.importorskip("trio")

from tests.pytest_features.inner import WAYS, Inner, shield

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> str:
    """The backend that the inner suite is run on."""
    return str(request.param)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """How the inner suite is written: "sync", the yardstick, or async, for a backend."""
    return str(request.param)


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Inner:
    """An empty suite, in a directory of its own."""
    shield(monkeypatch)
    return Inner(pytester, monkeypatch)


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """An empty suite, run with all of the plugins that loopscope stands in for."""
    from tests.vocabularies.suites import Suite

    shield(monkeypatch)
    return Suite(pytester, monkeypatch)
