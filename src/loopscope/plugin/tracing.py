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
from loopscope.trace.events import (
    Cancelled,
    FixtureSetUp,
    FixtureTornDown,
    Phase,
    RunBegan,
    RunEnded,
    TestBegan,
    TestEnded,
)
from loopscope.trace.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Generator

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
        record(config, state, Recorder([parcel]), worker["workerid"])
        register(Carrying(config, parcel), "loopscope-carrying")
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

    def of_test(self, item: pytest.Item) -> str | None:
        """Return the loop that the body of a test has run on."""

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
        self._began = 0.0
        self._ended: dict[str, float] = {}
        self._phases: list[Phase] = []
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

    # No wrappers: these run for each test, and nothing that is recorded happens before.

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if self._phases:
            self._end(item.nodeid)  # whoever runs a test again may report no teardown before
        self._item = item
        self._engine.test = item.nodeid
        self._began = self.recorder.now()
        self._ended.clear()
        self.recorder.record(self._begun(item))

    # A phase is over when it is reported. But whoever runs tests again reports all phases of one
    # when the last of them is over.

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        if not self._phases:
            self._ended["setup"] = self.recorder.now()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        if not self._phases:
            self._ended["call"] = self.recorder.now()
            self._ended.setdefault("setup", self._ended["call"])

    def _begun(self, item: pytest.Item) -> TestBegan:
        collection, plan = self._state.collection, self._state.plan
        path, line, _ = item.location
        backend = planned = vocabulary = None
        vertex = collection.tests.get(item)
        loop = None if vertex is None or plan is None else plan.loop_of(vertex.id)
        if loop is not None:
            backend, planned = loop.backend, self._engine.name_of(loop)
        if isinstance(item, pytest.Function):
            owner = collection.owner(item)
            vocabulary = None if owner is None else owner.name
        return TestBegan(
            self._began,
            item.nodeid,
            item.name,
            f"{path}:{(line or 0) + 1}",
            path,
            backend,
            planned,
            vocabulary,
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.when
        ended = self._ended.get(name) or self.recorder.now()
        error = _message(report) if report.outcome == "failed" else None
        self._phases.append(Phase(name, ended, report.outcome, error))
        # A subtest is reported as a call, before that of the whole test.
        is_looked_for = name == "call" and self._loop is None
        if is_looked_for and self.whereabouts is not None and self._item is not None:
            self._loop = self.whereabouts.of_test(self._item)
        if name == "teardown":
            self._end(report.nodeid)

    def _end(self, test: str) -> None:
        """Record that `test` is over."""
        phases, loop = tuple(self._phases), self._loop
        self._phases.clear()
        self._loop = None
        self.recorder.record(TestEnded(phases[-1].ended, self._began, test, loop, phases))

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
        if self._phases and self._engine.test is not None:
            self._end(self._engine.test)
        self.recorder.record(RunEnded(self.recorder.now(), int(exitstatus)))


def _first_line(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    except Exception:  # whatever the errors of the suite are like, recording must not raise
        return type(error).__name__


def _message(report: pytest.TestReport) -> str | None:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = report.longreprtext if crash is None else crash.message
    return str(text).splitlines()[0] if text else None


class Carrying:
    """Sends what a worker of pytest-xdist has recorded along with its reports."""

    def __init__(self, config: pytest.Config, parcel: Parcel) -> None:
        self._config = config
        self._parcel = parcel

    # After the events of the report have been recorded, and before xdist, which is here already.
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        setattr(report, CARRIED, self._parcel.take())

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        # Not around the others: xdist sends the last words of a worker as soon as they are done.
        output: dict[str, Any] = vars(self._config)["workeroutput"]
        output[CARRIED] = self._parcel.take()


class Completion:
    """Completes the files when the run is over, and says what was written and what could not be."""

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        lines = (f"loopscope: {line}" for line in self._destinations.close())
        reporting.tell(config, lines, sys.stderr)
