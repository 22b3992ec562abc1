"""What every plugin of pytest can see of a run, as events: tests, their phases, their fixtures.

These hooks know nothing of who executes the tests. What runs on which loop is said by a
`Whereabouts`: the engine knows it from its plan, an observer has to look.
"""

from __future__ import annotations

import inspect
import platform
import sys
import time
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from loopscope.plugin import _compat, reporting
from loopscope.plugin.destinations import CARRIED, Destinations, Gathering, Parcel
from loopscope.plugin.engine_trace import EngineTrace, Planned
from loopscope.plugin.reported import Reported, first_line_of, phases_of, usual_ends
from loopscope.trace.events import (
    Cancelled,
    FixtureSetUp,
    FixtureTornDown,
    RunBegan,
    RunEnded,
    TestEnded,
)
from loopscope.trace.quiet import QuietTest
from loopscope.trace.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Generator

    from loopscope.core.graph import Vertex
    from loopscope.plugin._compat import AnyFixtureDef, SubRequest
    from loopscope.plugin.runtime import Runtime
    from loopscope.plugin.state import State


_NAME = "loopscope-tracing"


def begin(config: pytest.Config, state: State) -> None:
    """Record the run if the user wants a trace or a report of it."""
    trace, report = state.settings.trace, state.settings.report
    if trace is None and report is None:
        return
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    register = config.pluginmanager.register
    if worker is not None:
        parcel = Parcel()
        recorder = Recorder([parcel])
        record(config, state, recorder, worker["workerid"])
        register(Carrying(config, recorder, parcel), "loopscope-carrying")
        return
    destinations = Destinations(trace, report)
    register(Completion(destinations), "loopscope-completion")
    if getattr(config.option, "dist", "no") == "no":
        record(config, state, destinations.recorder(), None)
    else:
        register(Gathering(destinations), "loopscope-gathering")


def record(config: pytest.Config, state: State, recorder: Recorder, worker: str | None) -> None:
    """Record what this process runs."""
    state.trace = EngineTrace(recorder)
    config.pluginmanager.register(Tracing(recorder, state, state.trace, worker), _NAME)


def look_at(config: pytest.Config, state: State, runtime: Runtime | None) -> None:
    """Have the trace, if there is one, say where the engine, or else others, have run what."""
    tracing = config.pluginmanager.get_plugin(_NAME)
    if tracing is None:
        return
    if not tracing.witnesses:
        if runtime is not None:
            tracing.whereabouts = Planned(runtime)
        return
    from loopscope.plugin.observing import ExecutedLoops, Loops, Observation

    recorder = tracing.recorder
    loops = Loops(recorder) if runtime is None else ExecutedLoops(recorder, runtime.loops)
    tracing.whereabouts = Observation(state, loops)
    config.pluginmanager.register(tracing.whereabouts, "loopscope-observation")


class Whereabouts(Protocol):
    """Says on which loop something ran."""

    def of_test(self, item: pytest.Item, test: Vertex | None) -> str | None:
        """Return the loop that the body of a test, if it is planned, has run on."""

    def of_fixture(self, definition: AnyFixtureDef, request: SubRequest) -> str | None:
        """Return the loop that a fixture was set up on."""

    def of_teardown(self, definition: AnyFixtureDef, loop: str | None) -> str | None:
        """Return the loop that a fixture, which was set up on `loop`, was torn down on."""


class Tracing:
    """Records the tests of one process."""

    def __init__(
        self, recorder: Recorder, state: State, engine: EngineTrace, worker: str | None
    ) -> None:
        self.recorder = recorder
        self.whereabouts: Whereabouts | None = None
        self.witnesses = state.settings.witness or state.settings.engine == "observe"
        self._state = state
        self._engine = engine
        self._worker = worker
        self._item: pytest.Item | None = None
        self._vertex: Vertex | None = None
        self._began = 0.0
        self._reported: list[Reported] = []
        self._loop: str | None = None
        self._up: dict[AnyFixtureDef, tuple[str, str | None]] = {}
        self._going_down: dict[AnyFixtureDef, float] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        settings = self._state.settings
        began = RunBegan(
            self.recorder.now(),
            time.time(),
            metadata.version("pytest-loopscope"),
            pytest.__version__,
            platform.python_version(),
            settings.engine,
            settings.policy.value,
            self._worker,
            self.witnesses,
        )
        self.recorder.record(began)

    # Few hooks and no wrappers: these run for each test, and to be called at all is half the cost.

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if self._reported:
            self._end(item.nodeid)  # whoever runs a test again may report no teardown before
        self._item = item
        self._vertex = vertex = self._state.collection.tests.get(item)
        nodeid, (path, line, _), backend, planned = item.nodeid, item.location, None, None
        if vertex is not None and self._state.plan is not None:
            loop = self._state.plan.loop_of(vertex.id)
            if loop is not None:
                backend, planned = loop.backend, self._engine.name_of(loop)
        origin, vocabulary = f"{path}:{(line or 0) + 1}", self._vocabulary(item, vertex)
        self._engine.test, self._began = nodeid, self.recorder.now()
        self.recorder.begin(
            QuietTest(self._began, nodeid, item.name, origin, path, backend, planned, vocabulary)
        )

    def _vocabulary(self, item: pytest.Item, vertex: Vertex | None) -> str | None:
        """Return the words that a test is written in."""
        if vertex is not None and vertex.needs_loop:
            return vertex.vocabulary
        if not isinstance(item, pytest.Function):
            return None
        owner = self._state.collection.owner(item)
        return None if owner is None else owner.name

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name, outcome = report.when, report.outcome
        error = first_line_of(report) if outcome == "failed" else None
        now, lasted, stopped = self.recorder.now(), report.duration, report.stop
        self._reported.append((name, outcome, error, now, lasted, stopped))
        if name == "teardown":
            self._end(report.nodeid)
        # A subtest is reported as a call, before that of the whole test.
        elif name == "call" and self._loop is None:
            self._loop = self._seen_on()

    def _seen_on(self) -> str | None:
        """Return the loop that the body of the test under way has run on."""
        if self.whereabouts is None or self._item is None:
            return None
        return self.whereabouts.of_test(self._item, self._vertex)

    def _end(self, test: str) -> None:
        """Record that `test` is over."""
        ends, loop = usual_ends(self._reported), self._loop
        if ends is None or not self.recorder.end(*ends, loop):
            ahead = time.time() - self.recorder.now()
            phases = phases_of(self._reported, self._began, ahead)
            self.recorder.record(TestEnded(phases[-1].ended, self._began, test, loop, phases))
        self._reported.clear()
        self._loop = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: AnyFixtureDef, request: SubRequest
    ) -> Generator[None, Any, Any]:
        __tracebackhide__ = True
        if not self._is_of_the_suite(fixturedef) and not self._is_to_be_proved(fixturedef, request):
            return (yield)
        began, error = self.recorder.now(), None
        try:
            value = yield
            fixturedef.addfinalizer(partial(self._goes_down, fixturedef))
            return value
        except BaseException as exc:
            error = _first_line(exc)
            raise
        finally:
            self._record_setup(fixturedef, request, began, error)

    def _is_of_the_suite(self, definition: AnyFixtureDef) -> bool:
        code = getattr(inspect.unwrap(definition.func), "__code__", None)
        return code is not None and self._state.collection.origins.is_users(code.co_filename)

    def _is_to_be_proved(self, definition: AnyFixtureDef, request: SubRequest) -> bool:
        """Say whether a fixture of a library is in the plan of what is witnessed."""
        item = _compat.item_of(request)
        test, plan = self._state.collection.tests.get(item), self._state.plan
        if not self._state.settings.witness or test is None or plan is None:
            return False
        vertex = self._state.collection.instance(item, definition, test.backend)
        return vertex is not None and plan.loop_of(vertex.id) is not None

    def _record_setup(
        self, definition: AnyFixtureDef, request: SubRequest, began: float, error: str | None
    ) -> None:
        item = _compat.item_of(request)
        collection, plan = self._state.collection, self._state.plan
        origin = str(collection.origins.of_fixture(definition))
        place = collection.places.of_fixture(item, definition)
        fixture, planned = f"{place}::{definition.argname}@{origin}", None
        test = collection.tests.get(item)
        if test is not None and plan is not None:
            vertex = collection.instance(item, definition, test.backend)
            if vertex is not None:
                fixture, planned = vertex.id, plan.loop_of(vertex.id)
        loop = None
        if self.whereabouts is not None:
            loop = self.whereabouts.of_fixture(definition, request)
        if error is None:
            self._up[definition] = fixture, loop
        set_up = FixtureSetUp(
            self.recorder.now(),
            began,
            fixture,
            definition.argname,
            place.scope.word,
            place.node,
            origin,
            None if planned is None else str(planned),
            loop,
            item.nodeid,
            error,
        )
        self.recorder.record(set_up)

    def _goes_down(self, definition: AnyFixtureDef) -> None:
        self._going_down[definition] = self.recorder.now()

    def pytest_fixture_post_finalizer(self, fixturedef: AnyFixtureDef) -> None:
        began = self._going_down.pop(fixturedef, None)
        if began is not None and fixturedef in self._up:
            fixture, loop = self._up.pop(fixturedef)
            if self.whereabouts is not None:
                loop = self.whereabouts.of_teardown(fixturedef, loop)
            self.recorder.record(FixtureTornDown(self.recorder.now(), began, fixture, loop))

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        if self._engine.test is not None:
            why = excinfo.exconly()
            self.recorder.record(Cancelled(self.recorder.now(), self._engine.test, why))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if self._reported and self._engine.test is not None:
            self._end(self._engine.test)
        self.recorder.record(RunEnded(self.recorder.now(), int(exitstatus)))


def _first_line(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    except Exception:  # whatever the errors of the suite are like, recording must not raise
        return type(error).__name__


class Carrying:
    """Sends what a worker of pytest-xdist has recorded along with its reports."""

    def __init__(self, config: pytest.Config, recorder: Recorder, parcel: Parcel) -> None:
        self._config = config
        self._recorder = recorder
        self._parcel = parcel

    # After the events of the report have been recorded, and before xdist, which is here already.
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        setattr(report, CARRIED, self._carried())

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        # Not around the others: xdist sends the last words of a worker as soon as they are done.
        output: dict[str, Any] = vars(self._config)["workeroutput"]
        output[CARRIED] = self._carried()

    def _carried(self) -> list[str]:
        self._recorder.flush()
        return self._parcel.take()


class Completion:
    """Completes the files when the run is over, and says what was written and what could not be."""

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        lines = (f"loopscope: {line}" for line in self._destinations.close())
        reporting.tell(config, lines, sys.stderr)
