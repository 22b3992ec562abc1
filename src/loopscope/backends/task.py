"""The task of a scope: it performs steps, holds fixtures open, and unwinds when it is cancelled.

A cancellation can reach a scope task at three moments: parked, in the middle of a step, or just
before a step ends. Each means that a scope around the task was cancelled, and that scope is held
open by one of the fixtures on the task's stack: which one, only unwinding can tell. So it unwinds
at once, as nested blocks would. Whatever runs below and needs the innermost fixture is cancelled
first, then the cancellation is thrown in at that fixture's `yield`; if it comes out again it goes
on to the next fixture outwards; the first that turns it into something else (a group's error, a
TimeoutError) or absorbs it is the owner. Fixtures further out are not touched, unless a scope of
theirs is cancelled as well: then it begins again. Each round is a `Crash`, reported with the
outcome of the step that was under way.

A fixture that is asked for by code of a step in the same scope is entered in a task *beside*: were
it entered in this one, its scopes would lie inside those that the step has open just then, and be
left after them.
"""

from __future__ import annotations

import abc
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from loopscope.backends.drive import Drive
from loopscope.backends.outcome import Crash, without_frames_of_ours

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Iterator

    from loopscope.backends.base import Host
    from loopscope.backends.call_graph import Stack, TaskNode
    from loopscope.backends.outcome import AsyncFn, Entry, Errand, Step

T = TypeVar("T")


class ScopeTask(abc.ABC):
    """The one task in which the fixtures of one scope are entered and left.

    It is started by its first step and ends by itself as soon as it holds nothing open. All that
    runs in it sees `context`, which outlives it.
    """

    def __init__(self, host: Host, name: str, context: contextvars.Context) -> None:
        self.host = host
        self.name = name
        self.context = context
        self.stack: list[Entry] = []
        self.unwinding = False
        # The context in force, unless it is none that we know.
        self._current: contextvars.Context | None = context
        self._inbox: Step | None = None
        self._beside: ScopeTask | None = None

    @abc.abstractmethod
    def wake(self) -> None:
        """Start the task, or wake it where it is parked, to look around."""

    @abc.abstractmethod
    def shake(self) -> None:
        """Have the task resumed now, whatever it awaits: the code under way is abandoned.

        Tasks of the user's that it waits for are abandoned as well.
        """

    def may_abandon(self, sent: object) -> bool:
        """Say whether abandoned code may be told so where it is about to be resumed with `sent`."""
        return True

    @abc.abstractmethod
    def await_stack(self, running: Stack | None) -> Stack:
        """Return where the task stands; `running` is where its thread is just now."""

    @abc.abstractmethod
    def call_graph(self, running: Stack | None) -> TaskNode:
        """Return the task and what it waits for; `running` is where its thread is just now."""

    @abc.abstractmethod
    async def _park(self) -> None:
        """Wait to be woken; raises the library's cancellation if a scope around is cancelled."""

    @abc.abstractmethod
    async def _await(self, step: Step) -> Any:
        """Begin `step` and await its action."""

    @abc.abstractmethod
    async def _pending(self, delivered: BaseException | None) -> BaseException | None:
        """Return the cancellation that a scope around asks for, and forget any other.

        `delivered` is what came out of the step that has just ended.
        """

    @abc.abstractmethod
    async def _until_done(self, step: Step) -> None:
        """Wait until `step`, of another task, is done, whatever is cancelled meanwhile."""

    def send(self, step: Step) -> None:
        """Hand `step` to the task."""
        self._inbox = step
        self.wake()

    def chain(self) -> Iterator[ScopeTask]:
        """Yield this task and those beside it, as many as were needed so far."""
        task: ScopeTask | None = self
        while task is not None:
            yield task
            task = task._beside

    def beside(self) -> ScopeTask:
        """Return the task for what is asked for while this one is busy."""
        if self._beside is None:
            self._beside = self.host.task(self.name, self.context, hidden=True)
        return self._beside

    async def open(self, entry: Entry) -> Any:
        """Set `entry` up, on top of the stack, and return its value."""
        value = await entry.open()
        self.stack.append(entry)
        return value

    async def close(self, entry: Entry, thrown: BaseException | None = None) -> None:
        """Tear `entry` down, or throw `thrown` in at its `yield`."""
        self.stack.remove(entry)
        await entry.close(thrown)

    async def serve(self) -> None:
        """Perform steps until nothing is held open: the body of the task."""
        while self.stack or self._inbox is not None:
            step, self._inbox = self._inbox, None
            if step is not None:
                await self._perform(step)
                continue
            try:
                await self._park()
            except self.host.cancelled_type as exc:
                await self._unwind(exc)

    async def serve_until(self, errand: Errand) -> None:
        """Wait in the middle of a step until `errand` is done, and leave what is to be left."""
        while not errand.done:
            step, self._inbox = self._inbox, None
            if step is None:
                await self._park()
            else:
                await self._await_into(step)
                self.host.finish(step)

    def _in_force(self, context: contextvars.Context | None) -> contextvars.Context:
        """Return `context` if there is one, else what code of this task sees by now."""
        if context is not None:
            return context
        return self.context if self._current is None else self._current

    async def _run(self, action: AsyncFn[T], context: contextvars.Context | None) -> T:
        """Await `action` in `context`, or in the one in force."""
        context = self._in_force(context)
        before, self._current = self._current, context
        drive = Drive(self)
        self.host.drives.append(drive)
        try:
            return await drive.run(action, None if context is before else context)
        finally:
            self.host.drives.remove(drive)
            self._current = before

    async def _perform(self, step: Step) -> None:
        await self._await_into(step)
        cancelled = await self._pending(step.error)
        cause = await self._unwind(cancelled) if cancelled is not None and self.stack else None
        # What nobody owns has hurt nobody, unless the step says so.
        if cause is not None and (cause.owner is not None or step.error is not None):
            step.blame(cause)
        self.host.finish(step)

    async def _await_into(self, step: Step) -> None:
        try:
            step.value = await self._await(step)
        except BaseException as exc:
            step.error = without_frames_of_ours(exc)
        finally:
            step.cancel = None

    async def _unwind(self, cancelled: BaseException) -> Crash:
        """Throw `cancelled` in, from the innermost fixture outwards, until nothing is cancelled."""
        self.unwinding = True
        self.host.unwinding += 1
        crashes: list[Crash] = []
        stopped: list[Step] = []
        again: BaseException | None = cancelled
        while self.stack and again is not None:
            crashes.append(await self._unwind_to_owner(again, stopped))
            again = await self._pending(None)
        cause = next((crash for crash in crashes if crash.error is not None), crashes[0])
        for step in stopped:
            step.blame(cause)
        self.unwinding = False
        self.host.unwound(crashes)
        return cause

    async def _unwind_to_owner(self, cancelled: BaseException, stopped: list[Step]) -> Crash:
        crash = Crash()
        while self.stack and crash.owner is None:
            entry = self.stack[-1]
            for step in self.host.steps_that_need(entry):
                if step.task is not self:
                    step.stop()
                    stopped.append(step)
                    await self._until_done(step)
                elif step is self._inbox:
                    step.stop()
                    stopped.append(step)
            crash.unwound.append(entry)
            try:
                await self._run(partial(self.close, entry, cancelled), None)
            except BaseException as exc:
                passed_on, own = self.host.split(exc)
                if passed_on is None:
                    crash.owner, crash.error = entry, without_frames_of_ours(exc)
                else:
                    cancelled, entry.error = passed_on, own
            else:
                crash.owner = entry
        return crash
