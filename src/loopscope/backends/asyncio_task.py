"""The task of a scope on an asyncio loop, which tells who has cancelled it.

asyncio tells a task that it is cancelled once, by an exception, and leaves it to whoever asked to
recognise it. So a `CancelledError` that comes out of user code may mean three things: a scope that
a fixture holds open was cancelled (by a callback or by another task), the code cancelled its own
task, or it awaited something that was cancelled. `NativeTask` counts who asked; from Python 3.11 on
`Task.cancelling` says in addition whether the request is still open, even if the code caught the
exception and went on.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from loopscope.backends.asyncio_graph import abandon_below, graph_of, stack_of
from loopscope.backends.call_graph import TaskNode
from loopscope.backends.outcome import ends_the_process
from loopscope.backends.task import ScopeTask
from loopscope.backends.watch import OWNER

if TYPE_CHECKING:
    import contextvars
    from types import FrameType

    from loopscope.backends.asyncio import AsyncioHost
    from loopscope.backends.call_graph import Stack
    from loopscope.backends.outcome import Step

# Suites put something else in place of these while a test runs, and do not mean us.
_sleep, _wait = asyncio.sleep, asyncio.wait


class NativeTask(asyncio.Task[None]):
    """The asyncio task of a scope task; it knows who cancelled it."""

    scope_task: AsyncioTask
    own_cancels = 0
    foreign_cancels = 0

    def cancel(self, msg: Any | None = None) -> bool:
        if sys.version_info >= (3, 11) and _is_by_group_being_left(sys._getframe(1)):
            cancelled = super().cancel(msg)
            self.uncancel()
            return cancelled
        # A task group that is left cancels its task anew for the sake of those further out.
        if asyncio.current_task(self.get_loop()) is self and not self.scope_task.unwinding:
            self.own_cancels += 1
        else:
            self.foreign_cancels += 1
        return super().cancel(msg)

    def cancel_by_host(self) -> None:
        """Cancel, on behalf of the caller of the host and of no scope."""
        self.own_cancels += 1
        super().cancel()

    def cancel_again(self, error: asyncio.CancelledError) -> None:
        """Deliver `error`, which came at a bad moment, once more."""
        super().cancel(*error.args[:1])
        if sys.version_info >= (3, 11):
            self.uncancel()

    def pending(self, error: asyncio.CancelledError | None) -> asyncio.CancelledError | None:
        """Return the request of a scope that is not taken back, and forget all others.

        `error` is what has been delivered. Requests must be forgotten because old libraries never
        take theirs back.
        """
        own, self.own_cancels = self.own_cancels, 0
        if sys.version_info >= (3, 11):
            for _ in range(own):
                self.uncancel()
            if self.foreign_cancels and self.cancelling():
                return error or asyncio.CancelledError()
            while self.cancelling():
                self.uncancel()
        elif self.foreign_cancels and not own and error is not None:
            return error
        self.foreign_cancels = 0
        return None


def _is_by_group_being_left(caller: FrameType) -> bool:
    """Say whether `caller` is a task group that catches the cancellation, but stays a requester.

    Before Python 3.13 a `TaskGroup` takes its request back as the block is left; when a child
    fails later, while the block waits for it, nobody does (python/cpython#116720).
    """
    if sys.version_info < (3, 11) or sys.version_info >= (3, 13):
        return False
    group = caller.f_locals.get("self")
    is_asked = caller.f_code is asyncio.TaskGroup._on_task_done.__code__
    return is_asked and bool(group._exiting)


class AsyncioTask(ScopeTask):
    """A scope task on an asyncio loop."""

    host: AsyncioHost

    def __init__(
        self, host: AsyncioHost, name: str, context: contextvars.Context, hidden: bool
    ) -> None:
        super().__init__(host, name, context)
        self._hidden = hidden
        self._shown = False
        self._native: NativeTask | None = None
        self._waiter: asyncio.Future[None] | None = None

    def wake(self) -> None:
        if self._native is None:
            self._start()
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _start(self) -> None:
        # Made by hand and not by `create_task`: a task factory of the user's is for the user's.
        loop = self.host.native
        if sys.version_info >= (3, 11):
            native = NativeTask(self._main(), loop=loop, name=self.name, context=self.context)
        else:
            native = NativeTask(self._main(), loop=loop, name=self.name)
            self._current = None  # a task cannot be given a context yet
        native.scope_task = self
        self._native = native
        self.host.natives.add(native)
        self._show(False)

    def shake(self) -> None:
        if self._native is not None:
            abandon_below(self._native, self.host.natives)
            self._native.cancel_by_host()

    def await_stack(self, running: Stack | None) -> Stack:
        return () if self._native is None else stack_of(self._native, running)

    def call_graph(self, running: Stack | None) -> TaskNode:
        if self._native is None:
            return TaskNode(self.name)
        return graph_of(self._native, running, self.host.natives)

    async def _main(self) -> None:
        native = self._native
        assert native is not None
        try:
            await self.serve()
        finally:
            self._native = None
            self.host.natives.remove(native)

    def _show(self, shown: bool) -> bool:
        """Let `asyncio.all_tasks` find the task or not; return whether it did."""
        before, self._shown = self._shown, shown
        if self._hidden and self._native is not None:
            (asyncio._register_task if shown else asyncio._unregister_task)(self._native)
        return before

    async def _park(self) -> None:
        shown = self._show(False)
        self._waiter = self.host.native.create_future()
        try:
            await self._waiter
        except asyncio.CancelledError as exc:
            if self._inbox is None:
                raise
            # A step came in the same turn: it is to feel it, at its first await.
            if self._native is not None:
                self._native.cancel_again(exc)
        finally:
            self._waiter = None
            self._show(shown)

    async def _await(self, step: Step) -> Any:
        assert self._native is not None
        shown = self._show(True)
        context = self._in_force(step.context)
        is_current = context is self._current
        token = OWNER.set(step.owner) if is_current else context.run(OWNER.set, step.owner)
        try:
            step.begin(self._native.cancel_by_host)
            return await self._run(step.action, context)
        finally:
            self._show(shown)
            try:
                if is_current:
                    OWNER.reset(token)
                else:
                    context.run(OWNER.reset, token)
            except ValueError:
                pass  # closed from outside, where another context is current

    async def _pending(self, delivered: BaseException | None) -> BaseException | None:
        native = self._native
        if native is None or not (native.own_cancels or native.foreign_cancels):
            return None
        cancelled = delivered if isinstance(delivered, asyncio.CancelledError) else None
        if cancelled is None:
            # Asked for, but perhaps not delivered yet: let it come here instead of at the next
            # await of a fixture.
            try:
                await _sleep(0)
            except asyncio.CancelledError as exc:
                cancelled = exc
        if cancelled is None and ends_the_process(delivered):
            # A task group that such an error ends never takes its own request back.
            native.foreign_cancels = 0
        return native.pending(cancelled)

    async def _until_done(self, step: Step) -> None:
        if step.done:
            return
        done: asyncio.Future[None] = self.host.native.create_future()
        step.on_done.append(lambda: done.set_result(None))
        while not done.done():
            try:
                await _wait([done])
            except asyncio.CancelledError:
                pass  # a scope that is further out will be found by `_pending`
