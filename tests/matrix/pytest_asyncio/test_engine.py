"""What pytest-asyncio cannot do by itself, so that nobody mistakes whose engine it is."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from asyncio import get_running_loop as here
from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

var = ContextVar("var", default="unset")


@pytest_asyncio.fixture(scope="module")
async def of_module() -> AsyncIterator[AbstractEventLoop]:
    yield here()


@pytest.fixture
def sets() -> Iterator[None]:
    token = var.set("by a fixture")
    yield
    var.reset(token)


@pytest.mark.asyncio
async def test_a_test_follows_a_wider_fixture_that_declares_nothing(
    of_module: AbstractEventLoop, sets: None
) -> None:
    assert of_module is here()
    assert var.get() == "by a fixture"


@pytest.mark.asyncio
async def test_our_plugin_executes_and_theirs_does_not(request: pytest.FixtureRequest) -> None:
    manager = request.config.pluginmanager
    assert manager.hasplugin("loopscope-execution")
    assert getattr(manager.get_plugin("asyncio"), "__name__", "").startswith("loopscope.")
    assert type(request.node) is pytest.Function
