"""Function-scoped fixtures that are set up afresh for each example of a test by Hypothesis.

pytest sets a fixture up once for a test, and Hypothesis calls the test many times; its health check
says so. Whoever asks for fresh fixtures gets those that run on a loop, and those that depend on
them, set up before each example and torn down behind it, on the loop of the test. What is wider is
shared. A teardown that fails is a failure of the example: it is shrunk and reproduced like any.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.backends import registry
from loopscope.diagnose import catalog
from loopscope.dialects import native
from loopscope.dialects.vocabulary import RUNNER_FIXTURE, is_given_loop
from loopscope.errors import LoopscopeError
from loopscope.plugin import _compat
from loopscope.plugin.described import describe, hypothesis_handle
from loopscope.plugin.outcomes import add_note

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from loopscope.plugin._compat import AnyFixtureDef
    from loopscope.plugin.collection import Collection

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup

OPTION = "fresh_fixtures"


class Examples:
    """Sets fixtures up afresh for each example, where that is asked for, and answers for it."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    # Around the same hook of Hypothesis's, which was registered before and makes the health check.
    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        __tracebackhide__ = True
        handle = hypothesis_handle(getattr(item, "obj", None))
        if handle is None or not isinstance(item, pytest.Function):
            return (yield)
        from hypothesis.errors import FailedHealthCheck

        fresh = {*self.fresh(item), *self._in_a_run_of_its_own(item)}
        stale = [name for name in self._checked(item) if name not in fresh]
        is_asked = asks_for_fresh_fixtures(item)
        try:
            if is_asked and not stale:
                with _without_health_check(item):
                    return (yield)
            return (yield)
        except FailedHealthCheck as exc:
            if is_asked and stale:
                add_note(exc, catalog.stays_for_all_examples(stale))
            elif fresh and not is_asked:
                add_note(exc, catalog.could_be_fresh(sorted(fresh)))
            raise

    def fresh(self, item: pytest.Function) -> list[str]:
        """Return the names of the fixtures that can be set up afresh, in the order of setup."""
        known: dict[str, bool] = {}

        def is_fresh(name: str) -> bool:
            if name not in known:
                known[name] = False  # in case that it uses itself
                known[name] = any(
                    self._is_resettable(item, definition)
                    and (
                        self._collection.needs_loop(item, definition)
                        or any(map(is_fresh, definition.argnames))
                    )
                    for definition in _compat.fixture_definitions(item, name)
                )
            return known[name]

        return [name for name in _compat.closure_names(item) if is_fresh(name)]

    def _is_resettable(self, item: pytest.Function, definition: AnyFixtureDef) -> bool:
        return definition.scope == "function" and not _gives_loop(definition)

    @contextmanager
    def example(self, item: pytest.Function) -> Iterator[dict[str, Any]]:
        """Set the fixtures of `item` up for one example, as their values by name."""
        __tracebackhide__ = True
        names = self.fresh(item)
        try:
            yield {name: _compat.getfixturevalue(item, name) for name in names}
        except BaseException as exc:
            try:
                _compat.finish_fixtures(item, names)
            except Exception as in_teardown:
                _raise_both(exc, in_teardown)
            raise
        _compat.finish_fixtures(item, names)

    def _checked(self, item: pytest.Function) -> Iterator[str]:
        """Yield the arguments of a test that Hypothesis's health check is about."""
        for name in _compat.argument_names(item):
            for definition in _compat.fixture_definitions(item, name)[-1:]:
                if definition.scope == "function" and not (
                    _gives_loop(definition) or _compat.is_parameter(definition)
                ):
                    yield name

    def _in_a_run_of_its_own(self, item: pytest.Function) -> Iterator[str]:
        """Yield what is made in the run of each example, where there is one for each."""
        owner = self._collection.owner(item)
        if owner is not None and owner.executes_side_by_side(describe(item)):
            from loopscope.plugin.side_by_side import is_placeholder

            for name in _compat.argument_names(item):
                if is_placeholder(item.funcargs.get(name)):
                    yield name


def asks_for_fresh_fixtures(item: pytest.Item) -> bool:
    """Say whether a mark asks for fresh fixtures; one that cannot be understood does not."""
    try:
        return bool(native.argument_of(item, OPTION, registry.names()))
    except LoopscopeError:
        return False


def findings(collection: Collection, items: Iterable[pytest.Item]) -> Iterator[catalog.Finding]:
    """Yield a finding for each test that asks for fresh fixtures and has no examples."""
    for item in items:
        # A mark on a module or class is for those of its tests that it can mean something to.
        for mark in item.own_markers:
            if mark.name == native.MARK and OPTION in mark.kwargs:
                break
        else:
            continue
        obj = getattr(item, "obj", None)
        if asks_for_fresh_fixtures(item) and hypothesis_handle(obj) is None:
            test = collection.tests.get(item)
            id = None if test is None else test.id
            yield catalog.no_examples(id, item.name, collection.origins.of(obj))


def _gives_loop(definition: AnyFixtureDef) -> bool:
    """Say whether a fixture is a way to the loop, which is the same for all examples."""
    return definition.argname == RUNNER_FIXTURE or is_given_loop(definition.func)


@contextmanager
def _without_health_check(item: pytest.Function) -> Iterator[None]:
    """Let Hypothesis know that the fixtures of a test are what its health check asks for.

    Its settings are kept where Hypothesis's own plugin changes them as well.
    """
    from hypothesis import HealthCheck, settings

    function: Any = getattr(item.obj, "__func__", item.obj)
    before: Any = getattr(function, "_hypothesis_internal_use_settings", settings.default)
    suppressed = [*before.suppress_health_check, HealthCheck.function_scoped_fixture]
    with_it = settings(before, suppress_health_check=suppressed)
    function._hypothesis_internal_use_settings = with_it
    try:
        yield
    finally:
        function._hypothesis_internal_use_settings = before


def _raise_both(error: BaseException, in_teardown: Exception) -> None:
    """Raise, for an example that failed, what its teardown raised as well.

    Hypothesis ends an example by exceptions of its own: one that rejects it must not hide that a
    teardown fails, one that stops it must come through, as must what ends the run.
    """
    __tracebackhide__ = True
    is_theirs = type(error).__module__.partition(".")[0] == "hypothesis"
    if not isinstance(error, Exception):
        add_note(error, catalog.failed_in_teardown(in_teardown))
        raise error
    if is_theirs:
        raise in_teardown
    raise ExceptionGroup("an example and the teardown of its fixtures", [error, in_teardown])
