"""Random suites, as pytest would collect them and as nobody should write them.

A `Draft` is drawn first: a tree of places with tests in it, and fixture definitions. Instances are
then made as the collection makes them: one for each place and backend that a test reaches a
definition from. The rules of pytest hold by construction: a definition uses only what is as wide as
itself or wider, and defined at the same place or around it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st

from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.origin import Origin
from loopscope.core.scope import Anchor, Scope

if TYPE_CHECKING:
    from loopscope.core.plan import Plan

BACKENDS = ("asyncio", "uvloop", "trio")

# Enough to find what was broken on purpose; a random suite takes a while to draw.
examples = settings(max_examples=25)

scopes = st.sampled_from(Scope)
backends = st.sampled_from(BACKENDS)
mostly = st.sampled_from((True, True, False))


@dataclass(frozen=True)
class Definition:
    """A fixture as it is written down; `uses` are indices of definitions before it."""

    name: str
    scope: Scope
    place: Anchor
    needs_loop: bool
    declared: Scope | None
    uses: tuple[int, ...]

    def anchor_for(self, test: Anchor) -> Anchor:
        """Return the place of the instance that a test at `test` gets."""
        if self.scope is Scope.PACKAGE:
            return self.place.at(Scope.PACKAGE)
        return test.at(self.scope)


@dataclass(frozen=True)
class Test:
    """A test as it is written down; `uses` are indices of definitions."""

    __test__ = False

    anchor: Anchor
    backend: str
    needs_loop: bool
    declared: Scope | None
    uses: tuple[int, ...]

    @property
    def id(self) -> str:
        return f"{self.anchor.node}[{self.backend}]"


@dataclass
class Draft:
    """What a suite is made of."""

    definitions: list[Definition]
    tests: list[Test]
    vertices: dict[str, Vertex] = field(default_factory=dict)

    def suite(self) -> Suite:
        """Return the suite of all tests and of what they use."""
        for test in self.tests:
            self.add_test(test)
        return Suite(dict(self.vertices))

    def add_test(self, test: Test) -> Vertex:
        """Add a test and what it uses, and return it."""
        self.vertices[test.id] = Vertex(
            id=test.id,
            name=test.id,
            kind=Kind.TEST,
            anchor=test.anchor,
            backend=test.backend,
            origin=Origin(test.anchor.node, 1),
            needs_loop=test.needs_loop,
            declared=test.declared,
            uses=tuple(self.add_instance(index, test).id for index in test.uses),
        )
        return self.vertices[test.id]

    def add_instance(self, index: int, test: Test) -> Vertex:
        """Add the instance of a definition that `test` gets, and what it uses, and return it."""
        definition = self.definitions[index]
        anchor = definition.anchor_for(test.anchor)
        id = f"{definition.name} at {anchor} [{test.backend}]"
        if id not in self.vertices:
            self.vertices[id] = Vertex(
                id=id,
                name=definition.name,
                kind=Kind.FIXTURE,
                anchor=anchor,
                backend=test.backend,
                origin=Origin(definition.place.node, index + 1),
                needs_loop=definition.needs_loop,
                declared=definition.declared,
                uses=tuple(self.add_instance(used, test).id for used in definition.uses),
            )
        return self.vertices[id]

    def visible(self, anchor: Anchor) -> list[int]:
        """Return the definitions that can be used at a place."""
        return [
            index
            for index, definition in enumerate(self.definitions)
            if definition.place.encloses(anchor)
        ]


@dataclass(frozen=True)
class Late:
    """What a test turns out to need while the suite runs."""

    suite: Suite
    asker: Vertex
    wanted: list[Vertex]


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[Anchor], list[Anchor]]:
    """Draw the places that fixtures can be defined at, and the places of tests."""
    session = Anchor(Scope.SESSION, "")
    packages = [session]
    for number in range(draw(st.integers(0, 2))):
        around = draw(st.sampled_from(packages))
        packages.append(Anchor(Scope.PACKAGE, f"{around.node}/p{number}", around))
    collectors = list(packages)
    tests = []
    for number in range(draw(st.integers(1, 3))):
        around = draw(st.sampled_from(packages))
        module = Anchor(Scope.MODULE, f"{around.node}/test_{number}.py", around)
        collectors.append(module)
        homes = [module]
        for inner in range(draw(st.integers(0, 2))):
            around = draw(st.sampled_from(homes))
            homes.append(Anchor(Scope.CLASS, f"{around.node}::Test{inner}", around))
        collectors += homes[1:]
        for inner in range(draw(st.integers(1, 3))):
            home = draw(st.sampled_from(homes))
            node = f"{home.node}::test_{inner}"
            if home is module:
                home = Anchor(Scope.CLASS, node, home)
            tests.append(Anchor(Scope.FUNCTION, node, home))
    return collectors, tests


def subsets(indices: list[int]) -> st.SearchStrategy[tuple[int, ...]]:
    """Draw a few of `indices`."""
    if not indices:
        return st.just(())
    return st.lists(st.sampled_from(indices), max_size=3, unique=True).map(tuple)


@st.composite
def drafts(draw: st.DrawFn, declarations: st.SearchStrategy[Scope | None]) -> Draft:
    """Draw tests and definitions that keep the rules of pytest."""
    collectors, anchors = draw(trees())
    draft = Draft([], [])
    for index in range(draw(st.integers(2, 5))):
        scope = draw(scopes)
        place = draw(st.sampled_from(collectors))
        usable = [i for i in draft.visible(place) if draft.definitions[i].scope >= scope]
        draft.definitions.append(
            Definition(
                name=f"fixture_{index}",
                scope=scope,
                place=place,
                needs_loop=draw(mostly),
                declared=draw(declarations),
                uses=draw(subsets(usable)),
            )
        )
    on = draw(st.lists(backends, min_size=1, max_size=2, unique=True))
    for anchor in anchors:
        needs_loop, declared = draw(mostly), draw(declarations)
        uses = draw(subsets(draft.visible(anchor)))
        for backend in on:
            draft.tests.append(Test(anchor, backend, needs_loop, declared, uses))
    return draft


undeclared: st.SearchStrategy[Scope | None] = st.none()
sometimes_declared: st.SearchStrategy[Scope | None] = st.one_of(st.none(), st.none(), scopes)


def suites() -> st.SearchStrategy[Suite]:
    """Draw a suite in which nothing is declared."""
    return drafts(undeclared).map(Draft.suite)


def declaring_suites() -> st.SearchStrategy[Suite]:
    """Draw a suite whose authors declare what they like, and use what pytest permits."""
    return drafts(sometimes_declared).map(Draft.suite)


@st.composite
def late_requests(
    draw: st.DrawFn, declarations: st.SearchStrategy[Scope | None] = undeclared
) -> Late:
    """Draw a suite, and a test of it that asks for a fixture while it runs."""
    draft = draw(drafts(declarations))
    suite = draft.suite()
    test = draw(st.sampled_from(draft.tests))
    asker = suite.vertices[test.id]
    visible = [i for i in draft.visible(test.anchor) if draft.definitions[i].needs_loop]
    if not visible:
        return Late(suite, asker, [])
    asked = draft.add_instance(draw(st.sampled_from(visible)), test)
    return Late(suite, asker, in_order_of_use(Suite(draft.vertices), asked))


def in_order_of_use(suite: Suite, asked: Vertex) -> list[Vertex]:
    """Return what has to be planned for `asked`, and that itself last."""
    found: dict[str, Vertex] = {}

    def visit(vertex: Vertex) -> None:
        for used in vertex.uses:
            if used not in found:
                visit(suite.vertices[used])
        found[vertex.id] = vertex

    visit(asked)
    return list(Suite(found).on_loops().values())


@st.composite
def mistaken_suites(draw: st.DrawFn) -> Suite:
    """Draw a suite with every mistake: anything uses anything, what exists and what does not.

    Narrow is used by wide, things use one another in circles and across backends and places, and
    all is declared anyhow.
    """
    collectors, tests = draw(trees())
    spots = [*collectors, *tests, *(anchor.at(Scope.CLASS) for anchor in tests)]
    spots.append(Anchor(Scope.MODULE, "an orphan"))
    ids = [f"v{number}" for number in range(draw(st.integers(1, 8)))]
    uses = st.lists(st.sampled_from([*ids, "unknown"]), max_size=4).map(tuple)
    return Suite.of(
        Vertex(
            id=id,
            name=id,
            kind=draw(st.sampled_from(Kind)),
            anchor=draw(st.sampled_from(spots)),
            backend=draw(backends),
            origin=Origin("test_mistakes.py", draw(st.integers(1, 6))),
            needs_loop=draw(st.booleans()),
            declared=draw(sometimes_declared),
            uses=draw(uses),
        )
        for id in ids
    )


def books_agree(planned: Plan) -> None:
    """Assert that what a plan says by vertex, by loop and by reason is the same."""
    members = planned.members()
    assert {v.id: loop for loop, vs in members.items() for v in vs} == planned.loops
    assert all(vertices for vertices in members.values())
    assert set(planned.reasons) == set(members)
    for loop, reason in planned.reasons.items():
        assert planned.suite.vertices[reason] in members[loop]
