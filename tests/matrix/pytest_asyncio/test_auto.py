"""The mode in which no test and no fixture has to be marked."""

from __future__ import annotations

import asyncio
from asyncio import get_running_loop as here
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def made() -> AsyncIterator[asyncio.AbstractEventLoop]:
    yield here()
    await asyncio.sleep(0)


async def test_a_test_needs_no_mark(made: asyncio.AbstractEventLoop) -> None:
    assert made is here()


def test_a_sync_test_uses_an_async_fixture(made: asyncio.AbstractEventLoop) -> None:
    assert isinstance(made, asyncio.AbstractEventLoop)


class TestInAClass:
    async def test_a_method(self, made: asyncio.AbstractEventLoop) -> None:
        assert made is here()

    @staticmethod
    async def test_a_static_method(made: asyncio.AbstractEventLoop) -> None:
        assert made is here()


def test_unmarked_tests_bear_the_mark(request: pytest.FixtureRequest) -> None:
    here = [item for item in request.session.items if item.path == request.path]
    marked = {item.name for item in here if item.get_closest_marker("asyncio") is not None}
    assert marked == {"test_a_test_needs_no_mark", "test_a_method", "test_a_static_method"}
    assert marked == {item.name for item in here if pytest_asyncio.is_async_test(item)}
