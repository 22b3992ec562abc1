"""Events as the Trace Event Format has them, so that Perfetto and chrome://tracing show them.

A viewer of that format knows processes, which have threads, which have slices that nest. So a
process that ran tests is a process. The phases of its tests are a thread, in which the setups and
teardowns of fixtures nest. The loops of one scope and backend are another one: of those only one is
open at a time, except in nested packages. How long a fixture lives is a track of its own, since
fixtures of several scopes need not nest.

The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopscope.trace.events import (
    FixtureSetUp,
    FixtureTornDown,
    LoopClosed,
    LoopOpened,
    Phase,
    RunBegan,
    TaskBegan,
    TaskEnded,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopscope.trace.events import Event

Line = dict[str, Any]

TESTS = "tests"
_MICROSECONDS = 1e6


def to_args(event: Event) -> Line:
    """Return `event` as plain values that JSON has."""
    return {"event": type(event).__name__, **event._asdict()}


class Lanes:
    """Turns the events of one process into lines of the Trace Event Format.

    Each line that stands for an event has the whole of it in its `args`; the others are only there
    for viewers.
    """

    def __init__(self, process: int) -> None:
        self._process = process
        self._threads: dict[str, int] = {}
        self._lane_of: dict[str, str] = {}
        self._lives: dict[str, str] = {}

    def lines(self, event: Event) -> Iterator[Line]:
        """Yield the lines for `event`."""
        args = to_args(event)
        if isinstance(event, RunBegan):
            name = "pytest" if event.worker is None else event.worker
            yield self._line("M", "process_name", 0.0, args={"name": name, **args})
        elif isinstance(event, LoopOpened):
            lane = f"{event.scope or 'observed'} loops [{event.backend}]"
            if event.scope in (None, "package"):
                lane = f"{event.loop} [{event.backend}]"
            self._lane_of[event.loop] = lane
            yield from self._on(lane, "B", event.loop, event.time, args)
        elif isinstance(event, LoopClosed):
            yield from self._on(
                self._lane_of.get(event.loop, event.loop), "E", event.loop, event.time, args
            )
        elif isinstance(event, (TaskBegan, TaskEnded)):
            phase = "b" if isinstance(event, TaskBegan) else "e"
            yield self._line(phase, f"task of {event.task}", event.time, args, id=event.task)
        elif isinstance(event, FixtureSetUp):
            self._lives[event.fixture] = event.name
            yield from self._span(f"setup {event.name}", event, args)
            yield self._line("b", event.name, event.began, {}, id=event.fixture)
        elif isinstance(event, FixtureTornDown):
            name = self._lives.pop(event.fixture, event.fixture)
            yield from self._span(f"teardown {name}", event, args)
            yield self._line("e", name, event.time, {}, id=event.fixture)
        elif isinstance(event, Phase):
            yield from self._span(f"{event.phase} {event.test}", event, args)
        else:
            yield from self._on(TESTS, "i", type(event).__name__, event.time, args)

    def _span(
        self, name: str, event: FixtureSetUp | FixtureTornDown | Phase, args: Line
    ) -> Iterator[Line]:
        duration = (event.time - event.began) * _MICROSECONDS
        yield from self._on(TESTS, "X", name, event.began, args, dur=round(duration, 3))

    def _on(
        self, lane: str, phase: str, name: str, time: float, args: Line, **more: object
    ) -> Iterator[Line]:
        thread = self._threads.get(lane)
        if thread is None:
            thread = self._threads[lane] = len(self._threads) + 1
            yield self._line("M", "thread_name", 0.0, {"name": lane}, tid=thread)
        yield self._line(phase, name, time, args, tid=thread, **more)

    def _line(self, phase: str, name: str, time: float, args: Line, **more: object) -> Line:
        return {
            "ph": phase,
            "name": name,
            "cat": "loopscope",
            "pid": self._process,
            "tid": 0,
            "ts": round(time * _MICROSECONDS, 3),
            **more,
            "args": args,
        }
