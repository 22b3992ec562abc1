"""The events of one process, paired: what opened with what closed, and what has not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from loopscope.report.findings import told
from loopscope.report.model import FAILED, PASSED, SKIPPED, UNFINISHED, Bar, Finding, Lane, Test
from loopscope.report.rows import FINDINGS, FIXTURES, LOOPS, TASKS, TESTS, Key, Piece, arrange
from loopscope.trace.events import (
    FixtureSetUp,
    FixtureTornDown,
    LoopClosed,
    LoopOpened,
    LoopPlanned,
    Phase,
    TaskBegan,
    TaskEnded,
    TestBegan,
    TestEnded,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from loopscope.trace.events import Event

_PHASES = ("setup", "call", "teardown")
_WIDE = ("session", "package")


@dataclass
class Agreement:
    """Says whether things ran on the loops that they were planned on.

    Who only observes cannot tell which loop of the plan a loop is. It then stands for the one that
    the first on it was planned on, and whoever was planned on another is in the wrong place.
    """

    anonymous: frozenset[str]
    _planned: dict[str, str] = field(default_factory=dict)
    _observed: dict[str, str] = field(default_factory=dict)

    def is_broken(self, planned: str | None, observed: str | None) -> bool:
        """Say whether something `planned` on one loop ran on another."""
        if planned is None or observed is None:
            return False
        if observed not in self.anonymous:
            return planned != observed
        stands_for = self._planned.setdefault(observed, planned)
        stand_in = self._observed.setdefault(planned, observed)
        return stands_for != planned or stand_in != observed


@dataclass
class _Running:
    """A test that was begun, and what has been seen of it."""

    began: TestBegan
    index: int


class Process:
    """What became of the tests, fixtures and loops of one process.

    Args:
        events: in the order in which they were recorded, on the clock of the whole run.
        first_test: the index of the first test of the process among those of the run.
    """

    def __init__(self, events: Sequence[Event], first_test: int = 0) -> None:
        self.tests: list[Test] = []
        self._first_test = first_test
        self._end = max((event.time for event in events), default=0.0)
        self._pieces: list[Piece] = []
        self._found: dict[tuple[str, str, int | None], Finding] = {}
        self._running: dict[str, _Running] = {}
        self._index: dict[str, int] = {}
        self._up: dict[str, list[FixtureSetUp]] = {}
        self._open: dict[str, LoopOpened] = {}
        self._closed: list[tuple[LoopOpened, float, bool]] = []
        self._tasks: dict[tuple[str, str], TaskBegan] = {}
        self._backend: dict[str, str] = {}
        self._scope: dict[str, str | None] = {}
        self._planned: dict[str, LoopPlanned] = {}
        self._needed: dict[str, tuple[float, float]] = {}
        for event in events:
            if isinstance(event, (LoopPlanned, LoopOpened)):
                self._backend[event.loop] = event.backend
                self._scope[event.loop] = event.scope
        anonymous = (loop for loop, scope in self._scope.items() if scope is None)
        self._agreement = Agreement(frozenset(anonymous))
        self._read(events)

    def arranged(self, name: str, first_lane: int) -> tuple[list[Lane], list[Bar], list[Finding]]:
        """Return the lanes of the process, called `name`, and what is in them."""
        also = [Key(FINDINGS)] if self._found else []
        lanes, bars, numbers = arrange(self._pieces, name, first_lane, also)
        findings = [replace(found, lane=numbers[Key(FINDINGS)]) for found in self._found.values()]
        return lanes, bars, findings

    def _read(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, TestBegan):
                self._begin(event)
            elif isinstance(event, TestEnded):
                self._ended(event)
            elif isinstance(event, FixtureSetUp):
                self._set_up(event)
            elif isinstance(event, FixtureTornDown):
                self._torn_down(event)
            elif isinstance(event, LoopPlanned):
                self._planned[event.loop] = event
            elif isinstance(event, LoopOpened):
                self._open[event.loop] = event
            elif isinstance(event, LoopClosed):
                opened = self._open.pop(event.loop, None)
                if opened is not None:
                    self._closed.append((opened, event.time, True))
            elif isinstance(event, TaskBegan):
                self._tasks[event.task, event.loop] = event
            elif isinstance(event, TaskEnded):
                began = self._tasks.pop((event.task, event.loop), None)
                if began is not None:
                    self._task(began, event.time, has_ended=True)
            else:
                self._finding(event)
        self._cut_off()

    def _cut_off(self) -> None:
        """Draw what has not ended, up to the last time that is known."""
        for running in list(self._running.values()):
            self._test(running)
        for setups in self._up.values():
            for setup in setups:
                self._fixture(setup, None)
        for began in self._tasks.values():
            self._task(began, self._end, has_ended=False)
        self._closed += [(opened, self._end, False) for opened in self._open.values()]
        for opened, end, has_ended in self._closed:
            self._loop(opened, end, has_ended=has_ended)
        for loop in list(self._needed):  # never opened, at least not under the name in the plan
            self._pieces += self._plan_of(loop)

    def _begin(self, event: TestBegan) -> None:
        before = self._running.get(event.test)
        if before is not None:
            self._test(before)
        index = self._first_test + len(self.tests)
        self._index[event.test] = index
        self._running[event.test] = _Running(event, index)
        # Its outcome is known when it is over; a place among the tests is needed before.
        self.tests.append(
            Test(
                event.test,
                event.module,
                event.backend,
                event.origin,
                event.vocabulary,
                event.planned,
                UNFINISHED,
                event.time,
                event.time,
            )
        )

    def _ended(self, event: TestEnded) -> None:
        if event.test not in self._running:
            module, _, name = event.test.partition("::")
            began = TestBegan(event.began, event.test, name, "", module, None, None, None)
            self._begin(began)
        self._test(self._running[event.test], event.phases, event.loop)

    def _test(
        self, running: _Running, phases: Sequence[Phase] = (), loop: str | None = None
    ) -> None:
        began = running.began
        del self._running[began.test]
        end, bars = began.time, []
        for phase in phases:
            bars.append(self._bar_of_phase(phase, end, running, loop))
            end = phase.ended
        outcome = _outcome(phases)
        if not _is_over(phases):
            phase = Phase(_unended(phases), self._end, UNFINISHED)
            bars.append(self._bar_of_phase(phase, end, running, loop, has_ended=False))
            end = self._end
        self._needs(began.planned, began.time, end)
        index = running.index - self._first_test
        self.tests[index] = replace(self.tests[index], outcome=outcome, end=end)
        self._pieces.append(Piece(Key(TESTS, "function"), began.time, end, "", tuple(bars)))

    def _bar_of_phase(
        self,
        phase: Phase,
        since: float,
        running: _Running,
        loop: str | None,
        *,
        has_ended: bool = True,
    ) -> partial[Bar]:
        began = running.began
        observed = loop if phase.name == "call" else None
        differs = self._agreement.is_broken(began.planned, observed)
        return partial(
            Bar,
            begin=since,
            end=phase.ended,
            kind=phase.name,
            name=began.name,
            outcome=phase.outcome,
            test=running.index,
            module=began.module,
            backend=began.backend,
            origin=began.origin or None,
            planned=began.planned,
            observed=observed,
            differs=differs,
            has_ended=has_ended,
            text=phase.error,
        )

    def _set_up(self, event: FixtureSetUp) -> None:
        if event.error is None:
            self._up.setdefault(event.fixture, []).append(event)
        else:
            self._fixture(event, None)

    def _torn_down(self, event: FixtureTornDown) -> None:
        setups = self._up.get(event.fixture)
        if setups:
            self._fixture(setups.pop(), event)

    def _fixture(self, setup: FixtureSetUp, down: FixtureTornDown | None) -> None:
        backend = self._backend.get(setup.loop or setup.planned or "")
        end = self._end if down is None else down.time
        bar = partial(
            Bar,
            name=setup.name,
            test=self._index.get(setup.test) if setup.scope == "function" else None,
            module=_module(setup.scope, setup.node),
            backend=backend,
            origin=setup.origin,
            planned=setup.planned,
            observed=setup.loop,
            differs=self._agreement.is_broken(setup.planned, setup.loop),
        )
        failed = FAILED if setup.error is not None else PASSED
        bars = [
            partial(
                bar,
                begin=setup.began,
                end=setup.time,
                kind="set up",
                outcome=failed,
                text=setup.error,
            )
        ]
        if setup.error is not None:
            end = setup.time
        elif down is None:
            bars.append(partial(bar, begin=setup.time, end=end, kind="fixture", has_ended=False))
        else:
            bars.append(partial(bar, begin=setup.time, end=down.began, kind="fixture"))
            outcome = FAILED if down.error is not None else PASSED
            bars.append(
                partial(
                    bar,
                    begin=down.began,
                    end=down.time,
                    kind="torn down",
                    observed=down.loop,
                    differs=self._agreement.is_broken(setup.planned, down.loop),
                    outcome=outcome,
                    text=down.error,
                )
            )
        self._needs(setup.planned, setup.began, end)
        key = Key(FIXTURES, setup.scope, backend)
        self._pieces.append(Piece(key, setup.began, end, setup.name, tuple(bars)))

    def _loop(self, opened: LoopOpened, end: float, *, has_ended: bool) -> None:
        node, planned = opened.node or "", self._planned.get(opened.loop)
        bar = partial(
            Bar,
            begin=opened.time,
            end=end,
            kind="loop",
            name=opened.loop,
            test=self._index.get(node) if opened.scope == "function" else None,
            module=_module(opened.scope, node),
            backend=opened.backend,
            observed=opened.loop,
            has_ended=has_ended,
            text=None if planned is None else f"because of {planned.because}",
            origin=None if planned is None else planned.because_at,
        )
        begin = opened.time
        bars: list[Callable[[int, int], Bar]] = [bar]
        for piece in self._plan_of(opened.loop):
            begin, end = min(begin, piece.begin), max(end, piece.end)
            bars = [*piece.bars, bar]
        key = Key(LOOPS, opened.scope, opened.backend)
        self._pieces.append(Piece(key, begin, end, opened.loop, tuple(bars)))

    def _plan_of(self, loop: str) -> Iterator[Piece]:
        """Yield when a loop of the plan was to be open, once, if anybody needed it."""
        if loop not in self._needed or loop not in self._planned:
            return
        planned, (begin, end) = self._planned[loop], self._needed.pop(loop)
        bar = partial(
            Bar,
            begin=begin,
            end=end,
            kind="planned",
            name=loop,
            module=_module(planned.scope, planned.node),
            backend=planned.backend,
            planned=loop,
            origin=planned.because_at,
            text=f"because of {planned.because}",
        )
        yield Piece(Key(LOOPS, planned.scope, planned.backend), begin, end, loop, (bar,))

    def _task(self, began: TaskBegan, end: float, *, has_ended: bool) -> None:
        scope, _, node = began.task.partition(" ")
        backend = self._backend.get(began.loop)
        bar = partial(
            Bar,
            begin=began.time,
            end=end,
            kind="task",
            name=f"task of {began.task}",
            module=_module(scope, node),
            backend=backend,
            observed=began.loop,
            has_ended=has_ended,
        )
        self._pieces.append(Piece(Key(TASKS, scope, backend), began.time, end, "", (bar,)))

    def _needs(self, loop: str | None, begin: float, end: float) -> None:
        """Take note that `loop` was to be open from `begin` to `end`."""
        if loop is not None:
            first, last = self._needed.get(loop, (begin, end))
            self._needed[loop] = min(first, begin), max(last, end)

    def _finding(self, event: Event) -> None:
        finding = told(event, self._index)
        if finding is not None:
            key = finding.code, finding.text, finding.test
            self._found.setdefault(key, finding)


def _outcome(phases: Sequence[Phase]) -> str:
    outcomes = {phase.outcome for phase in phases}
    if FAILED in outcomes:
        return FAILED
    if not _is_over(phases):
        return UNFINISHED
    return SKIPPED if SKIPPED in outcomes else PASSED


def _is_over(phases: Iterable[Phase]) -> bool:
    return any(phase.name == _PHASES[-1] for phase in phases)


def _unended(phases: Sequence[Phase]) -> str:
    """Return the phase that a test was in when the run was cut off after `phases`."""
    if not phases:
        return "call"  # nobody has said more than that it began
    if any(phase.outcome != PASSED for phase in phases):
        return _PHASES[-1]  # after a setup that did not pass, there is no call
    over = [phase.name for phase in phases]
    return next((name for name in _PHASES if name not in over), _PHASES[-1])


def _module(scope: str | None, node: str) -> str | None:
    """Return the module that a place is in, None if it is wider than one, or unknown."""
    return None if scope is None or scope in _WIDE else node.partition("::")[0] or None
