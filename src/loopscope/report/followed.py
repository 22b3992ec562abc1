"""The events of one process that ran tests, followed one by one with the plan at hand.

A loop, a fixture and a test each have a life, and the lives have to nest: so what is open and what
is up is kept, and every event is held against that and against the plan. Function loops are opened
anew if a test is run again, and wider ones if pytest comes back to a place that it had left.

A test may come to another loop than was planned after collection in one way: it asks for a fixture
dynamically before its own loop was opened, and is taken onto the loop of that.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loopscope.core.graph import reach
from loopscope.core.scope import Scope
from loopscope.report.open_loops import OpenLoops
from loopscope.report.violations import (
    CLOSED_UNOPENED,
    ELSEWHERE,
    NOT_CLOSED,
    NOT_OPEN,
    NOT_SET_UP,
    NOT_TORN_DOWN,
    OUTLIVED,
    PLANNED_OTHERWISE,
    SET_UP_ELSEWHERE,
    TORN_DOWN_ELSEWHERE,
    UNSEEN,
    Violation,
)
from loopscope.trace.events import (
    FixtureSetUp,
    FixtureTornDown,
    LoopClosed,
    LoopOpened,
    Phase,
    RunBegan,
    RunEnded,
    TestBegan,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Plan
    from loopscope.trace.events import Event


_NO_LOOP = "synchronous, as far as was seen"
_SKIPPED = "skipped"
_NOT_SET_UP = "failed in its setup"
_NOT_OVER = "not over"
_PROVED, _REFUTED = "proved", "refuted"
_OWN = "on a loop of its own, which ended with the test"
_OPEN = "on a loop of somebody else's, which went on after the test"


@dataclass(slots=True)
class _Test:
    """A test that is under way.

    `loops` are those that were open at some time since it began, `fixtures` those that were up, and
    `closed` the loops that were closed after the end of its setup was told. Some plugins, such as
    pytest-rerunfailures, tell all phases of a test at once, when it is over.
    """

    began: TestBegan
    vertex: Vertex | None
    planned: str | None
    found_before: int
    loops: set[str]
    fixtures: set[str]
    closed: set[str] = field(default_factory=set)
    phases: dict[str, Phase] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.began.test


@dataclass(slots=True)
class _Up:
    """A fixture that is set up, and the loop that it has to be torn down on."""

    event: FixtureSetUp
    loop: str | None


class Followed:
    """What one process did, and what of it was otherwise than planned."""

    def __init__(self, plan: Plan, events: Sequence[Event]) -> None:
        self.began: RunBegan | None = None
        self.ended: RunEnded | None = None
        self.violations: list[Violation] = []
        self.setups = self.teardowns = self.loops = 0
        self.begun: list[str] = []
        self.moved: list[str] = []
        self.unseen: list[str] = []
        self._vertices = plan.suite.vertices
        self._loops = {id: str(loop) for id, loop in plan.loops.items()}
        self._own = {str(one) for one in plan.loops.values() if one.anchor.scope is Scope.FUNCTION}
        self._known = set(self._loops.values())
        self._test: _Test | None = None
        # By test and loop: what is run again counts as it came out last.
        self._results: dict[tuple[str, str | None], str] = {}
        self._up: dict[str, list[_Up]] = {}
        self._open = OpenLoops(self._known)
        self._seen: set[str] = set()  # that nobody has planned, and are open
        for event in events:
            self._follow(event)
        if self._test is not None:
            self._came_to(self._test, _NOT_OVER)
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
            case Phase():
                self._phase(event)
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
            self._came_to(self._test, _NOT_OVER)  # and not only run again
        self.begun.append(event.test)
        planned = self._loops.get(event.test)
        if planned != event.planned and event.planned in self._of_twins(event.test):
            planned = event.planned
        vertex = self._vertices.get(event.test)
        self._test = _Test(
            event, vertex, planned, len(self.violations), set(self._open), set(self._up)
        )
        if planned is not None and event.planned != planned:
            self._found(
                PLANNED_OTHERWISE, event.name, event.origin, planned, event.planned or "no loop"
            )

    def _of_twins(self, test: str) -> set[str]:
        """Return the loops of the same test that was collected more than once."""
        return {loop for id, loop in self._loops.items() if id.rstrip("'") == test}

    def _phase(self, event: Phase) -> None:
        test = self._test
        if test is None or test.id != event.test:
            if event.phase != "setup" or event.outcome == "passed":
                return
            test = self._refused(event)
        test.phases[event.phase] = event
        if event.phase == "setup" and event.outcome == "passed" and test.vertex is not None:
            self._all_is_up(test.vertex, test.fixtures)
        elif event.phase == "call" and test.planned is not None:
            self._body(test, test.planned, event)
        elif event.phase == "teardown":
            self._over(test)
            self._test = None

    def _refused(self, event: Phase) -> _Test:
        """Return a test that has failed before it began, which is what a finding does to it."""
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
                self._found(NOT_SET_UP, used.name, str(used.origin), self._loops[id])

    def _body(self, test: _Test, planned: str, event: Phase) -> None:
        name, origin, seen = test.began.name, test.began.origin, event.loop
        if seen is None:
            if event.outcome == "passed" and (test.vertex is None or test.vertex.needs_loop):
                self._found(UNSEEN, name, origin, planned)
        elif seen != planned and not self._is_moved(planned, seen):
            self._found(ELSEWHERE, name, origin, planned, seen)
        elif seen not in test.loops or seen in test.closed:
            self._found(NOT_OPEN, name, origin, planned, seen)
        elif seen != planned:
            self.moved.append(test.id)

    def _is_moved(self, planned: str, to: str) -> bool:
        """Say whether a test may have come to another loop by what it asked for while it ran."""
        is_up = any(one.loop == to for ups in self._up.values() for one in ups)
        return planned in self._own and planned not in self._open and is_up

    def _over(self, test: _Test) -> None:
        setup, call = test.phases.get("setup"), test.phases.get("call")
        if test.planned is None:
            result = self._why_unplanned(test)
        elif setup is None or setup.outcome == "failed":
            result = _NOT_SET_UP
        elif setup.outcome == "skipped":
            result = _SKIPPED
        elif call is None or (self._has_to_be_seen(test) and call.loop is None):
            skipped = call is not None and call.outcome == "skipped"
            result = _SKIPPED if skipped else "failed before its first line"
        else:
            result = _PROVED if len(self.violations) == test.found_before else _REFUTED
        self._came_to(test, result)

    def _came_to(self, test: _Test, result: str) -> None:
        self._results[test.id, test.planned] = result

    @property
    def tests(self) -> int:
        """How many tests did everything where it was planned."""
        return self._count(planned=True)[_PROVED]

    @property
    def unproved(self) -> Counter[str]:
        """How many tests are on a planned loop and have not shown it, by why."""
        counts = self._count(planned=True)
        del counts[_PROVED], counts[_REFUTED]
        return counts

    @property
    def others(self) -> Counter[str]:
        """How many tests are on no planned loop, by why."""
        return self._count(planned=False)

    def _count(self, *, planned: bool) -> Counter[str]:
        results = self._results.items()
        return Counter(came_to for (_, loop), came_to in results if (loop is not None) is planned)

    def _why_unplanned(self, test: _Test) -> str:
        setup, call = test.phases.get("setup"), test.phases.get("call")
        if call is None:
            return _SKIPPED if setup is not None and setup.outcome == "skipped" else _NOT_SET_UP
        if call.loop is None:
            return _NO_LOOP
        return _OPEN if call.loop in self._seen else _OWN

    def _has_to_be_seen(self, test: _Test) -> bool:
        return test.vertex is None or test.vertex.needs_loop

    def _set_up(self, event: FixtureSetUp) -> None:
        planned = self._loops.get(event.fixture, event.planned)
        if planned is None:
            return
        said, seen = event.planned, event.loop
        if said not in (None, planned) and self._is_moved(planned, str(said)):
            planned = str(said)
        if seen is not None:
            if seen != planned:
                self._found(SET_UP_ELSEWHERE, event.name, event.origin, planned, seen)
            elif seen not in self._open:
                self._found(NOT_OPEN, event.name, event.origin, planned, seen)
            else:
                self.setups += 1
        elif event.error is None and self._has_to_be_shown(event):
            self.unseen.append(f"{event.origin} {event.name}")
        if event.error is None:
            loop = None if _makes(event) else planned
            self._up.setdefault(event.fixture, []).append(_Up(event, loop))
            if self._test is not None:
                self._test.fixtures.add(event.fixture)

    def _has_to_be_shown(self, event: FixtureSetUp) -> bool:
        vertex = self._vertices.get(event.fixture)
        is_ours = event.origin.startswith("loopscope.")  # the fixture `loopscope`: no code to see
        return vertex is not None and vertex.needs_loop and not is_ours and not _makes(event)

    def _torn_down(self, event: FixtureTornDown) -> None:
        ups = self._up.get(event.fixture)
        if not ups:
            return
        up = ups.pop()
        if not ups:
            del self._up[event.fixture]
        name, origin = up.event.name, up.event.origin
        if event.loop is None:
            return
        if event.loop != up.loop:
            self._found(TORN_DOWN_ELSEWHERE, name, origin, up.loop, event.loop)
        elif event.loop not in self._open:
            self._found(NOT_OPEN, name, origin, up.loop, event.loop)
        else:
            self.teardowns += 1

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
                self._found(CLOSED_UNOPENED, loop, None)
            return
        if self._test is not None and "setup" in self._test.phases:
            self._test.closed.add(loop)
        still_up = [id for id, ups in self._up.items() if any(one.loop == loop for one in ups)]
        for id in still_up:
            for one in self._up.pop(id):
                self._found(OUTLIVED, one.event.name, one.event.origin, loop)
        if not still_up:
            self.loops += 1

    def _end(self) -> None:
        for ups in self._up.values():
            for one in ups:
                self._found(NOT_TORN_DOWN, one.event.name, one.event.origin, one.loop)
        for loop in self._open:
            self._found(NOT_CLOSED, loop, None)

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


def _makes(event: FixtureSetUp) -> bool:
    """Say whether a fixture makes the loop that it is planned on, as an `event_loop` does.

    Such a loop is called by the fixture, which closes it, and so outlives it.
    """
    return f" by {event.name} at {event.origin}" in str(event.planned)
