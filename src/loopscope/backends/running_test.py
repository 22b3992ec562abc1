"""A test that runs side by side with its fixtures, as a timer sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from loopscope.backends.call_graph import TaskNode, calls_of, running_below
from loopscope.backends.drive import LAST_ATTEMPT, Abandoned
from loopscope.backends.outcome import more_urgent
from loopscope.backends.trio_graph import graph_of, stack_of
from loopscope.backends.trio_seam import abort, with_descendants

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from loopscope.backends.call_graph import Stack
    from loopscope.backends.side_by_side import TestRun


class RunningTest:
    """A test while it is run, for whoever wants to end it before its time.

    It is to a timer what a `Host` is: its methods do what those of the same name do there. `error`
    and `where` are what it was ended with.
    """

    cancellation = "trio.Cancelled"

    def __init__(self, name: str) -> None:
        self.error: BaseException | None = None
        self.where: TracebackType | None = None
        self._name = name
        self._run: TestRun | None = None
        self._root: trio.lowlevel.Task | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._requests = 0
        self._abandoned = 0

    def begin(self, run: TestRun) -> None:
        """Take note of the run, from within it."""
        self._run = run
        self._root = trio.lowlevel.current_task()
        self._token = trio.lowlevel.current_trio_token()

    def end(self) -> None:
        """Take note that the run is over."""
        self._run = None

    @property
    def under_way(self) -> object | None:
        return self._run

    def interrupt(
        self, error: BaseException, where: TracebackType | None, first: Callable[[], object]
    ) -> None:
        run = self._run
        if run is None:
            return
        self.error, self.where = more_urgent(self.error, error), self.where or where
        self._requests += 1
        everything = self._requests > 1 or not run.under_way

        def stop() -> None:
            first()
            run.stop(everything=everything)

        self.call_soon(stop)

    def call_soon(self, function: Callable[[], object]) -> None:
        assert self._token is not None
        try:
            self._token.run_sync_soon(function)
        except trio.RunFinishedError:
            pass

    def place(self, where: TracebackType | None) -> None:
        self.where = where or self.where

    def abandon(self) -> bool:
        if self._root is None or self._token is None or self._run is None:
            return True
        self._abandoned += 1
        if self._abandoned > LAST_ATTEMPT:
            # The run was made for this test, and may break with it.
            return False
        root = self._root

        def abort_all() -> None:
            for task in list(with_descendants(root)):
                abort(task, Abandoned)

        self.call_soon(abort_all)
        return True

    def give_up(self) -> None:
        """Do nothing: whoever gives up raises an error, and the run breaks with it."""

    def running_stack(self, frame: FrameType | None) -> Stack | None:
        return running_below(frame, trio.run.__code__)

    def may_raise(self, frame: FrameType | None) -> bool:
        return not trio.lowlevel.currently_ki_protected() and bool(
            calls_of(self.running_stack(frame) or ())
        )

    def await_stack(self, running: Stack | None) -> Stack:
        if running is not None and calls_of(running):
            return running
        tasks = [] if self._run is None else self._run.waiting()
        stacks = (stack_of(task, None, None) for task in tasks)
        return next((stack for stack in stacks if calls_of(stack)), ())

    def call_graph(self, running: Stack | None) -> TaskNode:
        if self._root is None:
            return TaskNode(self._name)
        return graph_of(self._root, name=self._name)
