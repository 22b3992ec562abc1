"""A thread that looks at the run once in a while, and that nobody else has to know of.

It is not one of the `threading` module, so that a suite that counts its threads does not count it.
It ends before the process forks, because Python warns of a fork where there are threads (and is
right: what they held is never let go of in the child). Python 3.13 looks for threads only after all
that is to be done after a fork, so that it cannot begin again there: it has to be asked to.
"""

from __future__ import annotations

import _thread
import os
import threading
import weakref
from functools import partial
from time import sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE = 200


class Lookout:
    """Calls `look` every so many seconds, until that raises, somebody ends it, or we fork."""

    def __init__(self, seconds: float, look: Callable[[], None]) -> None:
        self._seconds = seconds
        self._look = look
        self._closing = threading.Event()
        self._ended = threading.Event()
        self._ended.set()
        self._id = 0
        self._is_known = False
        self._is_over = False

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to begin: it is under way, or over for good."""
        return self._is_over or not self._ended.is_set()

    def begin(self) -> None:
        """Start the thread, unless there is one; also after a fork has ended it."""
        if self.is_settled:
            return
        if not self._is_known:
            self._is_known = True
            if hasattr(os, "register_at_fork"):
                # There is no way to take this back, so it must not keep us alive, nor our module.
                give_way = partial(weakref.proxy(_give_way), weakref.ref(self))
                os.register_at_fork(before=give_way)
        self._closing.clear()
        self._ended.clear()
        try:
            _thread.start_new_thread(self._run, ())
        except RuntimeError:  # where there are no threads, or no more of them
            self._is_over = True
            self._ended.set()

    def end(self) -> None:
        """End the thread, and wait until it has ended."""
        self._is_over = True
        self._stop()

    def _stop(self) -> None:
        self._closing.set()
        self._ended.wait()

    def give_way(self) -> None:
        """End the thread for now, and wait until the system has forgotten it, where it tells."""
        self._stop()
        for _ in range(_PATIENCE):
            if not os.path.exists(f"/proc/self/task/{self._id}"):
                break
            sleep(0.0005)

    def _run(self) -> None:
        self._id = _thread.get_native_id()
        try:
            while not self._closing.wait(self._seconds):
                self._look()
        except Exception:
            self._is_over = True  # who only looks on must do no harm
        finally:
            self._ended.set()


def _give_way(mine: weakref.ref[Lookout]) -> None:
    lookout = mine()
    if lookout is not None:
        lookout.give_way()
