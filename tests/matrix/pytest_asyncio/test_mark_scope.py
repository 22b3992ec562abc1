"""The scope of a test's loop as 0.23 spells it: `scope`, and for a fixture, its own scope."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from asyncio import get_running_loop as here
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

loops: list[AbstractEventLoop] = []


@pytest_asyncio.fixture(scope="module")
async def of_module() -> AsyncIterator[AbstractEventLoop]:
    yield here()


@pytest.mark.asyncio(scope="module")
async def test_a_test_is_on_the_loop_of_its_module(of_module: AbstractEventLoop) -> None:
    assert of_module is here()
    loops.append(here())


@pytest.mark.asyncio(scope="module")
async def test_so_is_the_next() -> None:
    assert loops == [here()]


@pytest.mark.asyncio(scope="class")
class TestInAClass:
    async def test_a_class_has_a_loop(self) -> None:
        loops.append(here())
        assert loops[0] is not here()

    async def test_and_keeps_it(self) -> None:
        assert loops[1] is here()


@pytest.mark.asyncio
async def test_a_test_has_a_loop_to_itself() -> None:
    assert here() not in loops
