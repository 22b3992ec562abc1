"""Alarm clocks: one that rings by a signal, in the main thread, and one that has a thread."""

from __future__ import annotations

import abc
import signal
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

HAS_SIGNALS = hasattr(signal, "SIGALRM")


class Clock(abc.ABC):
    """Calls `ring` when the time is up; `ring` may set it again."""

    can_raise: bool
    """Whether what `ring` raises is raised in the code that it interrupts."""

    def __init__(self, ring: Callable[[FrameType | None], None]) -> None:
        self._ring = ring

    @abc.abstractmethod
    def set(self, seconds: float) -> None:
        """Ring once in so many seconds, and not when it was to ring before."""

    @abc.abstractmethod
    def stop(self) -> None:
        """Ring no more, unless it is set again."""

    @property
    @abc.abstractmethod
    def is_set(self) -> bool:
        """Whether it was set since it was made or stopped."""


class SignalClock(Clock):
    """Rings by SIGALRM, and gives back the handler and the timer that were there before."""

    can_raise = True

    def __init__(self, ring: Callable[[FrameType | None], None]) -> None:
        super().__init__(ring)
        self._is_set = False
        self._handler: Any = None
        self._before: Any = None
        self._timer_before = (0.0, 0.0)
        self._started = 0.0

    def set(self, seconds: float) -> None:
        if not self._is_set:
            self._handler = self._handle
            self._before = signal.signal(signal.SIGALRM, self._handler)
            self._timer_before = signal.setitimer(signal.ITIMER_REAL, 0)
            self._started = monotonic()
            self._is_set = True
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        __tracebackhide__ = True
        if self._is_set:
            self._ring(frame)

    def stop(self) -> None:
        if not self._is_set:
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._is_set = False
        if signal.getsignal(signal.SIGALRM) is self._handler:
            before = signal.SIG_DFL if self._before is None else self._before
            signal.signal(signal.SIGALRM, before)
        seconds, interval = self._timer_before
        if seconds:
            left = seconds - (monotonic() - self._started)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), interval)

    @property
    def is_set(self) -> bool:
        return self._is_set


class _Ringing(threading.Thread):
    """The thread of a clock."""


class ThreadClock(Clock):
    """Rings in a thread of its own, where there are no signals or they are not for us."""

    can_raise = False

    def __init__(self, ring: Callable[[FrameType | None], None]) -> None:
        super().__init__(ring)
        self._changed = threading.Condition()
        self._due: float | None = None
        self._is_set = False
        self._thread: threading.Thread | None = None

    def set(self, seconds: float) -> None:
        current = threading.current_thread()
        with self._changed:
            if isinstance(current, _Ringing) and current is not self._thread:
                return  # stopped while it rang
            self._due = monotonic() + seconds
            self._is_set = True
            self._changed.notify()
            if self._thread is None:
                self._thread = _Ringing(target=self._run, name="loopscope-timeout", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._is_set = False
            self._changed.notify()
            thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._thread is not threading.current_thread():
                    return
                left = None if self._due is None else self._due - monotonic()
                if left is None or left > 0:
                    self._changed.wait(left)
                    continue
                self._due = None
            self._ring(None)

    @property
    def is_set(self) -> bool:
        return self._is_set
