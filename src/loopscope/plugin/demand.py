"""What a session has to have of us, once it is known what it has collected: no more than it needs.

Every session has fixtures that we lend, in place of the plugins whose words we speak. Some of them
give a loop, or run on one; but they are there in every suite, and hardly any asks for them. So by
themselves they are no reason to start the engine. It is started when one is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.policy import Policy
from loopscope.dialects.vocabulary import is_async, is_given_loop
from loopscope.plugin import _compat
from loopscope.plugin.state import SIDE_BY_SIDE

if TYPE_CHECKING:
    from collections.abc import Container

    from loopscope.dialects.vocabulary import Dialect
    from loopscope.plugin._compat import AnyFixtureDef, SubRequest
    from loopscope.plugin.collection import Collection
    from loopscope.plugin.state import State


def meet(session: pytest.Session, state: State) -> None:
    """Register what is needed to execute the tests that were collected."""
    manager, collection = session.config.pluginmanager, state.collection
    for dialect in collection.spoken.dialects:
        for name, hooks in (
            ("synchronous", _has_synchronous(collection, dialect) and dialect.on_synchronous()),
            ("overridden", _overrides(session, collection, dialect) and dialect.on_overridden()),
        ):
            if hooks:
                manager.register(hooks, f"loopscope-{name}-{dialect.mark}")
    if _is_foreseen(session, state):
        start(session.config, state)
    else:
        manager.register(LateStart.of(session, state), "loopscope-late-start")


def start(config: pytest.Config, state: State) -> None:
    """Start the engine, and with it what may be needed besides."""
    from loopscope.plugin import engine, foresight

    collection = state.collection
    if state.plan is None:
        foresight.foresee(state, ())
    if _runs_side_by_side(collection) or _has_to_refuse(collection):
        from loopscope.plugin.side_by_side import SideBySide

        side_by_side = SideBySide.of(collection.spoken, state.interrupts)
        config.pluginmanager.register(side_by_side, SIDE_BY_SIDE)
    engine.start(config, state)


def _has_synchronous(collection: Collection, dialect: Dialect) -> bool:
    """Say whether there are synchronous tests that bear the mark of `dialect`."""
    return any(
        not alike.test.is_async and alike.test.item.get_closest_marker(dialect.mark) is not None
        for alike in collection.decisions.all
    )


def _overrides(session: pytest.Session, collection: Collection, dialect: Dialect) -> bool:
    """Say whether the suite has its own of a fixture of which that matters to `dialect`."""
    return dialect.overridable is not None and any(
        definition.argname == dialect.overridable
        and not collection.decisions.needs.is_lent(definition)
        for definition in _compat.all_fixture_definitions(session)
    )


def _is_foreseen(session: pytest.Session, state: State) -> bool:
    """Say whether the engine has to be there from the start: it is, where a trace is a witness."""
    collection, decisions = state.collection, state.collection.decisions
    if collection.tests or state.settings.witness or _runs_side_by_side(collection):
        return True
    if any(decisions.needs.reaches_a_loop(alike.test, alike.owner) for alike in decisions.all):
        return True
    definitions = _compat.all_fixture_definitions(session)
    return any(map(decisions.needs.may_need, definitions))


def _runs_side_by_side(collection: Collection) -> bool:
    """Say whether there are tests of a dialect whose tests and fixtures may run side by side."""
    return any(
        alike.owner is not None and alike.owner.may_execute_side_by_side
        for alike in collection.decisions.all
    )


def _has_to_refuse(collection: Collection) -> bool:
    """Say whether fixtures that run side by side with a test are to be kept from other tests."""
    return any(
        one.may_execute_side_by_side and one.policy is Policy.DECLARED
        for one in collection.spoken.dialects
    )


class LateStart:
    """Starts the engine when a test asks for one of the fixtures `lent`, by its name."""

    def __init__(self, state: State, lent: Container[AnyFixtureDef]) -> None:
        self._state = state
        self._lent = lent

    @classmethod
    def of(cls, session: pytest.Session, state: State) -> LateStart:
        """Make one for the fixtures that we lend in this session."""
        needs = state.collection.decisions.needs
        lent = {
            definition
            for definition in _compat.all_fixture_definitions(session)
            if needs.is_lent(definition)
            and (is_async(definition.func) or is_given_loop(definition.func))
        }
        return cls(state, lent)

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: AnyFixtureDef, request: SubRequest) -> Any:
        __tracebackhide__ = True
        if fixturedef not in self._lent:
            return None
        request.config.pluginmanager.unregister(self)
        start(request.config, self._state)
        assert self._state.execution is not None
        return self._state.execution.pytest_fixture_setup(fixturedef, request)
