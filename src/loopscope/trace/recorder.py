"""Handing what is recorded to whoever reads it, who can break nothing."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Protocol

from loopscope.trace.events import LoopClosed, LoopOpened
from loopscope.trace.quiet import QuietTest, events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from loopscope.trace.events import Event
    from loopscope.trace.quiet import Record

OFTEN = 0.1
"""Seconds after which what is recorded is handed on, at the beginning of the next test."""
MANY = 1024
"""How much waits at most to be handed on."""


class Sink(Protocol):
    """Reads what is recorded, some of it at a time."""

    name: str

    def write(self, records: Sequence[Record]) -> None:
        """Take note of `records`."""

    def close(self) -> None:
        """Take note that there will be no more."""


class Recorder:
    """Hands what is recorded to all sinks, and switches those off that raise, after closing them.

    It waits until there is much of it: to write down many tests at once takes half the time of as
    many one by one, with a test in between. But a test may take long, or the process with it.
    Before that, the sinks know what went before, and that it began.

    `faults` says, in a sentence each, which sinks were switched off.
    """

    def __init__(
        self, sinks: Iterable[Sink], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.faults: list[str] = []
        self.quiet: QuietTest | None = None
        """The test that is under way, as long as nothing happens in it."""
        self._sinks = list(sinks)
        self._waiting: list[Record] = []
        self._due = 0.0
        self._clock = clock
        self._began = clock()

    def now(self) -> float:
        """Return the seconds since the recorder was made."""
        return self._clock() - self._began

    def record(self, event: Event) -> None:
        """Record `event`, and what went before."""
        if self.quiet is not None:
            self._disturb()
        self._append(event)

    def begin(self, test: QuietTest) -> None:
        """Record that a test begins."""
        if self.quiet is not None:
            self._disturb()
        self.quiet = test
        if test.began >= self._due:
            self._due = test.began + OFTEN
            self.flush()

    def opened(self, loop: str, backend: str, scope: str | None, node: str | None) -> None:
        """Record that a loop was opened."""
        now, quiet = self.now(), self.quiet
        if quiet is not None and quiet.owns(loop, backend, scope, node):
            quiet.opened = now
        else:
            self.record(LoopOpened(now, loop, backend, scope, node))

    def closed(self, loop: str) -> None:
        """Record that a loop was closed."""
        now, quiet = self.now(), self.quiet
        if quiet is not None and quiet.is_open(loop):
            quiet.closed = now
        else:
            self.record(LoopClosed(now, loop))

    def end(self, setup: float, call: float, time: float, loop: str | None) -> bool:
        """Record that the phases of a test have passed, on `loop`, and that is all.

        Returns whether it is: else, something has happened in the test.
        """
        quiet = self.quiet
        if quiet is None or loop != quiet.planned:
            return False
        if (quiet.opened is None) is not (quiet.closed is None):
            return False
        quiet.setup, quiet.call, quiet.time = setup, call, time
        self.quiet = None
        self._append(quiet)
        return True

    def flush(self) -> None:
        """Hand what was recorded to the sinks."""
        if self.quiet is not None:
            self._disturb()
        records, self._waiting = self._waiting, []
        if not records:
            return
        for sink in self._sinks:
            try:
                sink.write(records)
            except Exception as exc:
                self._switch_off(sink, exc)
                with contextlib.suppress(Exception):
                    sink.close()

    def close(self) -> None:
        """Tell the sinks that there will be no more."""
        self.flush()
        for sink in self._sinks:
            try:
                sink.close()
            except Exception as exc:
                self._switch_off(sink, exc)
        self._sinks = []

    def _append(self, record: Record) -> None:
        self._waiting.append(record)
        if len(self._waiting) >= MANY:
            self.flush()

    def _disturb(self) -> None:
        """Have what was recorded of the test under way stand by itself."""
        assert self.quiet is not None
        self._waiting += self.quiet.so_far()
        self.quiet = None

    def _switch_off(self, sink: Sink, error: Exception) -> None:
        # A new list: the old one may be looped over just now.
        self._sinks = [one for one in self._sinks if one is not sink]
        reason = str(error) or type(error).__name__
        self.faults.append(f"{sink.name} is given up: {reason}")


class Memory:
    """A sink that keeps all events in a list."""

    name = "the list of events"

    def __init__(self) -> None:
        self.records: list[Record] = []

    @property
    def events(self) -> list[Event]:
        """All events until now."""
        return list(events_of(self.records))

    def write(self, records: Sequence[Record]) -> None:
        """Keep `records`."""
        self.records += records

    def close(self) -> None:
        """Nothing is left to be done."""
