"""The fixture `event_loop`, which pytest-asyncio had until 1.0."""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from asyncio import get_running_loop as here
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest_asyncio.fixture
async def made(event_loop: AbstractEventLoop) -> AsyncIterator[AbstractEventLoop]:
    assert event_loop is here()
    yield event_loop
    assert event_loop is here()


@pytest.mark.asyncio
async def test_it_is_the_loop_that_the_test_runs_on(event_loop: AbstractEventLoop) -> None:
    assert event_loop is here()


@pytest.mark.asyncio
async def test_it_is_the_loop_of_the_fixtures_too(
    made: AbstractEventLoop, event_loop: AbstractEventLoop
) -> None:
    assert made is event_loop is here()


def test_a_sync_test_runs_something_on_it(event_loop: AbstractEventLoop) -> None:
    assert event_loop.run_until_complete(asyncio.sleep(0, "result")) == "result"


def test_a_sync_test_shares_it_with_its_fixtures(
    made: AbstractEventLoop, event_loop: AbstractEventLoop
) -> None:
    assert made is event_loop
    assert event_loop.run_until_complete(asyncio.sleep(0, "result")) == "result"
