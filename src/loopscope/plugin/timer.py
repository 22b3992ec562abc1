"""What happens when the time of a test is up.

A loop that turns can be asked to cancel what it turns for, so that the test ends as if it had been
cancelled from within: `finally` and `async with` run, in order. What does not end by that is asked
once more, and then given up: closed where it stands. What does not even listen, because it keeps
the loop from turning, is interrupted by an error that is raised right there. Synchronous code is
interrupted at once; there is nothing to ask. Whatever comes after a time that was up has a time of
its own, of the same length: the teardown, and each fixture in it that times out again.

All of this is driven by a clock that rings again and again until the code has ended. It rings in a
signal handler, between any two instructions of the test, so the time between two steps of pytest's
protocol is kept free: a clock that rings there has to wait for the next.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from loopscope.backends.call_graph import calls_of, traceback_of
from loopscope.diagnose import catalog
from loopscope.diagnose.task_tree import render
from loopscope.plugin import _compat
from loopscope.plugin.clocks import SignalClock, ThreadClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType

    import pytest

    from loopscope.backends.call_graph import Call, Stack, TaskNode
    from loopscope.core.graph import Vertex
    from loopscope.core.origin import Origin
    from loopscope.plugin.clocks import Clock

MOMENT = 0.2
"""Seconds within which a loop that is not blocked answers."""
SHORTLY = 0.02
"""Seconds until the next look at what cannot be interrupted just now."""
LONGEST_GRACE = 5.0


class TimedOut(_compat.Failed):
    """The failure of what timed out. To a reader it is pytest's own."""


TimedOut.__name__ = TimedOut.__qualname__ = "Failed"
TimedOut.__module__ = "builtins"


class Past(BaseException):
    """Carries a `TimedOut` past Hypothesis, which would run the example again and again."""

    def __init__(self, error: TimedOut) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def past_hypothesis() -> Iterator[None]:
    """Raise what times out in this block as `Past`, which Hypothesis lets through."""
    __tracebackhide__ = True
    try:
        yield
    except TimedOut as exc:
        raise Past(exc) from None


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit: by whom and how it was set, and how it is kept.

    `by` and `said` are what a reader is told; `method` is "signal" or "thread".
    """

    seconds: float
    by: str
    said: str
    method: str = "signal"
    body_only: bool = False
    ignores_debugger: bool = False


@dataclass(eq=False, slots=True)
class Activity:
    """What is done just now: the "call" of a test, or the "setup" or "teardown" of a fixture.

    Hypothesis is "given" a test, and calls it again and again. What runs on a loop has a `vertex`.
    """

    action: str
    name: str
    origin: Origin
    vertex: Vertex | None = None


class Turning(Protocol):
    """A loop that turns for a test, or a part of one; `under_way` is another one for each part.

    The methods are those of `loopscope.backends.base.Host`, which tells what they do.
    """

    cancellation: str

    @property
    def under_way(self) -> object | None: ...

    def interrupt(
        self, error: BaseException, where: TracebackType | None, first: Callable[[], object]
    ) -> None: ...

    def call_soon(self, function: Callable[[], object]) -> None: ...

    def place(self, where: TracebackType | None) -> None: ...

    def abandon(self) -> bool: ...

    def may_raise(self, frame: FrameType | None) -> bool: ...

    def running_stack(self, frame: FrameType | None) -> Stack | None: ...

    def await_stack(self, running: Stack | None) -> Stack: ...

    def call_graph(self, running: Stack | None) -> TaskNode: ...


class Scene(Protocol):
    """What a timer can see of the run."""

    def turning(self) -> Turning | None:
        """Return what turns just now."""

    def activity(self) -> Activity | None:
        """Return what is done just now, if it is something of ours."""

    def is_given(self) -> bool:
        """Say whether Hypothesis runs, in between two examples."""

    def is_debugging(self) -> bool:
        """Say whether time does not count."""

    def give_up(self, item: pytest.Item) -> None:
        """End the process, with the stacks of all threads."""

    def origin(self, path: str, line: int) -> Origin:
        """Return a line of a file as a reader finds it."""


class Timer:
    """The time limit of one run of one test."""

    def __init__(
        self, item: pytest.Item, name: str, origin: Origin, limit: Limit, scene: Scene
    ) -> None:
        self.item = item
        self.limit = limit
        self.phase: str | None = None
        self._name = name
        self._origin = origin
        self._scene = scene
        # Code that cleans up after a cancellation may take as long as the test, within reason.
        self._grace = min(max(limit.seconds, MOMENT), LONGEST_GRACE)
        kind = SignalClock if limit.method == "signal" else ThreadClock
        self._clock: Clock = kind(self._ring)
        self._has_expired = False
        self._report: _Report | None = None

    def begin(self, phase: str) -> None:
        """Run on into the next phase, with a new time if the last one is up, or was stopped."""
        self.phase = phase
        self._report = None
        if self._has_expired or not self._clock.is_set:
            self._has_expired = False
            self._clock.set(self.limit.seconds)

    def end(self) -> TimedOut | None:
        """End the phase, and return the failure if the time was up in it."""
        self.phase = None
        report, self._report = self._report, None
        return None if report is None else report.error

    def stop(self) -> None:
        """Ring no more, until another phase begins."""
        self._clock.stop()

    def _ring(self, frame: FrameType | None) -> None:
        __tracebackhide__ = True
        if not self.limit.ignores_debugger and self._scene.is_debugging():
            return
        if self.phase is None:
            self._clock.set(SHORTLY)
            return
        turning = self._scene.turning()
        report = self._report
        if report is not None and (turning is None or turning.under_way is not report.part):
            # What had timed out has ended; this is what comes after it.
            if not report.is_over:
                report.is_over = True
                self._clock.set(self.limit.seconds)
                return
            report = None
        if turning is None and self._scene.is_given():
            # Hypothesis would take an error for one of its example.
            self._clock.set(SHORTLY)
        elif turning is None:
            self._interrupt_synchronous_code(frame)
        elif report is None:
            self._cancel(turning, frame)
        else:
            self._insist(turning, report, frame)

    def _new_report(self, part: object | None) -> _Report:
        self._has_expired = True
        self._report = report = _Report(part, TimedOut(""), self._grace)
        return report

    def _interrupt_synchronous_code(self, frame: FrameType | None) -> None:
        __tracebackhide__ = True
        if not self._clock.can_raise:
            self._scene.give_up(self.item)
            return
        report = self._new_report(None)
        report.is_over = True
        report.findings = [self._timed_out(None, is_on_loop=False)]
        self._tell(report)
        self._clock.set(self.limit.seconds)
        raise report.error

    def _cancel(self, turning: Turning, frame: FrameType | None) -> None:
        """Cancel what `turning` turns for, once it is known what that waits for."""
        report = self._new_report(turning.under_way)

        def look() -> TracebackType | None:
            try:
                return seen()
            except Exception as exc:
                # In a signal handler, or in the loop's own code, it would end more than the test.
                report.tree = [f"the task tree could not be read: {exc!r}"]
                self._tell(report)
                return None

        def seen() -> TracebackType | None:
            running = turning.running_stack(frame)
            stack = turning.await_stack(running)
            report.findings = [self._timed_out(self._last(stack))]
            activity = self._scene.activity()
            report.tree = render(
                turning.call_graph(running)._replace(
                    name=self._name if activity is None else activity.name
                ),
                lambda call: self._scene.origin(call.path, call.line),
            )
            self._tell(report)
            return traceback_of(stack)

        if self._clock.can_raise:
            self._ask(turning, report, look())
        else:
            # Another thread must not look at a loop that turns.
            report.findings = [self._timed_out(None)]
            self._tell(report)
            self._ask(turning, report, None, lambda: turning.place(look()))

    def _ask(
        self,
        turning: Turning,
        report: _Report,
        where: TracebackType | None = None,
        look: Callable[[], object] = lambda: None,
    ) -> None:
        report.is_heard = False

        def first() -> None:
            report.is_heard = True
            look()

        turning.interrupt(report.error, where, first)
        self._clock.set(MOMENT)
        report.waited = 0.0

    def _insist(self, turning: Turning, report: _Report, frame: FrameType | None) -> None:
        """Look what has become of a cancellation."""
        __tracebackhide__ = True
        if not report.is_heard:
            self._interrupt_blocked_loop(turning, report, frame)
        elif report.waited < report.grace:
            # A moment is over; the rest of the grace follows.
            self._clock.set(max(report.grace - MOMENT, SHORTLY))
            report.waited = report.grace
        else:
            report.requests += 1
            if report.requests > 1:
                self._abandon(turning, report, frame)
            self._ask(turning, report)

    def _interrupt_blocked_loop(
        self, turning: Turning, report: _Report, frame: FrameType | None
    ) -> None:
        __tracebackhide__ = True
        if not self._clock.can_raise:
            report.waited += MOMENT
            if report.waited > report.grace:
                self._scene.give_up(self.item)
            else:
                self._clock.set(MOMENT)
            return
        if not turning.may_raise(frame):
            self._clock.set(SHORTLY)
            return
        stack = turning.running_stack(frame) or ()
        where = self._where(self._last(stack), "blocked here")
        report.add(catalog.blocked_and_interrupted(self._name, where))
        turning.place(traceback_of(stack))
        self._tell(report)
        self._clock.set(MOMENT)
        raise report.error.with_traceback(None)

    def _abandon(self, turning: Turning, report: _Report, frame: FrameType | None) -> None:
        __tracebackhide__ = True
        if report.requests == 2:
            stack = turning.await_stack(turning.running_stack(frame)) if frame else ()
            where = self._where(self._last(stack), "was closed here")
            report.add(catalog.refused_to_end(self._name, turning.cancellation, where))
            self._tell(report)
        if not turning.abandon():
            if not self._clock.can_raise:
                self._scene.give_up(self.item)
            self._clock.set(self.limit.seconds)
            raise report.error

    def _last(self, stack: Stack) -> Call | None:
        calls = calls_of(stack)
        return calls[-1] if calls else None

    def _where(self, call: Call | None, text: str) -> catalog.Where:
        if call is None:
            return ()
        return ((self._scene.origin(call.path, call.line), call.function, text),)

    def _timed_out(self, stood: Call | None, *, is_on_loop: bool = True) -> catalog.Finding:
        activity = self._scene.activity()
        rows: catalog.Where = ((self._origin, self._name, ""),)
        part = f"its {self.phase}"
        if activity is not None and activity.action in ("setup", "teardown"):
            part = f"the {activity.action} of fixture {activity.name}"
            rows = ((activity.origin, activity.name, ""),)
        rows = (*rows, *self._where(stood, "stood here"))
        seconds, said = self.limit.seconds, self.limit.said
        return catalog.timed_out(self._name, part, seconds, rows, said, is_on_loop)

    def _tell(self, report: _Report) -> None:
        """Say in the failure what is known by now."""
        lines = [f"Timeout (>{self.limit.seconds}s) from {self.limit.by}."]
        for finding in report.findings:
            lines += str(finding).splitlines()
        report.error.msg = "\n".join([*lines, *report.tree])
        report.error.args = (report.error.msg,)


@dataclass(eq=False, slots=True)
class _Report:
    """One time that was up: the failure, and how far it has been dealt with.

    `part` is what the loop turned for. The grace is given twice: after each of two `requests`.
    """

    part: object | None
    error: TimedOut
    grace: float
    requests: int = 0
    waited: float = 0.0
    is_heard: bool = False
    is_over: bool = False
    findings: list[catalog.Finding] = field(default_factory=list)
    tree: list[str] = field(default_factory=list)

    def add(self, finding: catalog.Finding) -> None:
        """Add what is known now; of each kind, the last one tells."""
        self.findings = [one for one in self.findings if one.code != finding.code] + [finding]
