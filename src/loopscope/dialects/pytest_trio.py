"""The vocabulary of pytest-trio (0.8).

Everything a test needs runs in the trio run of that test: its asynchronous fixtures, and whatever
uses one of those. The clock of the run is an argument of the test. pytest-trio sets the fixtures up
side by side while the test is called, and so do we for every test that pytest-trio can run. A test
with a fixture that is wider, which pytest-trio refuses, is planned like any other, and its fixtures
are set up one after the other; unless `loopscope_loops = declared` asks for the letter.
"""

from __future__ import annotations

import inspect
import sys
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.declared import Declared
from loopscope.core.placeholders import NURSERY
from loopscope.core.plan import Policy
from loopscope.dialects.spelling import Spelling
from loopscope.dialects.vocabulary import (
    RUNNER_FIXTURE,
    SPOKEN,
    Choice,
    Dialect,
    Nature,
    Option,
    Spoken,
    Test,
    give_mark,
    is_async,
    owner,
    uses_xunit,
)
from loopscope.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from types import ModuleType

    from loopscope.core.scope import Scope
    from loopscope.dialects.vocabulary import Definition, Get

RUNS = ("trio", "qtrio")


class Words(Spelling):
    """How pytest-trio's vocabulary is written: its fixtures are no wider than a test."""

    mark_name = "trio"
    decorator_name = "pytest_trio.trio_fixture"

    def _run(self, library: str) -> str | None:
        return f"run={library}.run" if library in RUNS else None

    def _scope(self, scope: Scope) -> None:
        return None


class PytestTrio(Dialect):
    """pytest-trio's vocabulary."""

    name = "pytest-trio"
    spelling = Words()
    mark = Words.mark_name
    plugin = "trio"
    module = "pytest_trio.plugin"
    options = (
        Option(
            "trio_mode",
            "whether pytest-trio's vocabulary claims every async test",
            default=False,
            type="bool",
        ),
        Option("trio_run", f"what runs a test: {', '.join(RUNS)}", default="trio"),
    )
    always_planned = True
    takes_bare_fixtures_of_its_tests = True

    def __init__(self, config: pytest.Config, policy: Policy) -> None:
        super().__init__(config, policy)
        self.is_auto = self.takes_bare_fixtures = bool(config.getini("trio_mode"))
        run = config.getini("trio_run")
        if run not in RUNS:
            raise pytest.UsageError(str(UnknownName("trio_run", run, RUNS)))

    def marks(self, test: Test) -> bool:
        return test.nature is Nature.COROUTINE

    def declared_on(self, function: Callable[..., Any]) -> Declared | None:
        function = getattr(function, "__func__", function)
        return Declared() if getattr(function, "_force_trio_fixture", False) else None

    def choice(self, test: Test) -> Choice:
        own_options = partial(self._given_before, test)
        return Choice("trio", lambda get: ("trio", {}), "trio", own_options)

    may_execute_side_by_side = True

    def executes_side_by_side(self, test: Test) -> bool:
        if find_spec("trio") is None or RUNNER_FIXTURE in test.fixtures:
            # Whoever plans the test tells what is missing; and there has to be a loop to ask for.
            return False
        # What nobody asks for, pytest-trio does not run; so what is of xunit has to be planned.
        is_plain = self.policy is Policy.DECLARED or not self._uses_wider(test)
        if is_plain and not uses_xunit(test):
            return True
        return self.run_for(test.item) is not _run_called("trio")

    def _uses_wider(self, test: Test) -> bool:
        """Say whether a fixture of `test` runs on trio and outlives the test."""
        return any(
            definition.scope != "function" and self._uses_trio(definition, test, set())
            for name in test.fixtures
            if (definition := test.nearest(name)) is not None
        )

    def takes_side_by_side(self, definition: Definition, item: pytest.Item) -> bool:
        if self.declared_on(definition.func) is not None:
            return True
        if not is_async(definition.func):
            return False
        # pytest-trio looks for the mark on the node that the fixture belongs to.
        node = item if definition.scope == "function" else _node_of(definition.scope, item)
        return self._is_in_trio_mode(item) or node.get_closest_marker(self.mark) is not None

    def takes_unclaimed(self, definition: Definition, item: pytest.Item) -> bool:
        return self.policy is Policy.DECLARED and self.takes_side_by_side(definition, item)

    def _is_in_trio_mode(self, item: pytest.Item) -> bool:
        """Say whether the ini file, or a conftest around `item`, has switched trio mode on."""
        if self.is_auto:
            return True
        enabling = sys.modules.get("pytest_trio.enable_trio_mode")
        if enabling is None:
            return False
        hook = enabling.pytest_fixture_setup
        return any(
            getattr(plugin, "pytest_fixture_setup", None) is hook
            and Path(plugin.__file__).parent in item.path.parents
            for plugin in self.config.pluginmanager.get_plugins()
        )

    def run_for(self, item: pytest.Item) -> Callable[..., Any]:
        import trio

        if getattr(getattr(item, "obj", None), "hypothesis", None) is not None:
            return trio.run
        marked = (mark.kwargs.get("run") for mark in item.iter_markers(self.mark))
        run = next((run for run in marked if run is not None), None)
        return _run_called(self.config.getini("trio_run")) if run is None else run

    def runs_on_loop(self, definition: Definition, test: Test) -> bool:
        return self._uses_trio(definition, test, set())

    def _uses_trio(self, definition: Definition, test: Test, seen: set[str]) -> bool:
        """Say whether a fixture, or one that it uses, runs in the trio run of `test`."""
        if is_async(definition.func) or self.declared_on(definition.func) is not None:
            return True
        if definition.argname == RUNNER_FIXTURE:
            return True
        names = [name for name in definition.argnames if name not in seen]
        seen.update(names)
        used = (test.nearest(name) for name in names)
        return any(one is not None and self._uses_trio(one, test, seen) for one in used)

    def _given_before(self, test: Test, get: Get) -> Mapping[str, Any]:
        """Return those arguments of `test` that exist before its run: a clock may be among them."""
        given = {}
        for name in test.arguments:
            definition = test.nearest(name)
            if definition is None or not self._uses_trio(definition, test, set()):
                given[name] = get(name)
        return {"arguments": given}

    def objects_to(self, arguments: Mapping[str, Any], *, shares_loop: bool) -> str | None:
        import trio

        if not shares_loop or not any(
            isinstance(value, trio.abc.Clock) for value in arguments.values()
        ):
            return None
        return (
            "asks for a clock, and runs in a trio run that is wider than the test: a run has one "
            "clock from the start to the end"
        )

    def adapt(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        if any(value is NURSERY for value in arguments.values()):
            return _in_a_nursery(function, arguments)
        if inspect.isgeneratorfunction(function):
            return _held(function, arguments)
        if is_async(function):
            return function(**arguments)
        return _called(function, arguments)

    def adapt_test(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        if any(value is NURSERY for value in arguments.values()):
            return _test_in_a_nursery(function, arguments)
        return function(**arguments)

    @classmethod
    def step_in(cls, peer: ModuleType) -> None:
        for_conftest: Any = import_module("pytest_trio.enable_trio_mode")
        theirs = for_conftest.pytest_fixture_setup
        if getattr(theirs, "steps_aside", False):
            return

        def pytest_fixture_setup(fixturedef: Any, request: Any) -> Any:
            spoken = request.config.stash.get(SPOKEN, None)
            if spoken is not None and spoken.executes:
                return None
            return theirs(fixturedef, request)

        pytest_fixture_setup.steps_aside = True  # type: ignore[attr-defined]
        for_conftest.pytest_fixture_setup = pytest_fixture_setup


def _node_of(scope: str, item: pytest.Item) -> Any:
    collectors: dict[str, type[pytest.Collector]] = {
        "class": pytest.Class,
        "module": pytest.Module,
        "package": pytest.Package,
        "session": pytest.Session,
    }
    return item.getparent(collectors[scope]) or item


def _run_called(name: object) -> Callable[..., Any]:
    """Return the `run` function of one of the libraries in `RUNS`."""
    run: Callable[..., Any] = import_module(str(name)).run
    return run


def _opened(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Return a fixture of any kind as an asynchronous context manager."""
    if inspect.isasyncgenfunction(function):
        return asynccontextmanager(function)(**arguments)
    if inspect.isgeneratorfunction(function):
        return asynccontextmanager(_held)(function, arguments)
    return asynccontextmanager(_awaited)(function, arguments)


async def _awaited(
    function: Callable[..., Any], arguments: Mapping[str, Any]
) -> AsyncGenerator[Any, None]:
    value = function(**arguments)
    yield await value if inspect.iscoroutinefunction(function) else value


async def _called(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    return function(**arguments)


async def _held(
    function: Callable[..., Any], arguments: Mapping[str, Any]
) -> AsyncGenerator[Any, None]:
    with contextmanager(function)(**arguments) as value:
        yield value


async def _in_a_nursery(
    function: Callable[..., Any], arguments: Mapping[str, Any]
) -> AsyncGenerator[Any, None]:
    import trio

    async with trio.open_nursery() as nursery:
        async with _opened(function, _filled(arguments, nursery)) as value:
            yield value
        nursery.cancel_scope.cancel()


async def _test_in_a_nursery(function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    import trio

    async with trio.open_nursery() as nursery:
        await function(**_filled(arguments, nursery))
        nursery.cancel_scope.cancel()


def _filled(arguments: Mapping[str, Any], nursery: Any) -> dict[str, Any]:
    return {name: nursery if value is NURSERY else value for name, value in arguments.items()}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "trio(run=None): run this async test on trio, or by another run function."
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    # By now it is known what is spoken, even if a conftest has brought us in.
    spoken = session.config.stash[SPOKEN]
    if PytestTrio.name in spoken.autos:  # whatever else makes a test one of pytest-trio's is a mark
        session.config.pluginmanager.register(_GivesMarks(spoken), "loopscope-trio-mode")


class _GivesMarks:
    """Puts the mark on what the mode claims, in a suite that has the mode."""

    def __init__(self, spoken: Spoken) -> None:
        self._spoken = spoken

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        if not isinstance(item, pytest.Function):
            return
        test = self._spoken.describe(item)
        if (
            test.is_async
            and isinstance(owner(test, self._spoken.dialects), PytestTrio)
            and not self._spoken.bears(item, PytestTrio.mark)
        ):
            give_mark(item, PytestTrio.mark)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    if pyfuncitem.get_closest_marker(PytestTrio.mark) is None:
        return
    if not is_async(pyfuncitem.obj) and not hasattr(pyfuncitem.obj, "hypothesis"):
        # Not hidden: pytest complains if there is no frame that it could show.
        pytest.fail(
            f"test function `{pyfuncitem!r}` is marked trio but is not async", pytrace=False
        )


@pytest.fixture
def mock_clock() -> Any:
    """A clock that stands still until it is moved."""
    from trio.testing import MockClock

    return MockClock()


@pytest.fixture
def autojump_clock() -> Any:
    """A clock that jumps to the next deadline whenever nothing else is to be done."""
    from trio.testing import MockClock

    return MockClock(autojump_threshold=0)


@pytest.fixture
async def nursery() -> object:
    """A nursery for whoever asks, cancelled when that one has been torn down."""
    return NURSERY
