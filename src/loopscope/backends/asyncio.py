"""asyncio, with any loop factory: a host whose loop turns by `run_forever` until it is stopped.

asyncio tells a task that it is cancelled once, by an exception, and leaves it to whoever asked to
recognise it. So a `CancelledError` that comes out of user code may mean three things: a scope that
a fixture holds open was cancelled (by a callback or by another task), the code cancelled its own
task, or it awaited something that was cancelled. `_Native` counts who asked; from Python 3.11 on
`Task.cancelling` says in addition whether the request is still open, even if the code caught the
exception and went on.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import warnings
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from loopscope.backends.base import Host, ScopeTask
from loopscope.errors import HostError

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Callable, Coroutine

    from loopscope.backends.outcome import Step


T = TypeVar("T")


class _Native(asyncio.Task[None]):
    """The asyncio task of a scope task; it knows who cancelled it."""

    scope_task: AsyncioTask
    own_cancels = 0
    foreign_cancels = 0

    def cancel(self, msg: Any | None = None) -> bool:
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


class AsyncioTask(ScopeTask):
    """A scope task on an asyncio loop."""

    host: AsyncioHost

    def __init__(
        self, host: AsyncioHost, name: str, context: contextvars.Context, hidden: bool
    ) -> None:
        super().__init__(host, name, context)
        self._hidden = hidden
        self._shown = False
        self._native: _Native | None = None
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
            native = _Native(self._main(), loop=loop, name=self.name, context=self.context)
        else:
            native = _Native(self._main(), loop=loop, name=self.name)
            self._current = None  # a task cannot be given a context yet
        native.scope_task = self
        self._native = native
        self.host.natives.add(native)
        self._show(False)

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
        try:
            step.begin(self._native.cancel_by_host)
            return await self._run(step.action, step.context)
        finally:
            self._show(shown)

    async def _pending(self, delivered: BaseException | None) -> BaseException | None:
        native = self._native
        if native is None or not (native.own_cancels or native.foreign_cancels):
            return None
        cancelled = delivered if isinstance(delivered, asyncio.CancelledError) else None
        if cancelled is None:
            # Asked for, but perhaps not delivered yet: let it come here instead of at the next
            # await of a fixture.
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError as exc:
                cancelled = exc
        return native.pending(cancelled)

    async def _until_done(self, step: Step) -> None:
        if step.done:
            return
        done: asyncio.Future[None] = self.host.native.create_future()
        step.on_done.append(lambda: done.set_result(None))
        while not done.done():
            try:
                await asyncio.wait([done])
            except asyncio.CancelledError:
                pass  # a scope that is further out will be found by `_pending`


class _Current(threading.local):
    """The loop and the policy that synchronous code of a thread finds."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._policy_before: Any = None

    def set(self, loop: asyncio.AbstractEventLoop | None, policy: Any) -> None:
        """Make `loop` the current one, under a policy of its own if it has one."""
        self.loop = loop
        if policy is not None or self._policy_before is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                if self._policy_before is None:
                    self._policy_before = asyncio.get_event_loop_policy()
                asyncio.set_event_loop_policy(policy or self._policy_before)
        asyncio.set_event_loop(loop)

    def forget(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take `loop`, which is closed, back if it is the current one."""
        if self.loop is not loop:
            return
        self.set(None, None)
        self._policy_before = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            local: Any = getattr(asyncio.get_event_loop_policy(), "_local", None)
        if getattr(local, "_set_called", False):
            # As it was before: synchronous code may have a loop made for it by asking for one.
            local._set_called = False


current = _Current()


class AsyncioHost(Host):
    """Owns an asyncio event loop."""

    library = "asyncio"
    cancelled_type = asyncio.CancelledError

    def __init__(
        self,
        backend: str,
        name: str,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
        *,
        debug: bool | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        policy: Any = None,
        collects_errors: bool = False,
    ) -> None:
        """Make the loop by a factory or a policy, or take `loop`, which its maker closes.

        With `collects_errors`, what the loop's exception handler is told fails the step under way.
        """
        super().__init__(backend, name)
        self.natives: set[_Native] = set()
        self._policy = policy
        self._is_borrowed = loop is not None
        if loop is None:
            make_loop = asyncio.new_event_loop if policy is None else policy.new_event_loop
            loop = (loop_factory or make_loop)()
        self._loop = loop
        if collects_errors:
            loop.set_exception_handler(self._collect)
        if debug is not None:
            self._loop.set_debug(debug)
        self._interrupt: BaseException | None = None
        self._tell = self._loop.call_exception_handler
        self._loop.call_exception_handler = self._hear  # type: ignore[method-assign]

    @property
    def native(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def become_current(self) -> None:
        current.set(self._loop, self._policy)

    def run_beside(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        before = current.loop
        self.become_current()
        try:
            return function(*args, **kwargs)
        finally:
            current.set(before, self._policy)

    def task(self, name: str, context: contextvars.Context, *, hidden: bool = False) -> ScopeTask:
        return AsyncioTask(self, name, context, hidden)

    def split(self, error: BaseException) -> tuple[BaseException | None, BaseException | None]:
        return (error, None) if isinstance(error, asyncio.CancelledError) else (None, error)

    def _hear(self, context: dict[str, Any]) -> None:
        # A loop only logs what comes out of a callback, and uvloop runs signal handlers in one.
        # What is no `Exception` is for somebody: pytest's own outcomes, when a time is up, say.
        error = context.get("exception")
        if "handle" in context and not isinstance(error, (Exception, asyncio.CancelledError)):
            self._interrupt = error
            self._stop()
        else:
            self._tell(context)

    def _collect(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            self._background_errors.append(error)
        else:
            loop.default_exception_handler(context)

    def _turn(self) -> None:
        self._loop.run_forever()
        interrupt, self._interrupt = self._interrupt, None
        if interrupt is not None:
            raise interrupt

    def _stop(self) -> None:
        self._loop.stop()

    def _call_soon(self, function: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # somebody has closed the loop
            self._loop.call_soon_threadsafe(function)

    def _is_closed(self) -> bool:
        return self._loop.is_closed()

    def _refusal(self) -> str | None:
        refusal = super()._refusal()
        if refusal is None and asyncio._get_running_loop() is not None:
            return f"the loop of {self.name} cannot run while another one runs in this thread"
        return refusal

    def _scope_task(self) -> ScopeTask | None:
        task = asyncio.current_task(self._loop)
        return task.scope_task if isinstance(task, _Native) else None

    def _shut_down(self) -> None:
        loop = self._loop
        if self._is_borrowed and not loop.is_closed():
            if self.natives:
                self._complete(lambda: _cancel_all(set(self.natives)), self._patience_ends())
            del loop.call_exception_handler
            return
        if loop.is_closed():
            for native in self.natives:
                # Whoever closed the loop has been told, by every step since.
                _forget(native)
            current.forget(loop)
            raise HostError("somebody else has closed it")
        deadline = self._patience_ends()
        try:
            # uvloop keeps these three to itself, so there the steps are always taken.
            for _ in range(2):
                # What is ready may be an async generator that was dropped, and wants to be closed.
                if getattr(loop, "_ready", True):
                    _turn_once(loop)
            tasks = asyncio.all_tasks(loop) | self.natives
            if tasks:
                self._complete(lambda: _cancel_all(tasks), deadline)
            if getattr(loop, "_asyncgens", True) or _is_replaced(loop, "shutdown_asyncgens"):
                self._complete(loop.shutdown_asyncgens, deadline)
            left: list[object] = [_Left(task) for task in tasks if not task.done()]
            has_threads = getattr(loop, "_default_executor", True) is not None
            if has_threads and not self._complete(loop.shutdown_default_executor, deadline):
                left.append("a job of its default executor")
        finally:
            loop.close()
            current.forget(loop)
        if left:
            self._give_up(*left)

    def _complete(
        self, async_fn: Callable[[], Coroutine[Any, Any, object]], deadline: float | None
    ) -> bool:
        """Await `async_fn()` until `deadline`, if there is one; return whether it has ended."""
        loop = self._loop
        if self._gives_up is not None:
            return False
        task = loop.create_task(async_fn())
        # By a thread: the clock of the loop is not always that of the wall.
        timer = None
        if deadline is not None:
            patience = max(0.0, deadline - time.monotonic())
            timer = threading.Timer(patience, partial(self._call_soon, loop.stop))
            timer.daemon = True
            timer.start()
        try:
            loop.run_until_complete(task)
        except RuntimeError:
            if task.done():
                raise
            _forget(task)
        finally:
            if timer is not None:
                timer.cancel()
        return task.done()


def _turn_once(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_until_complete(asyncio.sleep(0))
    except RuntimeError:
        pass  # somebody had stopped it before; what has not run is cancelled with all the rest


class _Left:
    """A task that has not ended, to be kept alive, and what to call it."""

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self._task = task
        _forget(task)

    def __str__(self) -> str:
        coroutine = self._task.get_coro()
        name = getattr(coroutine, "__qualname__", coroutine)
        return f"task {self._task.get_name()} ({name})"


def _forget(task: asyncio.Task[Any]) -> None:
    """Let nobody complain of `task` when it is dropped before it has ended."""
    task._log_destroy_pending = False  # type: ignore[attr-defined]


def _is_replaced(loop: asyncio.AbstractEventLoop, method: str) -> bool:
    """Say whether somebody has put something of their own in place of a method of `loop`."""
    return method in getattr(loop, "__dict__", ())


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
