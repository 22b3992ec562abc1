"""Handing events to whoever reads them, who can break nothing."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from loopscope.trace.events import Event


class Sink(Protocol):
    """Reads events as they come."""

    name: str

    def write(self, event: Event) -> None:
        """Take note of `event`."""

    def close(self) -> None:
        """Take note that there will be no more."""


class Recorder:
    """Hands each event to all sinks, and switches those off that raise, after closing them.

    `faults` says, in a sentence each, which they were.
    """

    def __init__(
        self, sinks: Iterable[Sink], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.faults: list[str] = []
        self._sinks = list(sinks)
        self._clock = clock
        self._began = clock()

    def now(self) -> float:
        """Return the seconds since the recorder was made."""
        return self._clock() - self._began

    def record(self, event: Event) -> None:
        """Hand `event` to the sinks."""
        for sink in self._sinks:
            try:
                sink.write(event)
            except Exception as exc:
                self._switch_off(sink, exc)
                with contextlib.suppress(Exception):
                    sink.close()

    def close(self) -> None:
        """Tell the sinks that there will be no more events."""
        for sink in self._sinks:
            try:
                sink.close()
            except Exception as exc:
                self._switch_off(sink, exc)
        self._sinks = []

    def _switch_off(self, sink: Sink, error: Exception) -> None:
        # A new list: the old one may be looped over just now.
        self._sinks = [one for one in self._sinks if one is not sink]
        reason = str(error) or type(error).__name__
        self.faults.append(f"{sink.name} is given up: {reason}")


class Memory:
    """A sink that keeps all events in a list."""

    name = "the list of events"

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, event: Event) -> None:
        """Keep `event`."""
        self.events.append(event)

    def close(self) -> None:
        """Nothing is left to be done."""
