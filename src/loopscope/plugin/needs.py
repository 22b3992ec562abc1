"""Which tests and fixtures need a loop, and what is declared on a fixture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from loopscope.core.declared import Declared
from loopscope.core.scope import Scope
from loopscope.dialects.vocabulary import (
    RUNNER_FIXTURE,
    Dialect,
    Spoken,
    Test,
    is_async,
    is_given_loop,
    is_xunit,
    may_be_decorated,
)
from loopscope.errors import LoopscopeError
from loopscope.plugin import _compat
from loopscope.plugin.described import describe

if TYPE_CHECKING:
    from loopscope.plugin._compat import AnyFixtureDef


@dataclass(eq=False, slots=True)
class Needs:
    """Which tests and fixtures need a loop, if it is known whose the tests are."""

    spoken: Spoken
    problems: dict[AnyFixtureDef, str] = field(default_factory=dict)
    """What is wrong with the decorators that cannot be understood."""
    _takes_bare: bool = field(init=False)
    _lenders: frozenset[str] = field(init=False)
    _declared: dict[AnyFixtureDef, tuple[Dialect, Declared] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._takes_bare = any(dialect.takes_bare_fixtures for dialect in self.spoken.dialects)
        # Where a plugin is installed, pytest has its fixtures as well; ours have taken their place.
        self._lenders = frozenset(
            module
            for one in self.spoken.dialects
            for module in (type(one).__module__, one.module)
            if module is not None
        )

    def concern(self, test: Test, owner: Dialect | None) -> bool:
        """Say whether `test`, or a fixture of it, runs on a loop that we plan."""
        if owner is None:
            # unittest runs it, whatever its method is; its fixtures may be ours all the same.
            return _compat.runs_own_loop(test.item) and self.reaches_a_loop(test, owner)
        return not owner.executes_side_by_side(test) and (
            runs_on_loop(test) or self.reaches_a_loop(test, owner)
        )

    def reaches_a_loop(self, test: Test, owner: Dialect | None) -> bool:
        """Say whether a fixture that needs a loop is in the closure of `test`."""
        return any(
            self.loop(test.item, owner, definition)
            for name in test.fixtures
            for definition in _compat.fixture_definitions(test.item, name)
        )

    def loop(self, item: pytest.Item, owner: Dialect | None, definition: AnyFixtureDef) -> bool:
        """Say whether a fixture has a loop when it is used by `item`."""
        if definition.argname == RUNNER_FIXTURE or is_given_loop(definition.func):
            return True
        if self.declared_on(definition) is not None:
            return True
        if not isinstance(item, pytest.Function):
            return False
        if is_async(definition.func):
            if owner is not None and (
                owner.takes_bare_fixtures_of_its_tests or is_xunit(definition.func)
            ):
                return True
            return self._takes_bare
        return owner is not None and owner.runs_on_loop(definition, describe(item))

    def may_need(self, definition: AnyFixtureDef) -> bool:
        """Say whether there can be a test for which a fixture of the suite's own needs a loop."""
        if definition.argname == RUNNER_FIXTURE or self.is_lent(definition):
            return False
        return self.declared_on(definition) is not None or is_async(definition.func)

    def is_lent(self, definition: AnyFixtureDef) -> bool:
        """Say whether a fixture is one that comes with a dialect."""
        return getattr(definition.func, "__module__", "") in self._lenders

    def widest_scope(self, item: pytest.Function, owner: Dialect | None) -> Scope:
        """Return the widest scope among the fixtures of `item` that need a loop."""
        return max(
            (
                Scope.parse(definition.scope)
                for definitions in _compat.definitions(item).values()
                for definition in definitions
                if self.loop(item, owner, definition)
            ),
            default=Scope.FUNCTION,
        )

    def declared_on(self, definition: AnyFixtureDef) -> tuple[Dialect, Declared] | None:
        """Return the dialect whose decorator a fixture bears, and what it declares by it."""
        if definition not in self._declared:
            self._declared[definition] = self._said_on(definition)
        return self._declared[definition]

    def _said_on(self, definition: AnyFixtureDef) -> tuple[Dialect, Declared] | None:
        for dialect in self.spoken.dialects if may_be_decorated(definition.func) else ():
            if dialect.decorates(definition.func):
                try:
                    declared = dialect.declared_on(definition.func)
                except LoopscopeError as exc:
                    declared, self.problems[definition] = None, str(exc)
                return dialect, declared or Declared()
        return None


def runs_on_loop(test: Test) -> bool:
    """Say whether a test runs on a loop that we plan, if it has an owner."""
    return test.is_async and not _compat.is_unittest(test.item)
