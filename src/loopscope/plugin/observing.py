"""Seeing on which loops tests and fixtures run, without taking part in it.

Only code that runs on a loop can tell which one that is. So each asynchronous test and fixture of
the suite is called through a function that looks, first of all, and then does what the original
does.

A loop is called what the plan calls that of its first user, unless another loop is called that
already. So the names of plan and observation are the same where both have the same loops, and
differ where something runs elsewhere than it was planned. The loops that we execute ourselves have
names; of those, the library is asked which one the code runs on, and not the plan.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import types
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.backends import registry
from loopscope.plugin import _compat
from loopscope.plugin.described import hypothesis_handle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Loop
    from loopscope.plugin._compat import AnyFixtureDef, SubRequest
    from loopscope.plugin.loops import OpenLoops
    from loopscope.plugin.state import State
    from loopscope.trace.recorder import Recorder


class Observation:
    """Looks where the tests of one process run; a `loopscope.plugin.tracing.Whereabouts`."""

    def __init__(self, state: State, loops: Loops) -> None:
        self._state = state
        self._loops = loops
        self._of_tests: dict[pytest.Item, str] = {}
        self._of_fixtures: dict[AnyFixtureDef, str] = {}
        self._of_teardowns: dict[AnyFixtureDef, str] = {}

    def of_test(self, item: pytest.Item, test: Vertex | None) -> str | None:
        """Return the loop that the body of a test has run on."""
        return self._of_tests.pop(item, None)

    def of_fixture(self, definition: AnyFixtureDef, request: SubRequest) -> str | None:
        """Return the loop that a fixture was set up on."""
        return self._of_fixtures.pop(definition, None)

    def of_teardown(self, definition: AnyFixtureDef, loop: str | None) -> str | None:
        """Return the loop that code of a fixture has run on after its `yield`."""
        return self._of_teardowns.pop(definition, None)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if not isinstance(item, pytest.Function):
            return (yield)
        handle = hypothesis_handle(item.obj)
        holder, name = (item, "obj") if handle is None else (handle, "inner_test")
        original = getattr(holder, name)
        setattr(holder, name, looking(original, functools.partial(self._saw_test, item)))
        try:
            return (yield)
        finally:
            setattr(holder, name, original)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: AnyFixtureDef, request: SubRequest
    ) -> Generator[None, Any, Any]:
        __tracebackhide__ = True
        function = fixturedef.func
        item = _compat.item_of(request)
        look = functools.partial(self._saw_fixture, self._of_fixtures, fixturedef, item)
        look_again = functools.partial(self._saw_fixture, self._of_teardowns, fixturedef, item)
        with _compat.calling_instead(fixturedef, looking(function, look, look_again)):
            return (yield)

    def _saw_test(self, item: pytest.Item) -> None:
        test, plan = self._state.collection.tests.get(item), self._state.plan
        planned = None if test is None or plan is None else plan.loop_of(test.id)
        name = self._loops.current(planned, item.nodeid)
        if name is not None:
            self._of_tests[item] = name

    def _saw_fixture(
        self, seen: dict[AnyFixtureDef, str], definition: AnyFixtureDef, item: pytest.Item
    ) -> None:
        collection, plan = self._state.collection, self._state.plan
        test, planned = collection.tests.get(item), None
        if test is not None and plan is not None:
            vertex = collection.instance(item, definition, test.backend)
            planned = None if vertex is None else plan.loop_of(vertex.id)
        name = self._loops.current(planned, f"{definition.argname} for {item.nodeid}")
        if name is not None:
            seen[definition] = name


class Loops:
    """The loops that were seen, by name."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._names: dict[int, tuple[object, str]] = {}
        self._taken: set[str] = set()

    def current(self, planned: Loop | None, user: str) -> str | None:
        """Return the name of the loop that the calling code runs on, None if it runs on none."""
        backend, loop = _running()
        if loop is None:
            return None
        known = self._names.get(id(loop))
        if known is not None and known[0] is loop:
            return known[1]
        name = f"a loop of {user} [{backend}]"
        scope = node = None
        if planned is not None and _may_be(planned, backend) and str(planned) not in self._taken:
            name, scope, node = str(planned), planned.anchor.scope.word, planned.anchor.node
        self._taken.add(name)
        self._names[id(loop)] = loop, name  # kept, so that no other one can get its id
        self._recorder.opened(name, backend, scope, node)
        _when_closed(loop, functools.partial(self._closed, id(loop), name))
        return name

    def _closed(self, key: int, name: str) -> None:
        if self._names.pop(key, None) is not None:
            self._recorder.closed(name)


class ExecutedLoops(Loops):
    """The loops that we have opened, by the names of the plan, and any others that are seen."""

    def __init__(self, recorder: Recorder, opened: OpenLoops) -> None:
        super().__init__(recorder)
        self._opened = opened

    def current(self, planned: Loop | None, user: str) -> str | None:
        """Return the name of the loop that the calling code runs on, None if it runs on none."""
        for loop in self._opened:
            host = self._opened[loop]
            if host is not None and host.is_running_here():
                return str(loop)
        return super().current(None, user)


def _may_be(planned: Loop, backend: str) -> bool:
    """Say whether a loop of `backend` can be the planned one.

    A plan may name a fixture that says only later which backend it is.
    """
    if planned.backend not in registry.names():
        return True
    return (planned.backend == "trio") is (backend == "trio")


def _nothing() -> None: ...


def looking(
    function: Callable[..., Any],
    look: Callable[[], None],
    look_again: Callable[[], None] = _nothing,
) -> Callable[..., Any]:
    """Return a function that calls `look` on the loop, and then does what `function` does.

    A generator calls `look_again` whenever it goes on after a `yield`. What is not asynchronous is
    returned as it is.
    """
    if isinstance(function, types.MethodType):
        inner = looking(function.__func__, look, look_again)
        return types.MethodType(inner, function.__self__)
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def generator(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            __tracebackhide__ = True
            look()
            inner = function(*args, **kwargs)
            resume = inner.__anext__()
            while True:
                try:
                    value = await resume
                except StopAsyncIteration:
                    return
                try:
                    sent = yield value
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as exc:
                    look_again()
                    resume = inner.athrow(exc)
                else:
                    look_again()
                    resume = inner.asend(sent)

        return generator
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            look()
            return await function(*args, **kwargs)

        return coroutine
    return function


def _running() -> tuple[str, object | None]:
    """Return backend and native object of the loop that the calling code runs on."""
    if "trio" in sys.modules:
        import trio

        try:
            return "trio", trio.lowlevel.current_trio_token()
        except RuntimeError:
            pass
    loop = asyncio._get_running_loop()
    return ("uvloop" if type(loop).__module__.startswith("uvloop") else "asyncio"), loop


def _when_closed(loop: Any, tell: Callable[[], None]) -> None:
    """Call `tell` when `loop`, which the calling code runs on, is closed."""
    if isinstance(loop, asyncio.AbstractEventLoop):
        close = loop.close

        def closing() -> None:
            close()
            tell()

        try:
            loop.close = closing  # type: ignore[method-assign]
        except AttributeError:
            pass  # its end is not known then
    else:
        import trio

        class Instrument(trio.abc.Instrument):
            def after_run(self) -> None:
                tell()

        trio.lowlevel.add_instrument(Instrument())
