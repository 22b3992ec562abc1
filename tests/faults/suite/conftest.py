"""Fixtures of every scope, two on each loop, and in their midst the one with the fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import pytest

from tests.faults.cell import Phase
from tests.faults.probe import site_of
from tests.faults.site import written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.faults.site import Site

_SITE: Site = site_of()
_written = written(_SITE.cell.way)


@pytest.fixture(scope="session")
def site() -> Site:
    return _SITE


@pytest.fixture(scope="session")
@_written
async def session_base(site: Site) -> AsyncIterator[str]:
    async with site.held("session_base") as made_on:
        yield made_on


@pytest.fixture(scope="session")
@_written
async def session_top(site: Site, session_base: str) -> AsyncIterator[str]:
    async with site.held("session_top"):
        yield session_base


@pytest.fixture(scope="module")
@_written
async def module_base(site: Site) -> AsyncIterator[str]:
    async with site.held("module_base") as made_on:
        yield made_on


@pytest.fixture(scope="module")
@_written
async def module_top(site: Site, module_base: str) -> AsyncIterator[str]:
    async with site.held("module_top"):
        yield module_base


@pytest.fixture(scope="class")
@_written
async def class_base(site: Site) -> AsyncIterator[str]:
    async with site.held("class_base") as made_on:
        yield made_on


@pytest.fixture(scope="class")
@_written
async def class_top(site: Site, class_base: str) -> AsyncIterator[str]:
    async with site.held("class_top"):
        yield class_base


@pytest.fixture
@_written
async def function_base(site: Site) -> AsyncIterator[str]:
    async with site.held("function_base") as made_on:
        yield made_on


@pytest.fixture
@_written
async def function_top(site: Site, function_base: str) -> AsyncIterator[str]:
    async with site.held("function_top"):
        yield function_base


@pytest.fixture(scope=_SITE.cell.scope)
def remembered(site: Site, request: pytest.FixtureRequest) -> None:
    """Hand the request of this scope to the fault."""
    site.request = request


async def _faulty(site: Site, remembered: None) -> AsyncIterator[Any]:
    """The fixture with the fault."""
    if site.on_trio is False and not site.is_sync:
        import asyncio

        site.fixture_task = asyncio.current_task()
    await site.happen(Phase.SETUP)
    async with site.held("faulty"):
        if site.cell.phase is not Phase.BACKGROUND:
            yield None
        else:
            begin, done = anyio.Event(), anyio.Event()

            async def background() -> None:
                await begin.wait()
                await site.happen(Phase.BACKGROUND)
                done.set()

            async def while_it_happens() -> None:
                begin.set()
                await done.wait()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(background)
                yield while_it_happens
                begin.set() if site.fault is None else tasks.cancel_scope.cancel()
    await site.happen(Phase.TEARDOWN)


def _shape() -> Any:
    fault = _SITE.fault
    return _faulty if fault is None or fault.fixture is None else fault.fixture


faulty = pytest.fixture(scope=_SITE.cell.scope, name="faulty")(_written(_shape()))
