"""What signal handlers and other threads may do to a loop that turns for a step.

They cannot touch what is on the loop: they ask the loop to do it. Cancelling comes first, as
anybody on the loop could do it; `abandon` is for what does not end by that, and at last a loop can
be given up with all that is on it.
"""

from __future__ import annotations

import abc
from functools import partial
from typing import TYPE_CHECKING

from loopscope.backends.drive import ATTEMPTS, LAST_ATTEMPT, Drive
from loopscope.backends.outcome import more_urgent

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from loopscope.backends.call_graph import Stack, TaskNode
    from loopscope.backends.outcome import Step


class Interruptible(abc.ABC):
    """The steps that a loop turns for, and the ways to end the innermost one."""

    cancellation: str
    """The exception that cancels, as user code calls it."""

    def __init__(self) -> None:
        self.drives: list[Drive] = []
        self._steps: list[Step] = []

    @abc.abstractmethod
    def call_soon(self, function: Callable[[], object]) -> None:
        """Call `function` in the next turn; may be called by a signal handler or another thread."""

    @abc.abstractmethod
    def running_stack(self, frame: FrameType | None) -> Stack | None:
        """Return the stack of `frame`, of the host's thread, since the loop began to turn."""

    @abc.abstractmethod
    def may_raise(self, frame: FrameType | None) -> bool:
        """Say whether the library can stand that an error is raised at `frame`."""

    @abc.abstractmethod
    def give_up(self) -> None:
        """Never turn the loop again, and keep all that is on it from being resumed."""

    @property
    def under_way(self) -> Step | None:
        """The step that the loop turns for, None between steps and outside."""
        step = self._steps[-1] if self._steps else None
        return None if step is None or step.is_outside else step

    def interrupt(
        self, error: BaseException, where: TracebackType | None, first: Callable[[], object]
    ) -> None:
        """Cancel the step under way as soon as the loop turns, and have it raise `error`.

        `where` is the traceback that the error is to have. `first` is called before the step is
        cancelled. Like `abandon`, this is for signal handlers and for other threads.
        """
        step = self.under_way
        if step is None:
            return
        step.interrupt, step.where = more_urgent(step.interrupt, error), step.where or where

        def stop() -> None:
            first()
            if not step.done:
                step.stop()

        self.call_soon(stop)

    def await_stack(self, running: Stack | None) -> Stack:
        """Return where the task of the step under way stands."""
        return self._steps[-1].task.await_stack(running)

    def call_graph(self, running: Stack | None) -> TaskNode:
        """Return what the task of the step under way waits for.

        `running` is where the loop's thread is just now, as `running_stack` tells it.
        """
        return self._steps[-1].task.call_graph(running)

    def place(self, where: TracebackType | None) -> None:
        """Take note of a better traceback for the error that the step under way is to raise."""
        step = self.under_way
        if step is not None and where is not None:
            step.where = where

    def abandon(self) -> bool:
        """Close the code that the loop turns for, which does not end, and never resume it.

        Return False if nothing helps, even though this is not the first time: then what is raised
        in the turn leaves the loop, which never turns again.
        """
        step = self.under_way
        if step is None:
            return True
        step.abandoned += 1
        if step.abandoned > LAST_ATTEMPT:
            self.give_up()
            return False
        if self.drives:
            self.call_soon(partial(self._abandon, self.drives[-1], 2 * ATTEMPTS))
        return True

    def _abandon(self, drive: Drive, attempts: int) -> None:
        if drive not in self.drives:
            return
        drive.abandon()
        drive.task.shake()
        if attempts:
            self.call_soon(partial(self._abandon, drive, attempts - 1))
