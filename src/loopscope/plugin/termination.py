"""SIGTERM, which ends a process without any teardown, made an orderly end of the run."""

from __future__ import annotations

import os
import signal
from threading import get_ident, main_thread
from typing import TYPE_CHECKING

from loopscope.backends.signals import DEFAULT, getsignal, set_signal
from loopscope.diagnose import catalog
from loopscope.errors import Terminated

if TYPE_CHECKING:
    from types import FrameType

    from loopscope.backends.interrupts import Interrupts

_SIGTERM = int(signal.SIGTERM)


class Termination:
    """A handler that does for the first SIGTERM what is done for the first Ctrl-C.

    It is there only in place of the default action, and gone as soon as it is called: the next
    SIGTERM ends the process, whatever hangs.
    """

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._handler = self._on_termination
        self._process = os.getpid()
        self._main = main_thread().ident

    def watch(self) -> None:
        """Handle SIGTERM, unless somebody else does; only the main thread can."""
        if getsignal(_SIGTERM) == DEFAULT and get_ident() == self._main:
            set_signal(_SIGTERM, self._handler)

    def put_back(self) -> None:
        """Leave SIGTERM to the default action, unless somebody else handles it by now."""
        if getsignal(_SIGTERM) is self._handler and get_ident() == self._main:
            set_signal(_SIGTERM, DEFAULT)

    def _on_termination(self, number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        # A fork has inherited the handler: what ends it is not for this run.
        if os.getpid() != self._process or self._interrupts.is_ending:
            os.kill(os.getpid(), number)
        else:
            self._interrupts.request(Terminated(catalog.terminated()), frame)
