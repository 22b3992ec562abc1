"""The hooks that execute a plan; registered only for a suite that has one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.diagnose import catalog
from loopscope.dialects.vocabulary import Nature, is_async, nature
from loopscope.plugin import _compat
from loopscope.plugin.described import hypothesis_handle, test_body
from loopscope.plugin.examples import Examples, asks_for_fresh_fixtures
from loopscope.plugin.finalizers import Finalizers
from loopscope.plugin.fixtures import Loopscope
from loopscope.plugin.handling import Handlings, Way
from loopscope.plugin.outcomes import Refused, fail
from loopscope.plugin.timer import Activity, Past, past_hypothesis
from loopscope.plugin.xunit import name_of

if TYPE_CHECKING:
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
    """Runs the tests and fixtures that are planned, and nothing else.

    With `is_traced`, each test stops in its first line, as `--trace` wants it.
    """

    def __init__(self, runtime: Runtime, *, is_traced: bool) -> None:
        self.runtime = runtime
        self.handlings = Handlings(runtime.collection)
        self._is_traced = is_traced
        self.finalizers = Finalizers(runtime)
        self.examples = Examples(runtime.collection)

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: AnyFixtureDef, request: SubRequest) -> Any:
        __tracebackhide__ = True
        item, runtime = _compat.item_of(request), self.runtime
        handling = self.handlings.of(item, fixturedef)
        test = runtime.test(item)
        if test is None and handling.needs_loop:
            # No plan knew of it: it becomes ours when it asks for a fixture that needs a loop.
            test = runtime.collection.adopt(item)
        self.finalizers.of_fixture(fixturedef, request)
        if test is None or (handling.way is Way.NOT_OURS and not runtime.dry):
            if handling.is_xunit:
                self._require_owner(fixturedef, request)
            return None
        if handling.way is Way.AS_RUNNER and runtime.plan.loop_of(test.id) is None:
            return None  # the fixture itself says what to do
        if runtime.dry:
            if handling.needs_loop:
                runtime.preview(fixturedef, request, test)
            return None
        try:
            with runtime.running(item, test):
                value = self._set_up(handling.way, fixturedef, request, test)
        except Refused:
            # Only the way it was asked for was wrong: it may be asked for again.
            _compat.forget(fixturedef, request)
            raise
        return _SET_UP if value is None else value

    def _require_owner(self, definition: AnyFixtureDef, request: SubRequest) -> None:
        """Fail a test that nobody owns, for which something of xunit is to be awaited."""
        __tracebackhide__ = True
        item = _compat.item_of(request)
        if isinstance(item, pytest.Function):
            of = self.runtime.collection.origins
            origin, test_origin = of.of_fixture(definition), of.of(item.function)
            finding = catalog.unowned_xunit(name_of(definition), origin, item.name, test_origin)
            try:
                _compat.set_up(definition, request, partial(fail, finding))
            finally:
                _compat.forget(definition, request)  # the next test may have an owner

    def _set_up(
        self, way: Way, definition: AnyFixtureDef, request: SubRequest, test: Vertex
    ) -> Any:
        __tracebackhide__ = True
        runtime = self.runtime
        if way is Way.SYNCHRONOUSLY:
            return runtime.set_up_sync(definition, request)
        if way is Way.BESIDE:
            return runtime.set_up_beside(definition, request, test)
        if way is Way.ON_LOOP:
            make = partial(runtime.set_up, definition, request, test)
        elif way is Way.AS_LOOP:
            make = partial(runtime.loop_itself, definition, request, test)
        else:
            runtime.open(runtime.loop_for(test))
            make = partial(Loopscope, runtime, test, request)
        return _compat.set_up(definition, request, make)

    def call(self, pyfuncitem: pytest.Function) -> object | None:
        """Run a test that is ours; return None for any other, as the hook wants it."""
        __tracebackhide__ = True
        test = self.runtime.test(pyfuncitem)
        if test is None:
            return None
        function = pyfuncitem.obj
        if hypothesis_handle(function) is not None and (
            is_async(test_body(pyfuncitem)) or asks_for_fresh_fixtures(pyfuncitem)
        ):
            return self._call_given(pyfuncitem, test)
        if test.needs_loop and self._is_traced:
            function = _compat.traced(function)
        kind = nature(function)
        if kind is Nature.COROUTINE:
            arguments = _compat.test_arguments(pyfuncitem)
            dialect = self.runtime.dialect(pyfuncitem)
            result = self.runtime.run(test, partial(dialect.adapt_test, function, arguments))
            if result is not None:
                pyfuncitem.warn(_compat.returned_not_none(pyfuncitem, result))
            return True
        if kind is not Nature.SYNC:
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
            with self.runtime.under_way.doing(Activity("given", test.name, test.origin)):
                return _compat.call_test_function(item)
        except Past as past:
            raise past.error from None
        finally:
            handle.inner_test = original
