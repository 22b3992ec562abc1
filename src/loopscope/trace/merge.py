"""The processes of a run, each with a clock of its own, on one clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.trace.events import RunBegan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loopscope.trace.events import Event


def on_one_clock(processes: Iterable[Sequence[Event]]) -> list[list[Event]]:
    """Return the events of all processes with times since the first of them began."""
    every = [list(events) for events in processes]
    first = min((_started(events) for events in every), default=0.0)
    return [[_later(event, _started(events) - first) for event in events] for events in every]


def _started(events: Iterable[Event]) -> float:
    """Return the time of the day at which a process began, 0 if it has not said so."""
    return next((event.started for event in events if isinstance(event, RunBegan)), 0.0)


def _later(event: Event, seconds: float) -> Event:
    times = {
        name: getattr(event, name) + seconds for name in ("time", "began") if name in event._fields
    }
    return event._replace(**times)
