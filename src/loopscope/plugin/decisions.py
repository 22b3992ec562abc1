"""What is decided of collected tests, once for all that are alike.

A suite has thousands of tests, and few kinds of them. Whose a test is, whether it needs a loop,
what is declared of it, which fixtures it uses and what those are: all this follows from the class
or module that it is in, the marks it bears, the nature of its body and the definitions that it can
reach. What remains to be made for each test is its place, and what lives in no other place.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from loopscope.backends import registry
from loopscope.core.declared import Declared
from loopscope.core.graph import Kind
from loopscope.core.scope import Scope
from loopscope.dialects.vocabulary import Nature, owner, owner_of_fixtures
from loopscope.errors import LoopscopeError
from loopscope.plugin import _compat, xunit
from loopscope.plugin.alike import Alike, FixtureUse, Likeness, TestVertices
from loopscope.plugin.described import describe
from loopscope.plugin.needs import Needs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.dialects.vocabulary import Choice, Dialect, Spoken, Test
    from loopscope.plugin._compat import AnyFixtureDef, Node
    from loopscope.plugin.places import Origins, Places


@dataclass(eq=False, slots=True)
class Decisions:
    """What is decided of the tests of one run, and of the fixtures as they use them."""

    spoken: Spoken
    origins: Origins
    places: Places
    all: list[Alike] = field(default_factory=list)
    choices: dict[str, Choice] = field(default_factory=dict)
    needs: Needs = field(init=False)
    _likeness: Likeness = field(init=False)
    _of: dict[pytest.Item, Alike] = field(default_factory=dict)
    _by_parent: dict[Node, dict[object, Alike]] = field(default_factory=dict)
    _parent: Node | None = None
    _siblings: dict[object, Alike] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.needs = Needs(self.spoken)
        self._likeness = Likeness(self.spoken.dialects)

    @property
    def native(self) -> Dialect:
        """Our own dialect."""
        return self.spoken.dialects[0]

    def of(self, item: pytest.Function) -> Alike:
        """Return what was decided of `item`, at the latest now."""
        return self._of.get(item) or self.decide(item)

    def decide(self, item: pytest.Function) -> Alike:
        """Decide what there is to decide of `item`, unless it was for one that is like it."""
        if item.parent is not self._parent:
            assert item.parent is not None
            self._parent, self._siblings = item.parent, self._by_parent.setdefault(item.parent, {})
        likeness = self._likeness.of(item)
        try:
            alike = self._siblings[likeness]
        except (KeyError, TypeError):
            alike = self._decide_anew(item)
            likeness = self._likeness.of(item)
            with suppress(TypeError):  # if a value has no hash, who knows what is like it
                self._siblings[likeness] = alike
        self._of[item] = alike
        alike.count += 1
        return alike

    def _decide_anew(self, item: pytest.Function) -> Alike:
        if self.spoken.executes:
            # Done already, except for what is collected without pytest_generate_tests.
            xunit.make_awaited(item)
        test = describe(item)
        dialect = owner(test, self.spoken.dialects)
        is_unittest = _compat.is_unittest(item)
        may_lack = dialect is not None and self.spoken.executes and not is_unittest
        alike = Alike(
            test=test,
            owner=dialect,
            needs_loop=test.is_async and not is_unittest,
            is_concerned=self.needs.concern(test, dialect),
            lacking=dialect.lacks(test) if dialect is not None and may_lack else None,
            runs_own_loop=is_unittest and _compat.runs_own_loop(item),
        )
        self.all.append(alike)
        return alike

    def choice_of(self, item: pytest.Function) -> Choice:
        """Return what `item` itself runs on."""
        alike = self.of(item)
        if alike.choice is not None:
            return alike.choice
        choice = (alike.owner or self.native).choice(describe(item))
        if choice.own_options is None:  # they depend on the arguments of this very test
            alike.choice = choice
        return choice

    def vertices_of(self, item: pytest.Function, alike: Alike) -> TestVertices:
        """Decide what the vertices of `item` and its like have in common."""
        test = alike.test
        dialect = alike.owner or owner_of_fixtures(test, self.spoken.dialects) or self.native
        needs_loop = alike.needs_loop and alike.owner is not None
        declared, backend, problem = Declared(), "asyncio", None
        try:
            declared = Declared() if _compat.is_unittest(item) else dialect.declared_by(test)
            backend = self._chosen(dialect, test)
        except LoopscopeError as exc:
            problem = str(exc)
        around, in_class = self.places.around(item)
        alike.vertices = TestVertices(
            around=around,
            in_class=in_class,
            backend=backend,
            needs_loop=needs_loop,
            declared=declared.loop_scope,
            default=declared.default if needs_loop else None,
            dialect=dialect,
            roots=tuple(
                self.use(item, alike, definition, backend)
                for definition in self._roots(item, alike, dialect)
            ),
            problem=problem,
            is_generator=(
                dialect is self.native and needs_loop and test.nature is Nature.ASYNC_GENERATOR
            ),
        )
        return alike.vertices

    def _roots(self, item: pytest.Function, alike: Alike, dialect: Dialect) -> list[AnyFixtureDef]:
        """Return the definitions that `item` asks for itself, and those added to it late."""
        reached: dict[str, None] = dict.fromkeys(_compat.initial_names(item))
        known = set(_compat.definitions(item))
        reached.update((name, None) for name in _compat.closure_names(item) if name not in known)
        found = [self._resolve(item, name) for name in reached]
        found.append(self._loop_fixture(alike, dialect))
        return [definition for definition in found if definition is not None]

    def _loop_fixture(self, alike: Alike, dialect: Dialect) -> AnyFixtureDef | None:
        """Return the fixture that is itself the loop of these tests, if there is one."""
        if dialect not in alike.loop_fixtures:
            alike.loop_fixtures[dialect] = dialect.loop_fixture(alike.test)
        return alike.loop_fixtures[dialect]

    def use(
        self, item: pytest.Function, alike: Alike, definition: AnyFixtureDef, backend: str
    ) -> FixtureUse:
        """Decide how `item`, which runs on `backend`, and its like use a fixture."""
        use = alike.fixtures.get((definition, backend))
        if use is not None:
            return use
        found = self.needs.declared_on(definition)
        dialect, declared = found or (alike.owner or self.native, Declared())
        needs_loop = self.needs.loop(item, alike.owner, definition)
        loop_fixture = self._loop_fixture(alike, dialect)
        scope, origin = Scope.parse(definition.scope), self.origins.of_fixture(definition)
        on = backend
        if found is not None and dialect is not alike.owner:
            on = self._chosen(dialect, alike.test)
        # Known before what it uses is, as is its vertex.
        use = alike.fixtures[definition, backend] = FixtureUse(
            definition=definition,
            backend=on,
            scope=scope,
            is_own=scope is Scope.FUNCTION
            or (scope is Scope.CLASS and item.getparent(pytest.Class) is None),
            id_suffix=f"::{definition.argname}@{origin}[{on}]",
            problem=self.needs.problems.get(definition),
            common={
                "name": xunit.name_of(definition),
                "kind": Kind.FIXTURE,
                "backend": on,
                "origin": origin,
                "needs_loop": needs_loop or definition is loop_fixture,
                "declared": declared.loop_scope if needs_loop else None,
                "default": dialect.default_for(definition) if needs_loop else None,
                "vocabulary": dialect.name,
                "always_planned": dialect.always_planned,
                "allows_mismatch": dialect.allows_mismatch,
            },
        )
        used = [self._resolve(item, name, definition) for name in definition.argnames]
        if needs_loop and loop_fixture is not definition:
            used.append(loop_fixture)
        use.used = tuple([self.use(item, alike, one, on) for one in used if one is not None])
        return use

    def backend_of(self, item: pytest.Function, definition: AnyFixtureDef, backend: str) -> str:
        """Return what a fixture runs on: `backend`, unless it bears another dialect's decorator."""
        found = self.needs.declared_on(definition)
        if found is None or found[0] is self.of(item).owner:
            return backend
        return self._chosen(found[0], describe(item))

    def _chosen(self, dialect: Dialect, test: Test) -> str:
        """Return the key of what `test` runs on."""
        choice = dialect.choice(test)
        if choice.backend is not None and choice.key not in self.choices:
            registry.get(choice.backend).require()
        return self.choices.setdefault(choice.key, choice).key

    def _resolve(
        self, item: pytest.Function, name: str, asker: AnyFixtureDef | None = None
    ) -> AnyFixtureDef | None:
        """Return the definition that `name` means, seen from `asker`: its own name means the
        definition that it overrides. An argument of `@pytest.mark.parametrize` is no fixture."""
        found: Sequence[AnyFixtureDef] = _compat.fixture_definitions(item, name)
        if asker is not None and asker.argname == name and asker in found:
            found = found[: list(found).index(asker)]
        return found[-1] if found and not _compat.is_parameter(found[-1]) else None
