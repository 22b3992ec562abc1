"""SIGTERM, which ends a process without any teardown, made an orderly end of the run."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

from loopscope.backends.signals import DEFAULT, getsignal, set_signal
from loopscope.diagnose import catalog
from loopscope.errors import Terminated

if TYPE_CHECKING:
    from types import FrameType

    from loopscope.backends.interrupts import Interrupts


class Termination:
    """A handler that does for the first SIGTERM what is done for the first Ctrl-C.

    It is there only in place of the default action, and gone as soon as it is called: the next
    SIGTERM ends the process, whatever hangs.
    """

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._handler = self._on_termination
        self._process = os.getpid()

    def watch(self) -> None:
        """Handle SIGTERM, unless somebody else does; only the main thread can."""
        if (
            threading.current_thread() is threading.main_thread()
            and getsignal(signal.SIGTERM) == DEFAULT
        ):
            set_signal(signal.SIGTERM, self._handler)

    def put_back(self) -> None:
        """Leave SIGTERM to the default action, unless somebody else handles it by now."""
        if (
            threading.current_thread() is threading.main_thread()
            and getsignal(signal.SIGTERM) is self._handler
        ):
            set_signal(signal.SIGTERM, DEFAULT)

    def _on_termination(self, number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        # A fork has inherited the handler: what ends it is not for this run.
        if os.getpid() != self._process or self._interrupts.is_ending:
            os.kill(os.getpid(), number)
        else:
            self._interrupts.request(Terminated(catalog.terminated()), frame)
