"""Where a fault is put: what the suite around it records, and what a fault may look at."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel

from tests.faults.cell import SYNC, Cell, Fault, Phase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator
    from pathlib import Path

    import pytest

CELL = "FAULT_CELL"
RECORD = "FAULT_RECORD"
DIRECTORY = "FAULT_DIRECTORY"


@dataclass
class Site:
    """The suite around a fault, in the process that runs it."""

    cell: Cell
    fault: Fault | None
    directory: Path
    record_fd: int
    request: pytest.FixtureRequest | None = None
    fixture_task: asyncio.Task[Any] | None = None
    fixture_scope: anyio.CancelScope | None = None
    kept: list[object] = field(default_factory=list)
    loops: list[object] = field(default_factory=list)

    @property
    def is_sync(self) -> bool:
        """Whether this is the suite without any loop."""
        return self.cell.way == SYNC

    @property
    def on_trio(self) -> bool:
        """Whether the suite runs on trio."""
        return self.cell.way == "trio"

    def record(self, kind: str, **what: object) -> None:
        """Write a line into the record; it is on disk when this returns, whatever comes next."""
        os.write(self.record_fd, (json.dumps({"kind": kind, **what}) + "\n").encode())

    def here(self) -> str:
        """Name the loop that the calling code runs on: a loop keeps its name."""
        if self.is_sync:
            return SYNC
        loop: object
        try:
            if self.on_trio:
                import trio

                loop = trio.lowlevel.current_trio_token()
            else:
                loop = asyncio.get_running_loop()
        except RuntimeError:
            return "no loop"
        for number, known in enumerate(self.loops):
            if known is loop:
                return f"loop {number}"
        # Kept, so that no other one can be taken for it; whether it is closed is asked at the end.
        self.loops.append(loop)
        return f"loop {len(self.loops) - 1}"

    async def breathe(self) -> None:
        """Let other tasks run, where there are any."""
        if not self.is_sync:
            await anyio.lowlevel.checkpoint()

    def at_the_end(self, undo: Callable[[], object]) -> None:
        """Have the scope of the fault call `undo` when it ends."""
        assert self.request is not None
        self.request.addfinalizer(undo)

    async def happen(self, phase: Phase) -> object:
        """Let the fault happen, if `phase` is its moment."""
        if phase is self.cell.phase and self.fault is not None and self.fault.act is not None:
            return await self.fault.act(self)
        return None

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[str]:
        """Record that fixture `name` is up, and on which loop, and then that it is down."""
        made_on = self.here()
        self.record("up", name=name, loop=made_on)
        try:
            yield made_on
            await self.breathe()
        finally:
            self.record("down", name=name, loop=self.here())

    async def work(self, made_on: str) -> None:
        """Use the loop as a test would: it must be that of its fixture, and have tasks and time."""
        assert self.here() == made_on
        if not self.is_sync:
            done = anyio.Event()

            async def be_done() -> None:
                await anyio.sleep(0.0001)
                done.set()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(be_done)
                await done.wait()


def drive(awaitable: Awaitable[Any]) -> Any:
    """Run code that awaits nothing that is not ready to its end."""
    iterator = iter(awaitable.__await__())
    try:
        next(iterator)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("a fault that is compared with its sync form must not wait")


def written(way: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that makes an async function the sync one of the same words, if asked."""

    def as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
        return function

    def as_sync(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def plain(*args: Any, **kwargs: Any) -> Any:
            return drive(function(*args, **kwargs))

        @functools.wraps(function)
        def generator(*args: Any, **kwargs: Any) -> Generator[Any, None, None]:
            steps = function(*args, **kwargs)
            while True:
                try:
                    value = drive(steps.__anext__())
                except StopAsyncIteration:
                    return
                yield value

        if inspect.isasyncgenfunction(function):
            return generator
        return plain if inspect.iscoroutinefunction(function) else function

    return as_sync if way == SYNC else as_it_is
