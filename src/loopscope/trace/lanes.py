"""Events as the Trace Event Format has them, so that Perfetto and chrome://tracing show them.

A viewer of that format knows processes, which have threads, which have slices that nest: one that
overlaps another without lying within it is dropped. So a process that ran tests is a process, the
tests are a thread (a lane, here), and the loops of one scope and backend are another one. Where two
such loops are open at a time, as in nested packages, or two tests run at a time, the second one
gets a lane of its own. How long a fixture lives is a track of its own, since fixtures of several
scopes need not nest.

Times are whole microseconds: what nests or follows another does so still when it is rounded, which
is not so with fractions, as viewers round them. The times that were recorded are in the args.

The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.trace.encode import args_of, microseconds, quoted
from loopscope.trace.events import (
    FixtureSetUp,
    FixtureTornDown,
    LoopClosed,
    LoopOpened,
    RunBegan,
    TaskBegan,
    TaskEnded,
    TestEnded,
)
from loopscope.trace.quiet import FUNCTION, QuietTest
from loopscope.trace.quiet_lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from loopscope.trace.events import Event
    from loopscope.trace.quiet import Record

TESTS = "tests"
NO_LOOP = "without a loop"
NOT_OPEN = "on loops that are not open"
_REMEMBERED = 64


class Lane:
    """One thread of a process, and what is drawn on it, as far as later slices depend on that.

    `where` is the part of its lines that says whose they are.
    """

    def __init__(self, process: int, thread: int, name: str = "") -> None:
        self.name = name
        self.where = f'"cat":"loopscope","pid":{process},"tid":{thread}'
        self.loop: str | None = None
        """The loop that is open here."""
        self._since = -1
        self._slices: list[tuple[int, int]] = []

    def turn(self, loop: str | None, time: int) -> int:
        """Draw within `loop` from `time` on, or as soon as can be; return from when."""
        # Of what begins or ends in one microsecond, a viewer cannot tell what is around what.
        ended = self._slices[-1][1] if self._slices else 0
        self.loop, self._since = loop, max(time, ended, self._since + 1)
        self._slices.clear()
        return self._since

    def cut(self, began: int) -> int:
        """Return when a slice that `began` can begin within the loop at the earliest."""
        return max(began, self._since + 1)

    def fit(self, began: int, ended: int) -> bool:
        """Draw a slice that ends after all others, if each of them is before it or within it."""
        if began < self._since:
            return False
        slices = self._slices
        before = len(slices)
        while before and slices[before - 1][0] >= began:
            before -= 1
        if before and slices[before - 1][1] > began:
            return False
        if before < len(slices):
            del slices[before:]
        slices.append((began, ended))
        if len(slices) > 2 * _REMEMBERED:
            self._since = slices[_REMEMBERED - 1][1]
            del slices[:_REMEMBERED]
        return True


class Lanes:
    """Turns the events of one process into lines of the Trace Event Format, each a JSON object.

    One of the lines for an event has the whole of it in its `args`; the others are only there for
    viewers. Each line is handed to `put`.
    """

    def __init__(self, process: int, put: Callable[[str], object]) -> None:
        self._process = process
        self._put = put
        self._itself = Lane(process, 0)
        self._lanes: dict[str, Lane] = {}
        self._lane_of: dict[str, Lane] = {}
        self._lives: dict[str, str] = {}
        self._drawn: dict[type[Record], Callable[[Any], None]] = {
            QuietTest: self._quiet,
            RunBegan: self._process_began,
            TestEnded: self._test,
            FixtureSetUp: self._set_up,
            FixtureTornDown: self._torn_down,
            LoopOpened: self._opened,
            LoopClosed: self._closed,
            TaskBegan: self._task,
            TaskEnded: self._task,
        }

    def draw(self, record: Record) -> None:
        """Hand on the lines for `record`."""
        self._drawn.get(type(record), self._instant)(record)

    def _quiet(self, test: QuietTest) -> None:
        began, ended = microseconds(test.began), microseconds(test.time)
        tests, turns = self._lane(TESTS), None
        if test.opened is not None and test.closed is not None:
            loops = self._lane_to_open(FUNCTION, test.backend)
            opened, closed = microseconds(test.opened), microseconds(test.closed)
            turns = loops.where, loops.turn(None, opened), opened, loops.turn(None, closed), closed
        lane = tests if tests.fit(began, ended) else self._fitting(TESTS, began, ended)
        self._put(lines_of(test, tests.where, lane.where, began, ended, turns))

    def _process_began(self, event: RunBegan) -> None:
        name = quoted("pytest" if event.worker is None else event.worker)
        self._line("M", "process_name", self._itself, 0, f'{{"name":{name},{args_of(event)[1:]}')

    def _test(self, event: TestEnded) -> None:
        self._slice(self._lane(TESTS), event.test, event)

    def _set_up(self, event: FixtureSetUp) -> None:
        self._slice(self._lane_for(event.loop), f"setup {event.name}", event)
        if event.error is None:
            self._lives[event.fixture] = event.name
            self._life("b", event.name, event.fixture, event.began)

    def _torn_down(self, event: FixtureTornDown) -> None:
        name = self._lives.pop(event.fixture, None)
        self._slice(self._lane_for(event.loop), f"teardown {name or event.fixture}", event)
        if name is not None:
            self._life("e", name, event.fixture, event.time)

    def _opened(self, event: LoopOpened) -> None:
        lane = self._lane_of[event.loop] = self._lane_to_open(event.scope, event.backend)
        self._turn("B", event, lane, event.loop)

    def _closed(self, event: LoopClosed) -> None:
        lane = self._lane_of.pop(event.loop, None)
        if lane is None:
            self._instant(event)
        else:
            self._turn("E", event, lane, None)

    def _turn(
        self, phase: str, event: LoopOpened | LoopClosed, lane: Lane, loop: str | None
    ) -> None:
        time = lane.turn(loop, microseconds(event.time))
        self._line(phase, event.loop, lane, time, args_of(event))

    def _task(self, event: TaskBegan | TaskEnded) -> None:
        phase = "b" if isinstance(event, TaskBegan) else "e"
        self._life(phase, f"task of {event.task}", event.task, event.time, args_of(event))

    def _instant(self, event: Event) -> None:
        time = microseconds(event.time)
        self._line("i", type(event).__name__, self._lane(TESTS), time, args_of(event))

    def _slice(
        self, lane: Lane, title: str, event: FixtureSetUp | FixtureTornDown | TestEnded
    ) -> None:
        began, ended = microseconds(event.began), microseconds(event.time)
        if lane.loop is not None:
            began = lane.cut(began)  # the loop was opened on the way
            ended = max(began, ended)
        if not lane.fit(began, ended):
            lane = self._fitting(lane.name, began, ended)
        self._line("X", title, lane, began, args_of(event), f',"dur":{ended - began}')

    def _life(self, phase: str, title: str, id: str, time: float, args: str = "{}") -> None:
        # An id is unique in its process only: workers have fixtures of the same name.
        more = f',"id2":{{"local":{quoted(id)}}}'
        self._line(phase, title, self._itself, microseconds(time), args, more)

    def _fitting(self, name: str, began: int, ended: int) -> Lane:
        """Return the first lane besides the one called `name` in which a slice has a place."""
        number = 2
        while not (lane := self._lane(f"{name}, at the same time {number}")).fit(began, ended):
            number += 1
        return lane

    def _lane_to_open(self, scope: str | None, backend: str | None) -> Lane:
        """Return the lane for a loop that is opened now."""
        name = f"{scope or 'observed'} loops [{backend}]"
        lane, number = self._lane(name), 1
        while lane.loop is not None:
            number += 1
            lane = self._lane(f"{name} {number}")
        return lane

    def _lane_for(self, loop: str | None) -> Lane:
        if loop is None:
            return self._lane(NO_LOOP)
        return self._lane_of.get(loop) or self._lane(NOT_OPEN)

    def _lane(self, name: str) -> Lane:
        lane = self._lanes.get(name)
        if lane is None:
            # Perfetto wants threads of different processes to have different numbers.
            lane = Lane(self._process, 1000 * self._process + len(self._lanes) + 1, name)
            self._lanes[name] = lane
            self._line("M", "thread_name", lane, 0, f'{{"name":{quoted(name)}}}')
        return lane

    def _line(
        self, phase: str, title: str, lane: Lane, time: int, args: str, more: str = ""
    ) -> None:
        self._put(
            f'{{"ph":"{phase}","name":{quoted(title)},{lane.where},"ts":{time}{more},"args":{args}}}'
        )
