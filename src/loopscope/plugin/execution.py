"""The hooks that execute a plan; registered only for a suite that has one."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.diagnose import catalog
from loopscope.dialects.vocabulary import RUNNER_FIXTURE, is_async, is_given_loop, is_xunit
from loopscope.plugin import _compat
from loopscope.plugin.background import FollowedBy
from loopscope.plugin.described import hypothesis_handle, test_body
from loopscope.plugin.examples import Examples, asks_for_fresh_fixtures
from loopscope.plugin.finalizers import Finalizers
from loopscope.plugin.fixtures import Loopscope
from loopscope.plugin.outcomes import fail
from loopscope.plugin.runtime import Refused
from loopscope.plugin.timer import Activity, Past, past_hypothesis
from loopscope.plugin.xunit import name_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from loopscope.core.graph import Vertex
    from loopscope.diagnose.catalog import Finding
    from loopscope.plugin._compat import AnyFixtureDef, SubRequest
    from loopscope.plugin.runtime import Runtime


# pytest takes the value of a fixture from its definition, and None from this hook to mean that
# somebody else has to set the fixture up.
_SET_UP = object()


class Refusal:
    """Fails the tests that a finding concerns, before anything is set up for them."""

    def __init__(self, findings: dict[pytest.Item, list[Finding]]) -> None:
        self.findings = findings

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        __tracebackhide__ = True
        for finding in self.findings.get(item, ()):
            fail(finding)


class Execution:
    """Runs the tests and fixtures that are planned, and nothing else."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.finalizers = Finalizers(runtime)
        self.examples = Examples(runtime.collection)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        __tracebackhide__ = True
        test = self.runtime.test(item)
        if isinstance(item, pytest.Function):
            self.finalizers.of_test(item)
        if test is None:
            return (yield)
        with self.runtime.running(item), FollowedBy(partial(self.runtime.aftermath, item)):
            yield
            if test.needs_loop:
                self.runtime.open(self.runtime.loop_for(test))
                self.runtime.check_arguments(item, test)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        __tracebackhide__ = True
        if self.runtime.test(item) is None:
            return (yield)
        with self.runtime.running(item), FollowedBy(partial(self.runtime.aftermath, item)):
            yield

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        __tracebackhide__ = True
        if self.runtime.test(item) is None:
            # It may be the last one in the scope of fixtures that are ours.
            with FollowedBy(self.runtime.settle):
                return (yield)
        with self.runtime.running(item), FollowedBy(partial(self.runtime.end_of, item)):
            yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: AnyFixtureDef, request: SubRequest) -> Any:
        __tracebackhide__ = True
        test = self.runtime.test_for(fixturedef, request)
        self.finalizers.of_fixture(fixturedef, request)
        if test is None:
            self._require_owner(fixturedef, request)
            return None
        if fixturedef.argname == RUNNER_FIXTURE and self.runtime.plan.loop_of(test.id) is None:
            return None  # the fixture itself says what to do
        if self.runtime.dry:
            self.runtime.preview(fixturedef, request, test)
            return None
        item = _compat.item_of(request)
        if is_async(fixturedef.func) and not self.runtime.collection.needs_loop(item, fixturedef):
            self._require_owner(fixturedef, request)
            return None  # strict mode: not ours to set up
        try:
            with self.runtime.running(item):
                value = self._set_up(fixturedef, request, test)
        except Refused:
            # Only the way it was asked for was wrong: it may be asked for again.
            _compat.forget(fixturedef, request)
            raise
        return _SET_UP if value is None else value

    def _require_owner(self, definition: AnyFixtureDef, request: SubRequest) -> None:
        """Fail a test that nobody owns if there is something of xunit to await for it."""
        __tracebackhide__ = True
        item = _compat.item_of(request)
        if is_xunit(definition.func) and isinstance(item, pytest.Function):
            of = self.runtime.collection.origins
            origin, test_origin = of.of_fixture(definition), of.of(item.function)
            finding = catalog.unowned_xunit(name_of(definition), origin, item.name, test_origin)
            try:
                _compat.set_up(definition, request, partial(fail, finding))
            finally:
                _compat.forget(definition, request)  # the next test may have an owner

    def _set_up(self, definition: AnyFixtureDef, request: SubRequest, test: Vertex) -> Any:
        __tracebackhide__ = True
        runtime, item = self.runtime, _compat.item_of(request)
        if not runtime.collection.needs_loop(item, definition):
            return runtime.set_up_sync(definition, request)
        if definition.argname == RUNNER_FIXTURE:
            runtime.open(runtime.loop_for(test))
            make = partial(Loopscope, runtime, test, request)
        elif is_given_loop(definition.func):
            make = partial(runtime.loop_itself, definition, request, test)
        elif not runtime.collection.is_stepped(item, definition):
            return runtime.set_up_beside(definition, request, test)
        else:
            make = partial(runtime.set_up, definition, request, test)
        return _compat.set_up(definition, request, make)

    def call(self, pyfuncitem: pytest.Function) -> object | None:
        """Run a test that is ours; return None for any other, as the hook wants it."""
        __tracebackhide__ = True
        test = self.runtime.test(pyfuncitem)
        if test is None:
            return None
        if hypothesis_handle(pyfuncitem.obj) is not None and (
            is_async(test_body(pyfuncitem)) or asks_for_fresh_fixtures(pyfuncitem)
        ):
            return self._call_given(pyfuncitem, test)
        function = pyfuncitem.obj
        if test.needs_loop and pyfuncitem.config.getoption("trace"):
            function = _compat.traced(function)
        if inspect.iscoroutinefunction(function):
            arguments = _compat.test_arguments(pyfuncitem)
            dialect = self.runtime.dialect(pyfuncitem)
            result = self.runtime.run(test, partial(dialect.adapt_test, function, arguments))
            if result is not None:
                pyfuncitem.warn(_compat.returned_not_none(pyfuncitem, result))
            return True
        if is_async(function):
            return None  # strict mode: not ours to run
        context = self.runtime.context(test.anchor).copy()
        return context.run(_compat.call_test_function, pyfuncitem)

    def _call_given(self, item: pytest.Function, test: Vertex) -> object | None:
        """Let Hypothesis call the test, with each example run on the loop of the test."""
        handle = hypothesis_handle(item.obj)
        original = handle.inner_test

        def example(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            call = partial(original, *args, **kwargs)
            context = self.runtime.context(test.anchor).copy()
            if not is_async(original):
                return context.run(call)
            with past_hypothesis():
                return self.runtime.run(test, call, context)

        def with_fresh_fixtures(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            with self.examples.example(item) as values:
                given = {name: values.get(name, value) for name, value in kwargs.items()}
                return example(*args, **given)

        handle.inner_test = with_fresh_fixtures if asks_for_fresh_fixtures(item) else example
        try:
            with self.runtime.doing(Activity("given", test.name, test.origin)):
                return _compat.call_test_function(item)
        except Past as past:
            raise past.error from None
        finally:
            handle.inner_test = original
