"""The words of each library for the same things, so that a rule is written once.

Besides the libraries' own words there are anyio's, on each of them: its task groups and cancel
scopes cancel differently on asyncio (again and again, until the scope is left).
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from loopscope.backends import registry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable

    from loopscope.backends.base import Host

NEVER = 3600.0  # seconds; whoever waits so long is to be cancelled


class Words:
    """What a test says to an async library."""

    too_slow: type[BaseException] = TimeoutError

    def __init__(self, backend: str) -> None:
        self.backend = backend

    @property
    def id(self) -> str:
        return self.backend

    def open(self, name: str = "the loop") -> Host:
        """Open a host, or skip the test if the library is not installed."""
        pytest.importorskip(registry.get(self.backend).library)
        return registry.get(self.backend).open(name)

    async def checkpoint(self) -> None:
        await self.sleep(0)

    async def forever(self) -> None:
        await self.sleep(NEVER)

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError

    def event(self) -> Any:
        """Return an object with `set()` and `await wait()`."""
        raise NotImplementedError

    def current_task(self) -> object:
        raise NotImplementedError

    def task_group(self) -> Any:
        """Return a context manager of an object with `start_soon(async_fn, *args)`."""
        raise NotImplementedError

    def timeout(self) -> Any:
        """Return a context manager of a function that lets the time be over now."""
        raise NotImplementedError

    def scope(self) -> Any:
        """Return a context manager of a function that cancels the block, which absorbs it."""
        raise NotImplementedError


class AsyncioWords(Words):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def event(self) -> Any:
        return asyncio.Event()

    def current_task(self) -> object:
        return asyncio.current_task()

    @asynccontextmanager
    async def task_group(self) -> AsyncGenerator[Any, None]:
        if sys.version_info < (3, 11):
            raise NotImplementedError

        class Group:
            @staticmethod
            def start_soon(async_fn: Any, *args: Any) -> None:
                native.create_task(async_fn(*args))

        async with asyncio.TaskGroup() as native:
            yield Group

    @asynccontextmanager
    async def timeout(self) -> AsyncGenerator[Callable[[], None], None]:
        if sys.version_info < (3, 11):
            raise NotImplementedError
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as native:
            yield lambda: native.reschedule(loop.time())

    @asynccontextmanager
    async def scope(self) -> AsyncGenerator[Callable[[], object], None]:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        assert task is not None
        asked = False

        def cancel() -> None:
            nonlocal asked
            asked = True
            loop.call_soon(task.cancel)

        try:
            yield cancel
        except asyncio.CancelledError:
            if not asked or (sys.version_info >= (3, 11) and task.uncancel()):
                raise


class TrioWords(Words):
    @property
    def too_slow(self) -> type[BaseException]:  # type: ignore[override]
        import trio

        return trio.TooSlowError

    async def sleep(self, seconds: float) -> None:
        import trio

        await trio.sleep(seconds)

    def event(self) -> Any:
        import trio

        return trio.Event()

    def current_task(self) -> object:
        import trio

        return trio.lowlevel.current_task()

    def task_group(self) -> Any:
        import trio

        return trio.open_nursery()

    @asynccontextmanager
    async def timeout(self) -> AsyncGenerator[Callable[[], None], None]:
        import trio

        with trio.fail_after(NEVER) as native:

            def expire() -> None:
                native.deadline = trio.current_time()

            yield expire

    @asynccontextmanager
    async def scope(self) -> AsyncGenerator[Callable[[], None], None]:
        import trio

        with trio.CancelScope() as native:
            yield native.cancel


class AnyioWords(Words):
    @property
    def id(self) -> str:
        return f"anyio-{self.backend}"

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)

    def event(self) -> Any:
        return anyio.Event()

    def current_task(self) -> object:
        return anyio.get_current_task().id

    def task_group(self) -> Any:
        return anyio.create_task_group()

    @asynccontextmanager
    async def timeout(self) -> AsyncGenerator[Callable[[], None], None]:
        with anyio.fail_after(NEVER) as native:

            def expire() -> None:
                native.deadline = anyio.current_time()

            yield expire

    @asynccontextmanager
    async def scope(self) -> AsyncGenerator[Callable[[], None], None]:
        with anyio.CancelScope() as native:
            yield native.cancel


OWN: tuple[Words, ...] = (AsyncioWords("asyncio"), AsyncioWords("uvloop"), TrioWords("trio"))
ALL = (*OWN, *(AnyioWords(words.backend) for words in OWN))


def _spoken_in(words: Iterable[Words]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("words", words, ids=lambda words: words.id)


in_all_words = _spoken_in(ALL)
in_asyncio = _spoken_in(OWN[:2])
in_anyio = _spoken_in(ALL[3:])
# asyncio itself has no task group and no timeout before 3.11.
STRUCTURED = ALL if sys.version_info >= (3, 11) else ALL[2:]
in_structured_words = _spoken_in(STRUCTURED)
