"""From the items that pytest collected to the suite that is planned."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.graph import Suite, Vertex
from loopscope.core.origin import UnreadOrigin
from loopscope.core.scope import Scope
from loopscope.core.twins import Twins
from loopscope.dialects.vocabulary import is_async
from loopscope.plugin.decisions import Decisions
from loopscope.plugin.described import describe
from loopscope.plugin.places import Origins, Places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopscope.core.scope import Anchor
    from loopscope.diagnose.catalog import Finding
    from loopscope.dialects.vocabulary import Choice, Dialect, Spoken
    from loopscope.plugin._compat import AnyFixtureDef
    from loopscope.plugin.alike import Alike, FixtureUse, TestVertices


@dataclass(eq=False, slots=True)
class Tests:
    """The vertices of tests by item, of which `ids` has the ids."""

    __test__ = False

    suite: Suite
    ids: dict[pytest.Item, str] = field(default_factory=dict)

    def get(self, item: pytest.Item) -> Vertex | None:
        """Return the vertex of `item`, None if it is not planned."""
        id = self.ids.get(item)
        return None if id is None else self.suite.vertices[id]

    def items(self) -> Iterator[tuple[pytest.Item, Vertex]]:
        """Yield each item with its vertex."""
        for item, id in self.ids.items():
            yield item, self.suite.vertices[id]

    def __contains__(self, item: object) -> bool:
        return item in self.ids

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(eq=False, slots=True)
class Collection:
    """Collected items as vertices, and the way back from vertices to pytest's objects."""

    origins: Origins
    spoken: Spoken
    suite: Suite = field(default_factory=Suite)
    findings: list[Finding] = field(default_factory=list)
    places: Places = field(default_factory=Places)
    tests: Tests = field(init=False)
    instances: dict[tuple[AnyFixtureDef, Anchor, str], Vertex] = field(default_factory=dict)
    decisions: Decisions = field(init=False)

    def __post_init__(self) -> None:
        self.tests = Tests(self.suite)
        self.decisions = Decisions(self.spoken, self.origins, self.places)

    @property
    def choices(self) -> dict[str, Choice]:
        """What tests run on, by key, as whoever named it first means it."""
        return self.decisions.choices

    @property
    def native(self) -> Dialect:
        """Our own dialect."""
        return self.decisions.native

    def owner(self, item: pytest.Function) -> Dialect | None:
        """Return the dialect that a test is written in, None if nobody claims it."""
        return self.decisions.of(item).owner

    def add(self, item: pytest.Function, alike: Alike) -> None:
        """Add `item`, which is like `alike`, to the suite."""
        vertices = alike.vertices or self.decisions.vertices_of(item, alike)
        id = self.tests.ids[item] = self.places.name(item)
        if vertices.twins is not None:
            self.suite.vertices.add(id, vertices.twins)
            return
        first = self._add_test(item, vertices)
        if vertices.are_twins:
            vertices.twins = Twins(first, self._twin)

    def adopt(self, item: pytest.Item) -> Vertex | None:
        """Add a test that turned out to need a loop while it was set up, if it may be ours."""
        if not isinstance(item, pytest.Function):
            return None
        alike = self.decisions.of(item)
        if alike.owner is not None and alike.owner.executes_side_by_side(describe(item)):
            return None
        self.tests.ids[item] = self.places.of(item).node
        return self._add_test(item, alike.vertices or self.decisions.vertices_of(item, alike))

    def _add_test(self, item: pytest.Function, vertices: TestVertices) -> Vertex:
        anchor, name = self.places.of(item), item.name
        id, origin = anchor.node, UnreadOrigin(self.origins.of_test, item)
        if vertices.problem is not None or vertices.is_generator:
            from loopscope.diagnose import catalog

            if vertices.problem is not None:
                self.findings.append(catalog.bad_declaration(id, name, origin, vertices.problem))
            if vertices.is_generator:
                self.findings.append(catalog.async_generator_test(id, name, origin))
        uses = vertices.shared
        if uses is None:
            uses = tuple(
                [use.shared or self._instance(item, anchor, use) for use in vertices.roots]
            )
            if vertices.shares_all:
                vertices.shared = uses
        vertex = self.suite.vertices[id] = vertices.vertex(id, name, anchor, origin, uses)
        return vertex

    def _twin(self, id: str) -> Vertex:
        """Make the vertex of a test that was only added as one of twins."""
        item: Any = self.places.named(id)
        vertices = self.decisions.of(item).vertices
        assert vertices is not None
        assert vertices.shared is not None
        origin = UnreadOrigin(self.origins.of_test, item)
        return vertices.vertex(id, item.name, self.places.of(item), origin, vertices.shared)

    def _instance(self, item: pytest.Function, anchor: Anchor, use: FixtureUse) -> str:
        """Return the id of the vertex of a fixture as `item`, which is at `anchor`, sees it.

        It is added to the suite if there is none yet.
        """
        if use.shared is not None:
            return use.shared
        definition, is_own = use.definition, use.is_own
        if use.scope is Scope.FUNCTION:
            place = anchor
        else:
            place = anchor.at(use.scope) if is_own else self.places.of_fixture(item, definition)
        vertex = self.instances.get((definition, place, use.backend))
        if vertex is None:
            vertex = self._add_instance(item, anchor, use, place)
        if not is_own:
            use.shared = vertex.id
        return vertex.id

    def _add_instance(
        self, item: pytest.Function, anchor: Anchor, use: FixtureUse, place: Anchor
    ) -> Vertex:
        vertices, key = self.suite.vertices, (use.definition, place, use.backend)
        id = f"{place}{use.id_suffix}"
        while id in vertices:
            id += "'"
        if use.problem is not None:
            from loopscope.diagnose import catalog

            name = use.definition.argname
            finding = catalog.bad_declaration(id, name, use.common["origin"], use.problem)
            self.findings.append(finding)
        vertex = Vertex(id=id, anchor=place, uses=use.uses or (), **use.common)
        vertices[id] = self.instances[key] = vertex
        if use.uses is None:
            # Known before what it uses is: pytest refuses fixtures that use one another in a
            # circle, but only when it comes to run them.
            uses = tuple([self._instance(item, anchor, one) for one in use.used])
            if not any(one.is_own for one in use.used):
                use.uses = uses
            vertex = replace(vertex, uses=uses)
            vertices[id] = self.instances[key] = vertex
        return vertex

    def needs_loop(self, item: pytest.Item, definition: AnyFixtureDef) -> bool:
        """Say whether the fixture, as `item` uses it, has a loop."""
        owner = self.owner(item) if isinstance(item, pytest.Function) else None
        return self.decisions.needs.loop(item, owner, definition)

    def is_stepped(self, item: pytest.Item, definition: AnyFixtureDef) -> bool:
        """Say whether the fixture runs while its loop does, and not beside it."""
        if is_async(definition.func) or not isinstance(item, pytest.Function):
            return is_async(definition.func)
        owner = self.owner(item)
        return owner is not None and owner.runs_on_loop(definition, describe(item))

    def choice_for(self, item: pytest.Function, key: str) -> Choice:
        """Return the choice called `key` as `item` means it, or else as whoever named it first."""
        choice = self.decisions.choice_of(item)
        return choice if choice.key == key else self.choices[key]

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

        use = self.decisions.use(item, self.decisions.of(item), definition, backend)
        visit(self._instance(item, self.places.of(item), use))
        return list(found.values())

    def instance(self, item: pytest.Item, definition: AnyFixtureDef, backend: str) -> Vertex | None:
        """Return the vertex of `definition` as `item` sees it, if there is one yet."""
        if isinstance(item, pytest.Function):
            backend = self.decisions.backend_of(item, definition, backend)
        anchor = self.places.of_fixture(item, definition)
        return self.instances.get((definition, anchor, backend))
