"""A thread that notices when a loop does not turn, and sees what keeps it.

While a loop turns for a step, it is asked now and then to answer. If it does not within the limit,
the stack of its thread shows who holds it up. A loop that waits answers at once; one that is late
because the machine is busy shows no user code, and is not blamed.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from loopscope.backends.call_graph import calls_of

if TYPE_CHECKING:
    from loopscope.backends.base import Host
    from loopscope.backends.call_graph import Call


class Blocked(NamedTuple):
    """A call that kept the loop from turning: for how many seconds, and the stack of the moment."""

    seconds: float
    calls: tuple[Call, ...]


@dataclass(eq=False, slots=True)
class _Turn:
    host: Host
    thread: int
    ended: float | None = None


@dataclass(eq=False, slots=True)
class _Question:
    turn: _Turn
    asked: float
    answered: float | None = None
    calls: tuple[Call, ...] = ()

    def answer(self) -> None:
        self.answered = monotonic()

    @property
    def seconds(self) -> float:
        ends = [end for end in (self.answered, self.turn.ended) if end is not None]
        return min(ends, default=monotonic()) - self.asked


class LoopWatch:
    """Watches one loop at a time, for calls that block it longer than `limit` seconds."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._turn: _Turn | None = None
        self._found: list[_Question] = []
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, host: Host) -> None:
        """Watch `host`, which is about to turn its loop in this thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="loopscope-blocked")
            self._thread.daemon = True
            self._thread.start()
        with self._lock:
            self._turn = _Turn(host, threading.get_ident())

    def end(self) -> None:
        """Take note that the loop stands still."""
        with self._lock:
            if self._turn is not None:
                self._turn.ended = monotonic()
            self._turn = None

    def take(self) -> list[Blocked]:
        """Return what was found since the last time."""
        with self._lock:
            found, self._found = self._found, []
        return [Blocked(question.seconds, question.calls) for question in found]

    def close(self) -> None:
        """End the thread."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        question: _Question | None = None
        while not self._closing.wait(self.limit / 4):
            with self._lock:
                turn = self._turn
                if turn is None:
                    question = None
                elif question is None or question.turn is not turn or question.answered:
                    question = _Question(turn, monotonic())
                    turn.host.call_soon(question.answer)
                elif not question.calls and monotonic() - question.asked >= self.limit:
                    stack = turn.host.running_stack(sys._current_frames().get(turn.thread))
                    question.calls = calls_of(stack or ())
                    if question.calls:
                        self._found.append(question)
