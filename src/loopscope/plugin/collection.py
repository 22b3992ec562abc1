"""From the items that pytest collected to the suite that is planned."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from loopscope.core.graph import Suite, Vertex
from loopscope.core.origin import UnreadOrigin
from loopscope.core.scope import Scope
from loopscope.diagnose import catalog
from loopscope.dialects.vocabulary import is_async
from loopscope.plugin.decisions import Decisions
from loopscope.plugin.described import describe
from loopscope.plugin.places import Origins, Places

if TYPE_CHECKING:
    from loopscope.core.scope import Anchor
    from loopscope.dialects.vocabulary import Choice, Dialect, Spoken
    from loopscope.plugin._compat import AnyFixtureDef
    from loopscope.plugin.alike import Alike, FixtureUse


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
    decisions: Decisions = field(init=False)

    def __post_init__(self) -> None:
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

    def add(self, item: pytest.Function, alike: Alike, anchor: Anchor | None = None) -> Vertex:
        """Add `item`, which is like `alike`, to the suite, at its `anchor` if it is known."""
        vertices = alike.vertices or self.decisions.vertices_of(item, alike)
        if anchor is None:
            anchor = self.places.add(item, vertices.around, vertices.in_class)
        id, name = anchor.node, item.name
        origin = UnreadOrigin(self.origins.of_test, item)
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
        vertex = vertices.vertex(id, name, anchor, origin, uses)
        self.suite.vertices[id] = self.tests[item] = vertex
        return vertex

    def adopt(self, item: pytest.Item) -> Vertex | None:
        """Add a test that turned out to need a loop while it was set up, if it may be ours."""
        if not isinstance(item, pytest.Function):
            return None
        alike = self.decisions.of(item)
        if alike.owner is not None and alike.owner.executes_side_by_side(describe(item)):
            return None
        return self.add(item, alike, self.places.of(item))

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
