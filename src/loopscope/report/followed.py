"""The events of one process that ran tests, followed one by one with the plan at hand.

A loop, a fixture and a test each have a life, and the lives have to nest: so what is open and what
is up is kept, and every event is held against that and against the plan. Function loops are opened
anew if a test is run again, and wider ones if pytest comes back to a place that it had left.

A test may come to another loop than was planned after collection in one way: it asks for a fixture
dynamically before its own loop was opened, and is taken onto the loop of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.core.graph import reach
from loopscope.core.scope import Scope
from loopscope.report import violations as kinds
from loopscope.report.fixtures_up import FixturesUp, makes_its_loop
from loopscope.report.open_loops import OpenLoops
from loopscope.report.shown import NOT_OVER, Shown, with_plan, without_plan
from loopscope.report.violations import Violation
from loopscope.trace.events import (
    FixtureSetUp,
    FixtureTornDown,
    LoopClosed,
    LoopOpened,
    RunBegan,
    RunEnded,
    TestBegan,
    TestEnded,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Plan
    from loopscope.trace.events import Event


TO_THE_END = (0, 1, 5)
"""The exit codes of a run that came to its end: tests that failed are no matter of loops."""


@dataclass(slots=True)
class _Test:
    """A test that is under way.

    `loops` are those that were open at some time since it began, `fixtures` those that were up, and
    `lived_on` the loops of these. What became of it is told when it is over, and so are they.
    """

    began: TestBegan
    vertex: Vertex | None
    planned: str | None
    found_before: int
    loops: set[str]
    fixtures: set[str]
    lived_on: set[str | None]

    @property
    def id(self) -> str:
        return self.began.test


class Followed:
    """What one process did, and what of it was otherwise than planned."""

    def __init__(self, plan: Plan, events: Sequence[Event]) -> None:
        self.began: RunBegan | None = None
        self.ended: RunEnded | None = None
        self.violations: list[Violation] = []
        self.shown = Shown()
        self.setups = self.teardowns = self.loops = 0
        self.begun: list[str] = []
        self.moved: list[str] = []
        self.unseen: list[str] = []
        self._vertices = plan.suite.vertices
        self._loops = {id: str(loop) for id, loop in plan.loops.items()}
        self._own = {str(one) for one in plan.loops.values() if one.anchor.scope is Scope.FUNCTION}
        self._known = set(self._loops.values())
        self._test: _Test | None = None
        self._up = FixturesUp()
        self._open = OpenLoops(self._known)
        self._seen: set[str] = set()  # that nobody has planned, and are open
        for event in events:
            self._follow(event)
        if self._test is not None:
            self._is_not_over(self._test, was_stopped=not self._came_to_its_end)
            self._test = None
        if self.ended is not None:
            self._end()

    @property
    def worker(self) -> str | None:
        """The name of the process under pytest-xdist."""
        return None if self.began is None else self.began.worker

    def _follow(self, event: Event) -> None:
        match event:
            case RunBegan():
                self.began = event
            case RunEnded():
                self.ended = event
            case TestBegan():
                self._begin(event)
            case TestEnded():
                self._ended(event)
            case FixtureSetUp():
                self._set_up(event)
            case FixtureTornDown():
                self._torn_down(event)
            case LoopOpened(scope=None):
                self._seen.add(event.loop)
            case LoopOpened():
                self._opens(event)
            case LoopClosed():
                self._closes(event)

    def _begin(self, event: TestBegan) -> None:
        if self._test is not None and self._test.id != event.test:
            self._is_not_over(self._test, was_stopped=False)  # and it is not only run again
        self.begun.append(event.test)
        planned = self._loops.get(event.test)
        if planned != event.planned and event.planned in self._of_twins(event.test):
            planned = event.planned
        vertex = self._vertices.get(event.test)
        lived_on = {one.loop for one in self._up.all()}
        before = len(self.violations)
        self._test = _Test(
            event, vertex, planned, before, set(self._open), self._up.ids(), lived_on
        )
        if planned is not None and event.planned != planned:
            self._found(
                kinds.PLANNED_OTHERWISE,
                event.name,
                event.origin,
                planned,
                event.planned or "no loop",
            )

    @property
    def _came_to_its_end(self) -> bool:
        return self.ended is not None and self.ended.exit_code in TO_THE_END

    def _is_not_over(self, test: _Test, *, was_stopped: bool) -> None:
        self.shown.add(test.id, test.planned, NOT_OVER)
        if not was_stopped:
            self._found(kinds.NOT_ENDED, test.began.name, test.began.origin, test.planned)

    def _of_twins(self, test: str) -> set[str]:
        """Return the loops of the same test that was collected more than once."""
        return {loop for id, loop in self._loops.items() if id.rstrip("'") == test}

    def _ended(self, event: TestEnded) -> None:
        test = self._test
        phases = {phase.name: phase.outcome for phase in event.phases}
        if test is None or test.id != event.test:
            if "call" in phases:
                return  # its beginning is missing: it shows nothing
            test = self._refused(event)
        if phases.get("setup") == "passed" and test.vertex is not None:
            self._all_is_up(test.vertex, test.fixtures)
        if "call" in phases and test.planned is not None:
            self._body(test, test.planned, event.loop, phases["call"])
        if test.planned is None:
            went_on = event.loop in self._seen
            result = without_plan(event.loop, phases, went_on=went_on)
        else:
            is_refuted = len(self.violations) > test.found_before
            seen = event.loop is not None or not _has_to_be_seen(test)
            result = with_plan(phases, is_seen=seen, is_refuted=is_refuted)
        self.shown.add(test.id, test.planned, result)
        self._test = None

    def _refused(self, event: TestEnded) -> _Test:
        """Return a test that has ended before it began, which is what a finding does to it."""
        id, module = event.test, event.test.partition("::")[0]
        vertex = self._vertices.get(id)
        origin = module if vertex is None else str(vertex.origin)
        planned = self._loops.get(id)
        name = id.rpartition("::")[2]
        self._begin(TestBegan(event.began, id, name, origin, module, None, planned, None))
        assert self._test is not None
        return self._test

    def _all_is_up(self, test: Vertex, fixtures: set[str]) -> None:
        for id in reach(
            test.uses, lambda id: self._vertices[id].uses if id in self._vertices else ()
        ):
            used = self._vertices.get(id)
            if used is not None and used.needs_loop and id in self._loops and id not in fixtures:
                self._found(kinds.NOT_SET_UP, used.name, str(used.origin), self._loops[id])

    def _body(self, test: _Test, planned: str, seen: str | None, outcome: str) -> None:
        name, origin = test.began.name, test.began.origin
        if seen is None:
            if outcome == "passed" and _has_to_be_seen(test):
                self._found(kinds.UNSEEN, name, origin, planned)
        elif seen != planned and not self._is_moved(test, planned, seen):
            self._found(kinds.ELSEWHERE, name, origin, planned, seen)
        elif seen not in test.loops:
            self._found(kinds.NOT_OPEN, name, origin, planned, seen)
        elif seen != planned:
            self.moved.append(test.id)

    def _is_moved(self, test: _Test | None, planned: str, to: str | None) -> bool:
        """Say whether a test may have come to another loop by what it asked for while it ran."""
        if test is None or planned not in self._own or planned in test.loops:
            return False
        return to in test.lived_on

    def _set_up(self, event: FixtureSetUp) -> None:
        planned = self._loops.get(event.fixture, event.planned)
        if planned is None:
            return
        if event.planned != planned and self._is_moved(self._test, planned, event.planned):
            planned = str(event.planned)
        loop = None if makes_its_loop(event) else planned
        if event.loop is not None:
            wrong = self._wrong(planned, event.loop, kinds.SET_UP_ELSEWHERE)
            if wrong is None:
                self.setups += 1
            else:
                self._found(wrong, event.name, event.origin, planned, event.loop)
        elif event.error is None and loop is not None and self._has_code(event):
            self.unseen.append(f"{event.origin} {event.name}")
        if event.error is None:
            self._up.add(event, loop)
            if self._test is not None:
                self._test.fixtures.add(event.fixture)
                self._test.lived_on.add(loop)

    def _has_code(self, event: FixtureSetUp) -> bool:
        """Say whether a fixture may have code that runs on a loop; the one `loopscope` has none."""
        vertex = self._vertices.get(event.fixture)
        return (
            vertex is not None and vertex.needs_loop and not event.origin.startswith("loopscope.")
        )

    def _torn_down(self, event: FixtureTornDown) -> None:
        up = self._up.pop(event.fixture)
        if up is None or event.loop is None:
            return
        wrong = self._wrong(up.loop, event.loop, kinds.TORN_DOWN_ELSEWHERE)
        if wrong is None:
            self.teardowns += 1
        else:
            self._found(wrong, up.event.name, up.event.origin, up.loop, event.loop)

    def _wrong(self, planned: str | None, seen: str, elsewhere: str) -> str | None:
        if seen != planned:
            return elsewhere
        return None if seen in self._open else kinds.NOT_OPEN

    def _opens(self, event: LoopOpened) -> None:
        test = self._test
        for what in self._open.opens(event, self.begun, None if test is None else test.id):
            self._found(what, event.loop, None)
        if test is not None:
            test.loops.add(event.loop)

    def _closes(self, event: LoopClosed) -> None:
        loop = event.loop
        self._seen.discard(loop)
        if not self._open.closes(event, len(self.begun)):
            if loop in self._known:
                self._found(kinds.CLOSED_UNOPENED, loop, None)
            return
        left = self._up.drop(loop)
        for one in left:
            self._found(kinds.OUTLIVED, one.event.name, one.event.origin, loop)
        if not left:
            self.loops += 1

    def _end(self) -> None:
        for one in self._up.all():
            self._found(kinds.NOT_TORN_DOWN, one.event.name, one.event.origin, one.loop)
        for loop in self._open:
            self._found(kinds.NOT_CLOSED, loop, None)

    def _found(
        self,
        what: str,
        name: str,
        origin: str | None,
        planned: str | None = None,
        observed: str | None = None,
    ) -> None:
        test = None if self._test is None else self._test.id
        self.violations.append(Violation(what, name, origin, planned, observed, test))


def _has_to_be_seen(test: _Test) -> bool:
    return test.vertex is None or test.vertex.needs_loop
