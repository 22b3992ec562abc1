"""The events of a run, added up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.report.places import SHARED, WIDTHS, Place
from loopscope.report.results import (
    OUTCOMES,
    FixtureUse,
    Instance,
    LoopCount,
    LoopPlace,
    Process,
    Summary,
    TestRun,
    Unfinished,
)
from loopscope.trace.events import (
    Blocked,
    Cancelled,
    Crashed,
    Event,
    FixtureSetUp,
    FixtureTornDown,
    Found,
    LeftBehind,
    LoopClosed,
    LoopOpened,
    LoopPlanned,
    Phase,
    RunBegan,
    RunEnded,
    TaskBegan,
    TaskEnded,
    TestBegan,
    TestEnded,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TypeVar

    SomeEvent = TypeVar("SomeEvent", bound=Event)


def summarise(processes: Iterable[Sequence[Event]], *, is_complete: bool = True) -> Summary:
    """Add up the events of the processes of one run, which are on one clock."""
    followed = [_Followed(events) for events in processes]
    every = [event for process in followed for event in process.events]
    loops = _Loops(every)
    tests = {test.began.test: test for process in followed for test in process.tests.values()}
    runs = tuple(test.result(loops) for test in tests.values())
    outcomes = Counter(run.outcome for run in runs)
    return Summary(
        is_complete=is_complete,
        seconds=_duration(every),
        outcomes={outcome: outcomes[outcome] for outcome in OUTCOMES if outcomes[outcome]},
        processes=tuple(process.result() for process in followed),
        tests=runs,
        fixtures=tuple(_fixtures(followed, loops)),
        planned=tuple(
            LoopPlace(loops.place(one.loop), one.because, one.because_at, one.tests)
            for one in loops.wide.values()
        ),
        loops=tuple(loops.counts()),
        findings=tuple({(e.code, e.text, e.test): e for e in _of(Found, every)}.values()),
        leftovers=tuple(_of(LeftBehind, every)),
        crashed=tuple(_of(Crashed, every)),
        cancelled=tuple(_of(Cancelled, every)),
        blocked=tuple(_of(Blocked, every)),
        unfinished=tuple(one for process in followed for one in process.unfinished()),
    )


def _of(kind: type[SomeEvent], events: Iterable[Event]) -> Iterator[SomeEvent]:
    return (event for event in events if isinstance(event, kind))


def _duration(events: Iterable[Event]) -> float:
    times = [event.time for event in events] or [0.0]
    return max(times) - min(times)


@dataclass(slots=True)
class _Test:
    """A test from its beginning on."""

    began: TestBegan
    ended: TestEnded | None = None

    def result(self, loops: _Loops) -> TestRun:
        began, seconds = self.began, self._seconds()
        return TestRun(
            id=began.test,
            origin=began.origin,
            vocabulary=began.vocabulary,
            planned=loops.planned(began.planned, began.backend),
            loop=None if self.ended is None else loops.observed(self.ended.loop),
            outcome=self._outcome(),
            setup=seconds.get("setup"),
            call=seconds.get("call"),
            teardown=seconds.get("teardown"),
            error=next((phase.error for phase in self._phases() if phase.error), None),
        )

    def _phases(self) -> tuple[Phase, ...]:
        return () if self.ended is None else self.ended.phases

    def _outcome(self) -> str:
        outcomes = {phase.name: phase.outcome for phase in self._phases()}
        if "failed" in (outcomes.get("setup"), outcomes.get("teardown")):
            # A test that failed and could not be torn down failed in the first place.
            return "failed" if outcomes.get("call") == "failed" else "error"
        if "skipped" in outcomes.values():
            return "skipped"
        return outcomes.get("call", "unfinished")

    def _seconds(self) -> dict[str, float]:
        seconds: dict[str, float] = {}
        since = 0.0 if self.ended is None else self.ended.began
        for phase in self._phases():
            seconds[phase.name] = seconds.get(phase.name, 0.0) + phase.ended - since
            since = phase.ended
        return seconds


class _Followed:
    """What one process did, and what it has begun and not ended."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.began = next(_of(RunBegan, events), None)
        self.ended = next(_of(RunEnded, events), None)
        self.tests: dict[str, _Test] = {}
        self.teardowns: list[tuple[FixtureSetUp, FixtureTornDown]] = []
        self._alive: dict[str, FixtureSetUp] = {}
        self._open: dict[tuple[str, str], str] = {}
        for event in events:
            self._follow(event)

    def _follow(self, event: Event) -> None:
        match event:
            case TestBegan(test=test):
                self.tests[test] = _Test(event)
                self._open["test", test] = test
            case TestEnded(test=test):
                if test in self.tests:
                    self.tests[test].ended = event
                if any(phase.name == "teardown" for phase in event.phases):
                    self._open.pop(("test", test), None)
            case FixtureSetUp(fixture=fixture, error=None):
                self._alive[fixture] = event
                self._open["fixture", fixture] = f"{event.name} of {event.node or 'the session'}"
            case FixtureTornDown(fixture=fixture):
                if fixture in self._alive:
                    self.teardowns.append((self._alive.pop(fixture), event))
                    del self._open["fixture", fixture]
            case LoopOpened(loop=loop):
                self._open["loop", loop] = loop
            case LoopClosed(loop=loop):
                self._open.pop(("loop", loop), None)
            case TaskBegan(task=task):
                self._open["task", task] = f"the task of {task}"
            case TaskEnded(task=task):
                self._open.pop(("task", task), None)

    @property
    def worker(self) -> str | None:
        return None if self.began is None else self.began.worker

    def unfinished(self) -> Iterator[Unfinished]:
        """Yield what was not over when the trace ended."""
        if self.ended is None:
            yield Unfinished("run", "the run itself", self.worker)
        for (kind, _), name in self._open.items():
            yield Unfinished(kind, name, self.worker)

    def result(self) -> Process:
        began, ended = self.began, self.ended
        return Process(
            worker=self.worker,
            loopscope=began and began.loopscope,
            pytest=began and began.pytest,
            python=began and began.python,
            engine=began and began.engine,
            policy=began and began.policy,
            seconds=_duration(self.events),
            exit_code=None if ended is None else ended.exit_code,
        )


class _Loops:
    """The loops of a run by their ids, and what is known about each."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.wide = {event.loop: event for event in _of(LoopPlanned, events)}
        self._opened = list(_of(LoopOpened, events))
        self._known = {event.loop: event for event in self._opened}
        self._planned = {
            event.planned: event.backend or "" for event in _of(TestBegan, events) if event.planned
        }
        users: dict[str, set[str]] = {}
        for event in _of(TestEnded, events):
            if event.loop is not None:
                users.setdefault(event.loop, set()).add(event.test)
        self._users = users

    def place(self, loop: str, backend: str = "") -> Place:
        """Return where `loop` is; one that is no wider than a test is everywhere the same."""
        for known in (self.wide.get(loop), self._known.get(loop)):
            if known is not None and known.scope and known.scope != "function":
                return Place(known.backend, known.scope, known.node or "")
        opened = self._known.get(loop)
        backend = backend if opened is None else opened.backend
        if opened is not None and len(self._users.get(loop, ())) > 1:
            return Place(backend, SHARED)
        return Place(backend, "function")

    def planned(self, loop: str | None, backend: str | None = None) -> Place | None:
        return None if loop is None else self.place(loop, backend or "")

    def observed(self, loop: str | None) -> Place | None:
        return None if loop is None else self.place(loop, self._planned.get(loop, ""))

    def counts(self) -> Iterator[LoopCount]:
        """Yield how many loops of each scope and backend there are, the widest first."""
        planned: Counter[tuple[str | None, str]] = Counter()
        for loop in {**self.wide, **self._planned}:
            place = self.place(loop, self._planned.get(loop, ""))
            planned[place.scope, place.backend] += 1
        opened = Counter((event.scope, event.backend) for event in self._opened)
        for scope, backend in sorted({**planned, **opened}, key=_widest_first):
            yield LoopCount(scope, backend, planned[scope, backend], opened[scope, backend])


def _widest_first(loops: tuple[str | None, str]) -> tuple[int, str]:
    scope, backend = loops
    return -WIDTHS.index(scope) if scope in WIDTHS else 1, backend


def _fixtures(followed: Iterable[_Followed], loops: _Loops) -> Iterator[FixtureUse]:
    set_up: dict[tuple[str, str], list[FixtureSetUp]] = {}
    teardown: dict[tuple[str, str], list[float]] = {}
    for process in followed:
        for event in _of(FixtureSetUp, process.events):
            set_up.setdefault((event.name, event.origin), []).append(event)
        for before, after in process.teardowns:
            times = teardown.setdefault((before.name, before.origin), [])
            times.append(after.time - after.began)
    for (name, origin), events in set_up.items():
        seconds = [event.time - event.began for event in events]
        teardowns = teardown.get((name, origin), [])
        yield FixtureUse(
            name=name,
            origin=origin,
            scope=events[0].scope,
            times=len(events),
            torn_down=len(teardowns),
            setup=sum(seconds),
            teardown=sum(teardowns),
            slowest=max(seconds),
            errors=sum(event.error is not None for event in events),
            instances=tuple(
                Instance(node, loops.planned(event.planned), loops.observed(event.loop))
                for node, event in {event.node: event for event in events}.items()
            ),
        )
