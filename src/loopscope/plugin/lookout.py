"""A thread that looks at the run once in a while, and that nobody else has to know of.

It is not one of the `threading` module, so that a suite that counts its threads does not count it.
It ends before the process forks, because Python warns of a fork where there are threads (and is
right: what they held is never let go of in the child), and begins again in the parent.
"""

from __future__ import annotations

import _thread
import os
import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Lookout:
    """Calls `look` every so many seconds from `begin` to `end`, or until it raises something."""

    def __init__(self, seconds: float, look: Callable[[], None]) -> None:
        self._seconds = seconds
        self._look = look
        self._closing = threading.Event()
        self._ended = threading.Event()
        self._ended.set()
        self.has_begun = False
        self._is_over = False

    def begin(self) -> None:
        """Start the thread."""
        self.has_begun = True
        self._start()
        if hasattr(os, "register_at_fork"):
            # There is no way to take this back, so it must not keep us alive.
            mine = weakref.ref(self)
            os.register_at_fork(
                before=lambda: _call(mine, Lookout._stop),
                after_in_parent=lambda: _call(mine, Lookout._start),
            )

    def end(self) -> None:
        """End the thread, and wait until it has ended."""
        self._is_over = True
        self._stop()

    def _start(self) -> None:
        if self._is_over:
            return
        self._closing.clear()
        self._ended.clear()
        try:
            _thread.start_new_thread(self._run, ())
        except RuntimeError:  # where there are no threads, or no more of them
            self._ended.set()

    def _stop(self) -> None:
        self._closing.set()
        self._ended.wait()

    def _run(self) -> None:
        try:
            while not self._closing.wait(self._seconds):
                self._look()
        except Exception:
            self._is_over = True  # who only looks on must do no harm
        finally:
            self._ended.set()


def _call(mine: weakref.ref[Lookout], method: Callable[[Lookout], None]) -> None:
    lookout = mine()
    if lookout is not None:
        method(lookout)
