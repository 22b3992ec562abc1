"""From the items that pytest collected to the suite that is planned."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.backends import registry
from loopscope.core.declared import Declared
from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.scope import Anchor, Scope
from loopscope.diagnose import catalog
from loopscope.dialects.vocabulary import (
    RUNNER_FIXTURE,
    Choice,
    Dialect,
    Spoken,
    Test,
    is_async,
    is_given_loop,
    is_xunit,
    owner_of_fixtures,
)
from loopscope.errors import LoopscopeError
from loopscope.plugin import _compat
from loopscope.plugin.places import Origins, Places
from loopscope.plugin.xunit import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from loopscope.plugin._compat import AnyFixtureDef


def hypothesis_handle(function: object) -> Any:
    """Return Hypothesis's handle on a test made by `@given`, or None."""
    return getattr(function, "hypothesis", None)


def test_body(item: pytest.Function) -> object:
    """Return the function that the author of the test wrote."""
    handle = hypothesis_handle(item.obj)
    return item.obj if handle is None else handle.inner_test


@dataclass(eq=False, slots=True)
class Collection:
    """Collected items as vertices, and the way back from vertices to pytest's objects."""

    origins: Origins
    spoken: Spoken
    suite: Suite = field(default_factory=Suite)
    findings: list[catalog.Finding] = field(default_factory=list)
    places: Places = field(default_factory=Places)
    tests: dict[pytest.Item, Vertex] = field(default_factory=dict)
    instances: dict[tuple[AnyFixtureDef, Anchor, str], Vertex] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    _owners: dict[pytest.Item, Dialect | None] = field(default_factory=dict)
    _problems: dict[AnyFixtureDef, str] = field(default_factory=dict)
    _declared: dict[AnyFixtureDef, tuple[Dialect, Declared] | None] = field(default_factory=dict)

    def owner(self, item: pytest.Function) -> Dialect | None:
        """Return the dialect that a test is written in, None if nobody claims it."""
        if item not in self._owners:
            self._owners[item] = self.spoken.owner(item)
        return self._owners[item]

    def add(self, item: pytest.Item) -> None:
        """Add `item` to the suite if it, or a fixture of it, runs on a loop that we plan."""
        if isinstance(item, pytest.Function) and self.concerns(item):
            self._add_test(item)

    def concerns(self, item: pytest.Function) -> bool:
        """Say whether `item`, or a fixture of it, runs on a loop that we plan."""
        dialect = self.owner(item)
        if dialect is None:
            # unittest runs it, whatever its method is; its fixtures may be ours all the same.
            return _compat.runs_own_loop(item) and self.reaches_a_loop(item)
        test = describe(item)
        return not dialect.executes_side_by_side(test) and (
            runs_on_loop(test) or self.reaches_a_loop(item)
        )

    def adopt(self, item: pytest.Item) -> Vertex | None:
        """Add a test that turned out to need a loop while it was set up, if it may be ours."""
        if not isinstance(item, pytest.Function):
            return None
        dialect = self.owner(item)
        if dialect is not None and dialect.executes_side_by_side(describe(item)):
            return None
        return self._add_test(item)

    def _add_test(self, item: pytest.Function) -> Vertex:
        anchor = self.places.of(item)
        id = anchor.node
        test, owner = describe(item), self.owner(item)
        dialect = owner or owner_of_fixtures(test, self.spoken.dialects) or self.native
        needs_loop = runs_on_loop(test) and owner is not None
        origin = self.origins.of(item.function)
        declared, backend = Declared(), "asyncio"
        try:
            declared = Declared() if _compat.is_unittest(item) else dialect.declared_by(test)
            backend = self._chosen(dialect, test)
        except LoopscopeError as exc:
            self.findings.append(catalog.bad_declaration(id, item.name, origin, str(exc)))
        if dialect is self.native and needs_loop and inspect.isasyncgenfunction(test.body):
            self.findings.append(catalog.async_generator_test(id, item.name, origin))
        vertex = Vertex(
            id=id,
            name=item.name,
            kind=Kind.TEST,
            anchor=anchor,
            backend=backend,
            origin=origin,
            needs_loop=needs_loop,
            declared=declared.loop_scope,
            default=declared.default if needs_loop else None,
            uses=tuple(self._uses(item, self._roots(item, dialect), backend)),
            **_manners(dialect),
        )
        self.suite.vertices[id] = self.tests[item] = vertex
        return vertex

    @property
    def native(self) -> Dialect:
        """Our own dialect."""
        return self.spoken.dialects[0]

    def _roots(self, item: pytest.Function, dialect: Dialect) -> list[AnyFixtureDef]:
        """Return the definitions that `item` asks for itself, and those added to it late."""
        reached: dict[str, None] = dict.fromkeys(_compat.initial_names(item))
        known = set(_compat.definitions(item))
        reached.update((name, None) for name in _compat.closure_names(item) if name not in known)
        found = [self._resolve(item, name) for name in reached]
        found.append(self._loop_fixture(item, dialect))
        return [definition for definition in found if definition is not None]

    def _loop_fixture(self, item: pytest.Function, dialect: Dialect) -> AnyFixtureDef | None:
        """Return the fixture that is itself the loop of `item`, if there is one."""
        return dialect.loop_fixture(describe(item))

    def _chosen(self, dialect: Dialect, test: Test) -> str:
        """Return the key of what `test` runs on."""
        choice = dialect.choice(test)
        if choice.backend is not None and choice.key not in self.choices:
            registry.get(choice.backend).require()
        return self.choices.setdefault(choice.key, choice).key

    def _backend_of(self, item: pytest.Function, definition: AnyFixtureDef, backend: str) -> str:
        """Return what a fixture runs on: `backend`, unless it bears another dialect's decorator."""
        found = self.declared_on(definition)
        if found is None or found[0] is self.owner(item):
            return backend
        return self._chosen(found[0], describe(item))

    def choice_for(self, item: pytest.Function, key: str) -> Choice:
        """Return the choice called `key` as `item` means it, or else as whoever named it first."""
        choice = (self.owner(item) or self.native).choice(describe(item))
        return choice if choice.key == key else self.choices[key]

    def reaches_a_loop(self, item: pytest.Function) -> bool:
        """Say whether a fixture that needs a loop is in the closure of `item`."""
        return any(
            self.needs_loop(item, definition)
            for name in _compat.closure_names(item)
            for definition in _compat.fixture_definitions(item, name)
        )

    def needs_loop(self, item: pytest.Item, definition: AnyFixtureDef) -> bool:
        """Say whether the fixture, as `item` uses it, has a loop."""
        if definition.argname == RUNNER_FIXTURE or is_given_loop(definition.func):
            return True
        if self.declared_on(definition) is not None:
            return True
        if not isinstance(item, pytest.Function):
            return False
        owner = self.owner(item)
        if is_async(definition.func):
            if owner is not None and (
                owner.takes_bare_fixtures_of_its_tests or is_xunit(definition.func)
            ):
                return True
            return any(dialect.takes_bare_fixtures for dialect in self.spoken.dialects)
        return owner is not None and owner.runs_on_loop(definition, describe(item))

    def may_need_loop(self, definition: AnyFixtureDef) -> bool:
        """Say whether there can be a test for which the fixture needs a loop."""
        return definition.argname != RUNNER_FIXTURE and (
            self.declared_on(definition) is not None or is_async(definition.func)
        )

    def is_stepped(self, item: pytest.Item, definition: AnyFixtureDef) -> bool:
        """Say whether the fixture runs while its loop does, and not beside it."""
        if is_async(definition.func) or not isinstance(item, pytest.Function):
            return is_async(definition.func)
        owner = self.owner(item)
        return owner is not None and owner.runs_on_loop(definition, describe(item))

    def declared_on(self, definition: AnyFixtureDef) -> tuple[Dialect, Declared] | None:
        """Return the dialect whose decorator a fixture bears, and what it declares by it."""
        if definition not in self._declared:
            self._declared[definition] = self._said_on(definition)
        return self._declared[definition]

    def _said_on(self, definition: AnyFixtureDef) -> tuple[Dialect, Declared] | None:
        for dialect in self.spoken.dialects:
            if dialect.decorates(definition.func):
                try:
                    declared = dialect.declared_on(definition.func)
                except LoopscopeError as exc:
                    declared, self._problems[definition] = None, str(exc)
                return dialect, declared or Declared()
        return None

    def widest_scope(self, item: pytest.Function) -> Scope:
        """Return the widest scope among the fixtures of `item` that need a loop."""
        return max(
            (
                Scope.parse(definition.scope)
                for definitions in _compat.definitions(item).values()
                for definition in definitions
                if self.needs_loop(item, definition)
            ),
            default=Scope.FUNCTION,
        )

    def wanted(
        self, item: pytest.Function, definition: AnyFixtureDef, backend: str
    ) -> list[Vertex]:
        """Return `definition` and what it uses as vertices for `item`, in the order of use."""
        found: dict[str, Vertex] = {}

        def visit(id: str) -> None:
            vertex = self.suite.vertices[id]
            for used in vertex.uses:
                if used not in found:
                    visit(used)
            found[id] = vertex

        for id in self._uses(item, [definition], backend):
            visit(id)
        return list(found.values())

    def instance(self, item: pytest.Item, definition: AnyFixtureDef, backend: str) -> Vertex | None:
        """Return the vertex of `definition` as `item` sees it, if there is one yet."""
        if isinstance(item, pytest.Function):
            backend = self._backend_of(item, definition, backend)
        anchor = self.places.of_fixture(item, definition)
        return self.instances.get((definition, anchor, backend))

    def _uses(
        self,
        item: pytest.Function,
        definitions: Iterable[AnyFixtureDef],
        backend: str,
    ) -> Iterator[str]:
        """Yield the ids of `definitions` as `item` sees them, adding vertices that are new."""
        for definition in definitions:
            vertex = self.instance(item, definition, backend)
            if vertex is None:
                place = self.places.of_fixture(item, definition)
                vertex = self._add_instance(item, definition, place, backend)
            yield vertex.id

    def _add_instance(
        self,
        item: pytest.Function,
        definition: AnyFixtureDef,
        place: Anchor,
        backend: str,
    ) -> Vertex:
        origin = self.origins.of_fixture(definition)
        dialect, declared = self._dialect_of(item, definition)
        needs_loop = self.needs_loop(item, definition)
        backend = self._backend_of(item, definition, backend)
        id = f"{place}::{definition.argname}@{origin}[{backend}]"
        while id in self.suite.vertices:
            id += "'"
        if definition in self._problems:
            problem = self._problems[definition]
            self.findings.append(catalog.bad_declaration(id, definition.argname, origin, problem))
        loop_fixture = self._loop_fixture(item, dialect)

        def made(uses: tuple[str, ...]) -> Vertex:
            return Vertex(
                id=id,
                name=name_of(definition),
                kind=Kind.FIXTURE,
                anchor=place,
                backend=backend,
                origin=origin,
                needs_loop=needs_loop or definition is loop_fixture,
                declared=declared.loop_scope if needs_loop else None,
                default=declared.default if needs_loop else None,
                uses=uses,
                **_manners(dialect),
            )

        # Known before what it uses is: pytest refuses fixtures that use one another in a circle,
        # but only when it comes to run them.
        key = (definition, place, backend)
        self.suite.vertices[id] = self.instances[key] = made(())
        used = [
            found
            for name in definition.argnames
            if (found := self._resolve(item, name, definition)) is not None
        ]
        if needs_loop and loop_fixture is not None and loop_fixture is not definition:
            used.append(loop_fixture)
        vertex = made(tuple(self._uses(item, used, backend)))
        self.suite.vertices[id] = self.instances[key] = vertex
        return vertex

    def _dialect_of(
        self, item: pytest.Function, definition: AnyFixtureDef
    ) -> tuple[Dialect, Declared]:
        """Return the dialect of a fixture as `item` uses it, and what is declared of its loop."""
        found = self.declared_on(definition)
        dialect, declared = found or (self.owner(item) or self.native, Declared())
        return dialect, replace(declared, default=dialect.default_for(definition))

    def _resolve(
        self, item: pytest.Function, name: str, asker: AnyFixtureDef | None = None
    ) -> AnyFixtureDef | None:
        """Return the definition that `name` means, seen from `asker`: its own name means the
        definition that it overrides."""
        found: Sequence[AnyFixtureDef] = _compat.fixture_definitions(item, name)
        if asker is not None and asker.argname == name and asker in found:
            found = found[: list(found).index(asker)]
        return found[-1] if found else None


def runs_on_loop(test: Test) -> bool:
    """Say whether a test runs on a loop that we plan, if it has an owner."""
    return test.is_async and not _compat.is_unittest(test.item)


def describe(item: pytest.Function) -> Test:
    """Return what a dialect may know of `item`."""
    callspec = getattr(item, "callspec", None)

    def nearest(name: str) -> Any:
        definitions = _compat.fixture_definitions(item, name)
        return definitions[-1] if definitions else None

    return Test(
        item=item,
        body=test_body(item),
        fixtures=_compat.closure_names(item),
        nearest=nearest,
        parameters={} if callspec is None else callspec.params,
        arguments=_compat.argument_names(item),
    )


def _manners(dialect: Dialect) -> dict[str, Any]:
    """Return what a vertex has to know of its dialect."""
    return {
        "vocabulary": dialect.name,
        "always_planned": dialect.always_planned,
        "allows_mismatch": dialect.allows_mismatch,
    }
