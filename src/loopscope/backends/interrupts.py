"""What a Ctrl-C does while a loop turns: the first one cancels, any other one abandons.

Python's own handler raises KeyboardInterrupt wherever the main thread happens to be. In
synchronous code that is as good a place as any other. While a loop turns it may be the loop's own
code, which loses a callback by it, or a task in the background, which has nothing to do with what
the user wants to stop. So while a loop turns there is another handler: it tells the host, and the
host cancels the step under way from within the loop, as `asyncio.Runner` cancels its main task. The
KeyboardInterrupt is raised by the host, once the step has ended.

That needs a loop that goes on turning. One that is blocked by synchronous code (`time.sleep` in a
test) is interrupted where it is blocked, after a moment in which it could have come round. And a
step that does not end although it is cancelled is abandoned when the user asks again.

The handler is there only while a loop turns, and only in place of Python's own. So synchronous code
that looks (`asyncio.run` and `trio.run` do) finds Python's, and whoever has a handler keeps it.
"""

from __future__ import annotations

import _thread
import cmd
import os
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from loopscope.backends.signals import getsignal, set_signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType

BLOCKED_AFTER = 0.5
"""Seconds after which a loop that has not come round to an interrupt is taken to be blocked."""

GRACE = 2.0
"""Seconds for what is left on a loop to end, when the loop is closed after an interrupt."""

GRACE_IN_A_HURRY = 0.2
"""The same after a second interrupt."""


_SIGINT = int(signal.SIGINT)


@dataclass(eq=False, slots=True)
class _Request:
    """A request to end what is under way, and whether the loop has come round to it."""

    error: KeyboardInterrupt
    is_heard: bool = False

    def hear(self) -> None:
        """Take note that the loop has come round to it."""
        self.is_heard = True


class Target(Protocol):
    """Who turns a loop, such as a `loopscope.backends.base.Host`, which tells what these do."""

    def interrupt(
        self, error: BaseException, where: TracebackType | None, first: Callable[[], object]
    ) -> None: ...

    def abandon(self) -> bool: ...

    def may_raise(self, frame: FrameType | None) -> bool: ...

    def give_up(self) -> None: ...


class Interrupts:
    """What all hosts of a run know of interrupts: above all, how many there have been."""

    def __init__(self) -> None:
        self._count = 0
        self._target: Target | None = None
        self._handler = self._on_interrupt
        self._latest: _Request | None = None
        self._overdue: _Request | None = None
        self._process = os.getpid()
        self._main = threading.main_thread().ident

    @property
    def is_ending(self) -> bool:
        """Whether the run has been told to end."""
        return self._count >= 1

    @property
    def is_hurried(self) -> bool:
        """Whether it has been told again: what hangs has been abandoned."""
        return self._count >= 2

    @property
    def is_over(self) -> bool:
        """Whether it has been told a third time: nothing is to be torn down any more."""
        return self._count >= 3

    @property
    def patience(self) -> float | None:
        """How long to wait for what is left on a loop to end; None if there is no hurry."""
        if not self.is_ending:
            return None
        return GRACE_IN_A_HURRY if self.is_hurried else GRACE

    def begin(self) -> None:
        """Forget earlier interrupts: another test begins, so the run goes on."""
        self._count = 0

    def end(self) -> None:
        """Take note that the run ends because of an interrupt that somebody else has raised."""
        self._count = max(self._count, 1)

    def aim(self, target: Target | None) -> Target | None:
        """Send interrupts to `target`, or leave them to Python; return who got them before."""
        before, self._target = self._target, target
        if self._latest is not None:
            # Whatever it was meant for, the loop is not blocked.
            self._latest.hear()
            self._latest = None
        if (before is None) is not (target is None):
            pythons, ours = signal.default_int_handler, self._handler
            old, new = (pythons, ours) if before is None else (ours, pythons)
            # Only the main thread may; from another one nobody is interrupted.
            if getsignal(_SIGINT) is old and _thread.get_ident() == self._main:
                set_signal(_SIGINT, new)
        return before

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Leave interrupts to Python while synchronous code runs between two turns."""
        before = self.aim(None)
        try:
            yield
        finally:
            self.aim(before)

    def request(self, error: KeyboardInterrupt, frame: FrameType | None) -> None:
        """End what is under way with `error`; to be called by a signal handler.

        Raises:
            KeyboardInterrupt: `error`, if no loop turns, or if this is not the first time.
        """
        target, latest = self._target, self._latest
        self._count += 1
        if target is None:
            raise error
        if latest is not None:
            # What the host raises in the end is what it was interrupted with first.
            error = latest.error
        request = self._latest = _Request(error)
        if self.is_over:
            target.interrupt(error, None, request.hear)
            target.give_up()
            raise error
        if self.is_hurried:
            target.abandon()
        target.interrupt(error, None, request.hear)
        if self.is_hurried and target.may_raise(frame):
            raise error
        # Not by `threading`, whose locks the code that was interrupted may hold.
        _thread.start_new_thread(self._watch, (request,))

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._target is None or os.getpid() != self._process or _is_at_prompt(frame):
            signal.default_int_handler(number, frame)
        overdue, self._overdue = self._overdue, None
        if overdue is None:
            self.request(KeyboardInterrupt(), frame)
        elif not overdue.is_heard:
            if self._target.may_raise(frame):
                raise overdue.error
            _thread.start_new_thread(self._watch, (overdue,))

    def _watch(self, request: _Request) -> None:
        time.sleep(BLOCKED_AFTER)
        if not request.is_heard and getsignal(signal.SIGINT) is self._handler:
            self._overdue = request
            # A signal, because it makes the main thread return from system calls.
            if hasattr(signal, "pthread_kill"):
                assert self._main is not None
                signal.pthread_kill(self._main, signal.SIGINT)
            else:
                signal.raise_signal(signal.SIGINT)


def _is_at_prompt(frame: FrameType | None) -> bool:
    """Say whether a debugger waits for a command: it takes a Ctrl-C for an answer."""
    while frame is not None:
        if frame.f_code is cmd.Cmd.cmdloop.__code__:
            return True
        frame = frame.f_back
    return False
