"""Finalizers that have to be awaited: what is given to `request.addfinalizer` may be asynchronous.

pytest calls a finalizer and drops what it returns. So those that are added to a fixture, or to a
test, are called through here, and what there is to await is awaited on the loop of the fixture or
of the test, in the task that its teardown runs in. Of a synchronous fixture that is the loop of
what it uses, or else of the test that it is set up for, if that loop lives as long.
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.diagnose import catalog
from loopscope.plugin import _compat
from loopscope.plugin.outcomes import fail
from loopscope.plugin.xunit import name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopscope.core.origin import Origin
    from loopscope.core.plan import Loop
    from loopscope.core.scope import Anchor
    from loopscope.plugin._compat import AnyFixtureDef, SubRequest
    from loopscope.plugin.runtime import Runtime

    Finalizer = Callable[[], object]


class Finalizers:
    """Has the finalizers of fixtures and tests awaited where that is needed."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def of_fixture(self, definition: AnyFixtureDef, request: SubRequest) -> None:
        """Take care of what is added to a fixture by its `request`."""
        if "request" not in definition.argnames:
            return
        add = request.addfinalizer
        name, origin = name_of(definition), self._runtime.collection.origins.of_fixture(definition)
        item = _compat.item_of(request)
        anchor = self._runtime.collection.places.of_fixture(item, definition)
        foreseen = self._loop_of_fixture(item, definition, anchor)
        if foreseen is not None:
            # From now on: what is added while the test runs comes too late for that.
            self._runtime.keep_for(foreseen)

        def addfinalizer(finalizer: Finalizer) -> None:
            loop = self._loop_of_fixture(item, definition, anchor)
            add(self._wrapped(finalizer, loop, anchor, name, origin))

        _compat.replace_addfinalizer(request, addfinalizer)

    def of_test(self, item: pytest.Item) -> None:
        """Take care of what a test adds to itself."""
        if not isinstance(item, pytest.Function) or "request" not in _compat.argument_names(item):
            return
        request = _compat.request_of(item)
        add = request.addfinalizer
        origins = self._runtime.collection.origins

        def addfinalizer(finalizer: Finalizer) -> None:
            test = self._runtime.test(item)
            anchor = self._runtime.collection.places.of(item)
            loop = None if test is None else self._runtime.plan.loop_of(test.id)
            add(self._wrapped(finalizer, loop, anchor, item.name, origins.of(item.function)))

        _compat.replace_addfinalizer(request, addfinalizer)

    def _loop_of_fixture(
        self, item: pytest.Item, definition: AnyFixtureDef, anchor: Anchor
    ) -> Loop | None:
        """Return the loop that can run what a fixture has to await when it is torn down."""
        test = self._runtime.test(item)
        if test is None:
            return None
        plan = self._runtime.plan
        vertex = self._runtime.collection.instance(item, definition, test.backend)
        own = None if vertex is None else plan.loop_of(vertex.id)
        if own is not None:
            return own
        loop = plan.loop_of(test.id)
        return loop if loop is not None and loop.anchor.encloses(anchor) else None

    def _wrapped(
        self, finalizer: Finalizer, loop: Loop | None, anchor: Anchor, of: str, of_origin: Origin
    ) -> Finalizer:
        has_loop = loop is not None and self._runtime.keep_for(loop)

        def call() -> None:
            __tracebackhide__ = True
            returned = finalizer()
            if loop is not None and has_loop and inspect.isawaitable(returned):
                self._runtime.await_at(loop, anchor, returned)
            elif inspect.iscoroutine(returned):
                returned.close()
                name, origin = _named(finalizer), self._runtime.collection.origins.of(finalizer)
                fail(catalog.finalizer_without_loop(name, origin, of, of_origin))

        return call


def _named(finalizer: Any) -> str:
    while isinstance(finalizer, partial):
        finalizer = finalizer.func
    return getattr(finalizer, "__name__", None) or repr(finalizer)
