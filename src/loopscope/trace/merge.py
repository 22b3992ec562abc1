"""The processes of a run, each with a clock of its own, on one clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.trace.events import RunBegan, TestEnded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loopscope.trace.events import Event


def on_one_clock(processes: Iterable[Sequence[Event]]) -> list[list[Event]]:
    """Return the events of all processes with times since the first of them began.

    What is on one clock already stays as it is. A process that has not said when it began, since
    it was cut off before, keeps its times.
    """
    every = [list(events) for events in processes]
    zeros = [_zero(events) for events in every]
    first = min((zero for zero in zeros if zero is not None), default=0.0)
    return [
        events
        if zero is None or zero == first
        else [_later(event, zero - first) for event in events]
        for events, zero in zip(every, zeros, strict=True)
    ]


def _zero(events: Iterable[Event]) -> float | None:
    """Return the time of the day from which the times of a process count."""
    return next((one.started - one.time for one in events if isinstance(one, RunBegan)), None)


def _later(event: Event, seconds: float) -> Event:
    times = {
        name: getattr(event, name) + seconds for name in ("time", "began") if name in event._fields
    }
    if isinstance(event, TestEnded):
        phases = tuple(one._replace(ended=one.ended + seconds) for one in event.phases)
        event = event._replace(phases=phases)
    return event._replace(**times)
