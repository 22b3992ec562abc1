"""Words for small suites: one place of each scope, and vertices that say only what matters."""

from __future__ import annotations

from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.origin import Origin
from loopscope.core.plan import Loop, Plan
from loopscope.core.scope import Anchor, Scope

SESSION = Anchor(Scope.SESSION, "")
PACKAGE = Anchor(Scope.PACKAGE, "tests", SESSION)
MODULE = Anchor(Scope.MODULE, "tests/test_a.py", PACKAGE)
CLASS = Anchor(Scope.CLASS, "tests/test_a.py::TestA", MODULE)
FUNCTION = Anchor(Scope.FUNCTION, "tests/test_a.py::TestA::test_a", CLASS)

# One place of each scope, each within the next.
PLACES = {place.scope: place for place in FUNCTION.chain()}

OTHER_MODULE = Anchor(Scope.MODULE, "tests/test_b.py", PACKAGE)
BACKENDS = ("asyncio", "trio")


def own_place(name: str, around: Anchor = MODULE) -> Anchor:
    """Return the place of test `name`, in no class."""
    node = f"{around.node}::{name}"
    return Anchor(Scope.FUNCTION, node, Anchor(Scope.CLASS, node, around))


def a_test(
    name: str,
    *uses: Vertex | str,
    at: Anchor | None = None,
    backend: str = "asyncio",
    declared: Scope | None = None,
    needs_loop: bool = True,
    origin: Origin | None = None,
) -> Vertex:
    """Return a test, asynchronous unless told otherwise, whose id is its name."""
    return Vertex(
        id=name,
        name=name,
        kind=Kind.TEST,
        anchor=at or own_place(name),
        backend=backend,
        origin=origin or Origin(f"{name}.py", 1),
        needs_loop=needs_loop,
        declared=declared,
        uses=tuple(used if isinstance(used, str) else used.id for used in uses),
    )


def a_fixture(
    name: str,
    at: Anchor,
    *uses: Vertex | str,
    id: str | None = None,
    backend: str = "asyncio",
    declared: Scope | None = None,
    needs_loop: bool = True,
    origin: Origin | None = None,
) -> Vertex:
    """Return an instance of a fixture, asynchronous unless told otherwise."""
    return Vertex(
        id=id or name,
        name=name,
        kind=Kind.FIXTURE,
        anchor=at,
        backend=backend,
        origin=origin or Origin(f"{name}.py", 1),
        needs_loop=needs_loop,
        declared=declared,
        uses=tuple(used if isinstance(used, str) else used.id for used in uses),
    )


def suite_of(*vertices: Vertex) -> Suite:
    """Return the suite of these vertices."""
    return Suite.of(vertices)


def places(plan: Plan) -> dict[str, Anchor]:
    """Return where the loop of each vertex is."""
    return {id: loop.anchor for id, loop in plan.loops.items()}


def on(anchor: Anchor, backend: str = "asyncio") -> Loop:
    """Return the loop of a place."""
    return Loop(backend, anchor)
