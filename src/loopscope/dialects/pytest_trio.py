"""The vocabulary of pytest-trio (0.8).

Everything a test needs runs in the trio run of that test: its asynchronous fixtures, and whatever
uses one of those. The clock of the run is an argument of the test. Under our plan fixtures may be
wider than a test, and are set up one after the other, in pytest's order; to the letter, which is
what `loopscope_loops = declared` asks for, they are set up side by side while the test is called.
"""

from __future__ import annotations

import inspect
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.declared import Declared
from loopscope.core.plan import Policy
from loopscope.dialects.vocabulary import SPOKEN, Choice, Dialect, Option, Test, is_async

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from types import ModuleType

    from loopscope.core.graph import Kind
    from loopscope.core.scope import Scope
    from loopscope.dialects.vocabulary import Definition, Get

RUNS = ("trio", "qtrio")
NURSERY = object()
"""What the fixture `nursery` gives: whoever is called with it gets a nursery of its own instead."""


class PytestTrio(Dialect):
    """pytest-trio's vocabulary."""

    name = "pytest-trio"
    mark = "trio"
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

    def marks(self, test: Test) -> bool:
        return inspect.iscoroutinefunction(test.body)

    def declared_on(self, function: Callable[..., Any]) -> Declared | None:
        function = getattr(function, "__func__", function)
        return Declared() if getattr(function, "_force_trio_fixture", False) else None

    def choice(self, test: Test) -> Choice:
        own_options = partial(self._clock_and_instruments, test)
        return Choice("trio", lambda get: ("trio", {}), "trio", own_options)

    def executes_itself(self, test: Test) -> bool:
        return self.policy is Policy.DECLARED or self.run_for(test.item) is not None

    def run_for(self, item: pytest.Function) -> Callable[..., Any] | None:
        """Return what runs `item` instead of us, if its mark or the ini file names something.

        Raises:
            ValueError: the ini file names nothing that is known.
        """
        import trio

        marked = (mark.kwargs.get("run") for mark in item.iter_markers(self.mark))
        run = next((run for run in marked if run is not None), None)
        if run is None:
            run = _run_called(self.config.getini("trio_run"))
        return None if run is trio.run else run

    def runs_on_loop(self, definition: Definition, test: Test) -> bool:
        return self._uses_trio(definition, test, set())

    def _uses_trio(self, definition: Definition, test: Test, seen: set[str]) -> bool:
        """Say whether a fixture, or one that it uses, runs in the trio run of `test`."""
        if is_async(definition.func) or self.declared_on(definition.func) is not None:
            return True
        names = [name for name in definition.argnames if name not in seen]
        seen.update(names)
        used = (test.nearest(name) for name in names)
        return any(one is not None and self._uses_trio(one, test, seen) for one in used)

    def _clock_and_instruments(self, test: Test, get: Get) -> Mapping[str, Any]:
        import trio

        given = []
        for name in test.arguments:
            definition = test.nearest(name)
            if definition is None or not self._uses_trio(definition, test, set()):
                given.append(get(name))
        clock = the_clock(given)
        options: dict[str, Any] = {} if clock is None else {"clock": clock}
        instruments = tuple(one for one in given if isinstance(one, trio.abc.Instrument))
        return {**options, "instruments": instruments} if instruments else options

    def objects_to(self, arguments: Mapping[str, Any], *, shares_loop: bool) -> str | None:
        if not shares_loop or the_clock(arguments.values()) is None:
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

    def spell_mark(self, declared: Declared) -> str:
        return "@pytest.mark.trio"

    def spell_scope(self, kind: Kind, scope: Scope) -> str:
        return f'scope="{scope.word}"'

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


def the_clock(values: Any) -> Any:
    """Return the one clock among `values`, or None.

    Raises:
        ValueError: there are several.
    """
    import trio

    clocks = [value for value in values if isinstance(value, trio.abc.Clock)]
    if len(clocks) > 1:
        raise ValueError(f"Expected at most one Clock in kwargs, got {clocks!r}")
    return clocks[0] if clocks else None


def _run_called(name: object) -> Callable[..., Any]:
    """Return the `run` function of one of the libraries in `RUNS`."""
    if name not in RUNS:
        raise ValueError(
            f"{name!r} not valid for 'trio_run' config. Must be one of: {', '.join(RUNS)}"
        )
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


def pytest_itemcollected(item: pytest.Item) -> None:
    spoken = item.config.stash[SPOKEN]
    if (
        isinstance(item, pytest.Function)
        and is_async(spoken.describe(item).body)
        and isinstance(spoken.owner(item), PytestTrio)
        and item.get_closest_marker(PytestTrio.mark) is None
    ):
        item.add_marker(PytestTrio.mark)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    __tracebackhide__ = True
    if pyfuncitem.get_closest_marker(PytestTrio.mark) is None:
        return
    body = pyfuncitem.config.stash[SPOKEN].describe(pyfuncitem).body
    if not inspect.iscoroutinefunction(body):
        pytest.fail(f"test function `{pyfuncitem!r}` is marked trio but is not async")


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
