"""What is dropped, and tells of it only when it is collected; and values that nobody may touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import anyio

from tests.faults.cell import ASYNCIO, Phase
from tests.faults.table.register import TOLD, fault, faulty_fixture

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from tests.faults.site import Site

IN_THE_TEST = (Phase.BODY,)


class RaisesWhenItGoes:
    """An object with a faulty finalizer."""

    def __del__(self) -> None:
        raise ValueError("raised in __del__")


@fault(says="raised in __del__", like_sync=True)
async def raise_in_del(site: Site) -> None:
    RaisesWhenItGoes()


@fault(says="was never awaited", like_sync=True, noise="never awaited")
async def forget_to_await(site: Site) -> None:
    site.breathe()  # type: ignore[unused-coroutine]


async def _counting(site: Site) -> AsyncGenerator[int, None]:
    try:
        yield 1
        yield 2
    finally:
        await site.breathe()


@fault(backends=ASYNCIO)
async def drop_an_async_generator(site: Site) -> None:
    async for _ in _counting(site):
        break


KEPT: list[object] = []


@fault(says="LS313", at_the_end=True, options=TOLD, backends=ASYNCIO)
async def keep_an_async_generator_open(site: Site) -> None:
    generator = _counting(site)
    await generator.__anext__()
    KEPT.append(generator)


@fault(
    says="garbage collected before it had been exhausted",
    backends=("trio",),
    phases=IN_THE_TEST,
    noise="garbage collected before|ResourceWarning|_counting",
)
async def drop_an_async_generator_on_trio(site: Site) -> None:
    async for _ in _counting(site):
        break


@fault(phases=IN_THE_TEST)
async def keep_everything_in_a_cycle(site: Site) -> None:
    cycle: list[object] = [anyio.Event(), site]
    cycle.append(cycle)


class Hostile:
    """A value that raises whatever is done with it."""

    def __getattribute__(self, name: str) -> NoReturn:
        raise RuntimeError(f"no {name}")

    def __eq__(self, other: object) -> NoReturn:
        raise RuntimeError("no comparison")

    def __hash__(self) -> NoReturn:
        raise RuntimeError("no hash")

    def __bool__(self) -> NoReturn:
        raise RuntimeError("neither true nor false")

    def __repr__(self) -> NoReturn:
        raise RuntimeError("no repr")


@faulty_fixture(like_sync=True, phases=IN_THE_TEST)
async def give_a_value_that_nobody_may_touch(site: Site) -> AsyncIterator[Any]:
    async with site.held("faulty"):
        yield Hostile()


class Bare:
    """A value without a dictionary, which nothing can refer to weakly."""

    __slots__ = ()


@faulty_fixture(like_sync=True, phases=IN_THE_TEST)
async def give_a_value_without_weak_references(site: Site) -> AsyncIterator[Any]:
    async with site.held("faulty"):
        yield Bare()


@faulty_fixture(like_sync=True, phases=IN_THE_TEST)
async def give_an_error_as_a_value(site: Site) -> AsyncIterator[Any]:
    async with site.held("faulty"):
        yield ValueError("only a value")


class Waitable:
    """A value that could be awaited, and must not be by us."""

    def __await__(self) -> NoReturn:
        raise RuntimeError("awaited")


@faulty_fixture(like_sync=True, phases=IN_THE_TEST)
async def give_an_awaitable_as_a_value(site: Site) -> AsyncIterator[Any]:
    async with site.held("faulty"):
        yield Waitable()
