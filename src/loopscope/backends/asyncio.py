"""asyncio, with any loop factory: a host whose loop turns by `run_forever` until it is stopped.

asyncio tells a task that it is cancelled once, by an exception, and leaves it to whoever asked to
recognise it. So a `CancelledError` that comes out of user code may mean three things: a scope that
a fixture holds open was cancelled (by a callback or by another task), the code cancelled its own
task, or it awaited something that was cancelled. `_Native` counts who asked; from Python 3.11 on
`Task.cancelling` says in addition whether the request is still open.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, TypeVar

from loopscope.backends.base import AsyncFn, Host, ScopeTask, Step
from loopscope.backends.context import await_in

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Callable

T = TypeVar("T")

# Before 3.11 a task cannot be given a context, nor be asked whether it is being cancelled.
TASKS_TAKE_A_CONTEXT = sys.version_info >= (3, 11)


class _Native(asyncio.Task[None]):
    """The asyncio task of a scope task; it knows who cancelled it."""

    scope_task: AsyncioTask
    own_cancels = 0
    foreign_cancels = 0

    def cancel(self, msg: Any | None = None) -> bool:
        if asyncio.current_task(self.get_loop()) is self:
            self.own_cancels += 1
        else:
            self.foreign_cancels += 1
        return super().cancel(msg)

    def cancel_by_host(self) -> None:
        """Cancel, on behalf of the caller of the host and of no scope."""
        self.own_cancels += 1
        super().cancel()

    @property
    def is_asked_by_a_scope(self) -> bool:
        """Whether somebody other than this task itself asked, and has not taken it back."""
        if sys.version_info >= (3, 11):
            return self.foreign_cancels > 0 and self.cancelling() > self.own_cancels
        return self.foreign_cancels > 0

    def forget_cancels(self) -> None:
        """Start anew: old libraries never take their requests back."""
        self.own_cancels = self.foreign_cancels = 0
        if sys.version_info >= (3, 11):
            while self.cancelling():
                self.uncancel()


class AsyncioTask(ScopeTask):
    """A scope task on an asyncio loop."""

    host: AsyncioHost

    def __init__(
        self, host: AsyncioHost, name: str, context: contextvars.Context, hidden: bool
    ) -> None:
        super().__init__(host, name, context)
        self._hidden = hidden
        self._native: _Native | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._swallowed = False

    def _wake(self) -> None:
        if self._native is None:
            self._start()
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _start(self) -> None:
        # Made by hand and not by `create_task`: a task factory of the user's is for the user's.
        loop = self.host.native
        if sys.version_info >= (3, 11):
            native = _Native(self._main(), loop=loop, name=self.name, context=self.context)
        else:
            native = _Native(self._main(), loop=loop, name=self.name)
        native.scope_task = self
        self._native = native
        if self._hidden:
            asyncio._unregister_task(native)

    async def _main(self) -> None:
        try:
            await self.serve()
        finally:
            self._native = None

    async def _park(self) -> None:
        self._waiter = self.host.native.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    async def _await(self, step: Step) -> Any:
        return await self._resume(step.action, step.context)

    async def _resume(self, action: AsyncFn[T], context: contextvars.Context | None) -> T:
        if context is None and TASKS_TAKE_A_CONTEXT:
            return await action()
        return await await_in(context or self.context, action)

    def _cancel(self, step: Step) -> None:
        if self._native is not None:
            self._native.cancel_by_host()

    async def _cancellation_after(self, step: Step) -> BaseException | None:
        native = self._native
        if native is None or not (native.own_cancels or native.foreign_cancels):
            return None
        cancelled = step.error if isinstance(step.error, asyncio.CancelledError) else None
        if cancelled is None:
            # Asked for, but perhaps not delivered yet: let it come here instead of at the next
            # await of a fixture.
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError as exc:
                cancelled = exc
        if cancelled is not None and native.is_asked_by_a_scope and not step.stopped:
            return cancelled
        native.forget_cancels()
        return None

    def _cancelled_again(self) -> BaseException | None:
        swallowed, self._swallowed = self._swallowed, False
        native = self._native
        if native is None:
            return None
        if swallowed and native.is_asked_by_a_scope:
            return asyncio.CancelledError()
        native.forget_cancels()
        return None

    async def _until_done(self, step: Step) -> None:
        if step.done:
            return
        done: asyncio.Future[None] = self.host.native.create_future()
        step.on_done.append(lambda: done.set_result(None))
        while not done.done():
            try:
                await asyncio.wait([done])
            except asyncio.CancelledError:
                self._swallowed = True


class AsyncioHost(Host):
    """Owns an asyncio event loop."""

    library = "asyncio"
    cancelled_type = asyncio.CancelledError

    def __init__(
        self,
        backend: str,
        name: str,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
        *,
        debug: bool | None = None,
    ) -> None:
        super().__init__(backend, name)
        self._loop = loop_factory()
        if debug is not None:
            self._loop.set_debug(debug)

    @property
    def native(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def task(self, name: str, context: contextvars.Context, *, hidden: bool = False) -> ScopeTask:
        return AsyncioTask(self, name, context, hidden)

    def split(self, error: BaseException) -> tuple[BaseException | None, BaseException | None]:
        return (error, None) if isinstance(error, asyncio.CancelledError) else (None, error)

    def _turn(self) -> None:
        self._loop.run_forever()

    def _stop(self) -> None:
        self._loop.stop()

    def _is_closed(self) -> bool:
        return self._loop.is_closed()

    def _scope_task(self) -> ScopeTask | None:
        task = asyncio.current_task(self._loop)
        return task.scope_task if isinstance(task, _Native) else None

    def _shut_down(self) -> None:
        loop = self._loop
        if loop.is_closed():
            return
        try:
            left = asyncio.all_tasks(loop)
            if left:
                loop.run_until_complete(_cancel_all(left))
            # uvloop keeps these two to itself, so there the steps are always taken.
            if getattr(loop, "_asyncgens", True):
                loop.run_until_complete(loop.shutdown_asyncgens())
            if getattr(loop, "_default_executor", True) is not None:
                loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            loop.close()


async def _cancel_all(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler(
                {
                    "message": "unhandled exception while the loop was closed",
                    "exception": error,
                    "task": task,
                }
            )
