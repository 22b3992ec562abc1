"""Tests whose fixtures run beside them, all in one trio run that is made for the test.

pytest sets fixtures up before the test and knows no place where they could run meanwhile. So what
it gets for such a fixture is a placeholder, the `Part` that says what is to be done; anything that
depends on a placeholder becomes one. When pytest calls the test, the placeholders among its
arguments lead to all the others, and everything happens in one call of `trio.run`. That has a
price: the fixtures are function-scoped, and one that fails makes the test a failure, not an error.
"""

from __future__ import annotations

import functools
import inspect
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.backends.interrupts import Interrupts
from loopscope.backends.outcome import keyboard_interrupt_in
from loopscope.diagnose import catalog
from loopscope.plugin import _compat
from loopscope.plugin.described import describe, hypothesis_handle, test_body
from loopscope.plugin.outcomes import Refused, outcome_in
from loopscope.plugin.places import Origins
from loopscope.plugin.timer import Past, past_hypothesis

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from types import TracebackType

    from loopscope.backends.side_by_side import Part
    from loopscope.dialects.vocabulary import Dialect, Spoken
    from loopscope.plugin._compat import AnyFixtureDef, SubRequest
    from loopscope.plugin.timer import Turning


class SideBySide:
    """Executes tests as pytest-trio does: `claims` says which.

    `takes` says whether a fixture is to run beside the test that asks for it, for another reason
    than that it depends on one that does; it is also asked about tests that are not claimed. A test
    is run by `run_for(item)(main, clock=..., instruments=...)`.
    """

    def __init__(
        self,
        claims: Callable[[pytest.Item], bool],
        takes: Callable[[AnyFixtureDef, pytest.Item], bool],
        run_for: Callable[[pytest.Item], Callable[..., Any]],
        interrupts: Interrupts | None = None,
    ) -> None:
        self.claims = claims
        self.takes = takes
        self.run_for = run_for
        self.interrupts = interrupts or Interrupts()
        self.turning: Turning | None = None
        """The test that is run just now."""
        self._running: pytest.Item | None = None
        self.is_given = False
        """Whether Hypothesis runs it, again and again."""

    @classmethod
    def of(cls, spoken: Spoken, interrupts: Interrupts) -> SideBySide:
        """Make one for the tests of those dialects that want it."""

        @functools.cache
        def dialect(item: pytest.Item) -> Dialect | None:
            if not isinstance(item, pytest.Function):
                return None
            owner = spoken.owner(item)
            wants = owner is not None and owner.executes_side_by_side(describe(item))
            return owner if wants else None

        def takes(definition: AnyFixtureDef, item: pytest.Item) -> bool:
            if isinstance(item, pytest.Function) and spoken.owner(item) is None:
                return any(one.takes_unclaimed(definition, item) for one in spoken.dialects)
            owner = dialect(item)
            return owner is not None and owner.takes_side_by_side(definition, item)

        def run_for(item: pytest.Item) -> Callable[..., Any]:
            owner = dialect(item)
            assert owner is not None
            return owner.run_for(item)

        marks = [one.mark for one in spoken.dialects if one.may_execute_side_by_side]

        def claims(item: pytest.Item) -> bool:
            if not any(item.get_closest_marker(mark) for mark in marks):
                return False
            owner = dialect(item)
            return owner is not None and item.get_closest_marker(owner.mark) is not None

        return cls(claims, takes, run_for, interrupts)

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: AnyFixtureDef, request: SubRequest) -> Part | None:
        __tracebackhide__ = True
        item = _compat.item_of(request)
        is_taken = self.takes(fixturedef, item)
        if not is_taken and not self.claims(item):
            return None
        arguments = {name: request.getfixturevalue(name) for name in fixturedef.argnames}
        if not is_taken and not _has_part(arguments):
            return None
        make = partial(self._placeholder, fixturedef, request, arguments)
        try:
            part: Part = _compat.set_up(fixturedef, request, make)
        except Refused:
            _compat.forget(fixturedef, request)
            raise
        return part

    def _placeholder(
        self, definition: AnyFixtureDef, request: SubRequest, arguments: Mapping[str, object]
    ) -> Part:
        from loopscope.backends.side_by_side import Part

        if request.scope != "function":
            raise RuntimeError("Trio fixtures must be function-scope")
        if not self.claims(_compat.item_of(request)):
            raise RuntimeError("Trio fixtures can only be used by Trio tests")
        item = _compat.item_of(request)
        if self._running is item:
            # All that runs beside the test has begun, and pytest would hand out a placeholder.
            origin = Origins(item.config.rootpath).of_fixture(definition)
            raise Refused(catalog.asked_while_running(definition.argname, origin, item.name))
        function = _compat.fixture_function(definition, request)
        return Part(f"<fixture {definition.argname!r}>", function, arguments)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        __tracebackhide__ = True
        if not isinstance(item, pytest.Function) or not self.claims(item):
            return (yield)
        if hypothesis_handle(item.obj) is not None:
            with self._example_by_example(item):
                return (yield)
        if not _compat.is_test_function(item):
            with self._as_method(item):
                return (yield)
        return (yield)

    @contextmanager
    def _example_by_example(self, item: pytest.Function) -> Iterator[None]:
        """Let Hypothesis call the test, with each example in a run of its own.

        trio itself has Hypothesis decide what it decides by chance: the order of tasks.
        """
        handle = hypothesis_handle(item.obj)
        body: Any = test_body(item)
        _require_async(item, body)

        @functools.wraps(body)
        def example(*args: Any, **kwargs: Any) -> None:
            __tracebackhide__ = True
            with past_hypothesis():
                self._run(item, partial(body, *args), kwargs)

        handle.inner_test = example
        self.is_given = True
        try:
            yield
        except Past as past:
            raise past.error from None
        finally:
            self.is_given = False
            handle.inner_test = body

    @contextmanager
    def _as_method(self, item: pytest.Function) -> Iterator[None]:
        """Let unittest, which calls its methods by itself, call a synchronous one."""
        method = item.obj
        _require_async(item, method)

        @functools.wraps(method)
        def run() -> None:
            __tracebackhide__ = True
            self._run(item, method, {})

        item.obj = run
        try:
            yield
        finally:
            item.obj = method

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> object | None:
        __tracebackhide__ = True
        if not self.claims(pyfuncitem) or hypothesis_handle(pyfuncitem.obj) is not None:
            return None
        function = pyfuncitem.obj
        if pyfuncitem.config.getoption("trace", False):
            _require_async(pyfuncitem, function.__wrapped__)
            function = _compat.traced(function)
        else:
            _require_async(pyfuncitem, function)
        self._run(pyfuncitem, function, _compat.test_arguments(pyfuncitem))
        return True

    def _run(
        self, item: pytest.Function, function: Callable[..., Any], arguments: Mapping[str, object]
    ) -> None:
        __tracebackhide__ = True
        from loopscope.backends import drive
        from loopscope.backends import side_by_side as engine
        from loopscope.backends.running_test import RunningTest

        run = self.run_for(item)
        name = getattr(test_body(item), "__name__", item.name)
        test = engine.Part(f"<test {name!r}>", function, arguments)
        clock = engine.clock_among(arguments)
        instruments = engine.instruments_among(arguments)
        turning = self.turning = RunningTest(item.name)
        self._running = item
        before = self.interrupts.aim(turning)
        try:
            run(partial(engine.side_by_side, test, turning), clock=clock, instruments=instruments)
        except BaseException as exc:
            if turning.under_way is not None:
                # It had to be left as it stood, and would be resumed if it were dropped.
                drive.keep(exc)
            error = turning.error or keyboard_interrupt_in(exc) or outcome_in(exc) or exc
        else:
            return
        finally:
            self.interrupts.aim(before)
            self.turning = self._running = None
        if error is turning.error:
            error.with_traceback(turning.where or error.__traceback__)
            raise error
        # Out here, where Python takes no other error for the context of this one.
        try:
            raise error.with_traceback(_users_part(error.__traceback__))
        finally:
            del error


def is_placeholder(value: object) -> bool:
    """Say whether `value` stands for a fixture that runs beside the test."""
    from loopscope.backends.side_by_side import Part

    return isinstance(value, Part)


def _has_part(arguments: Mapping[str, object]) -> bool:
    return any(map(is_placeholder, arguments.values()))


def _require_async(item: pytest.Item, function: object) -> None:
    # Not hidden: pytest shows no frame of it, but it complains if there is none that it could show.
    if not inspect.iscoroutinefunction(function):
        pytest.fail(f"test function `{item!r}` is marked trio but is not async", pytrace=False)


def _users_part(traceback: TracebackType | None) -> TracebackType | None:
    """Return what of `traceback` lies in the test and its fixtures, below the engine and trio."""
    rest = traceback
    while traceback is not None:
        if _package(traceback) == "loopscope":
            rest = traceback.tb_next
        traceback = traceback.tb_next
    while rest is not None and _package(rest) in ("trio", "outcome"):
        rest = rest.tb_next
    return rest


def _package(traceback: TracebackType) -> str:
    return str(traceback.tb_frame.f_globals.get("__name__")).partition(".")[0]
