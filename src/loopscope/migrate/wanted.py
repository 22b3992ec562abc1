"""What a plan wants of each definition: the loop scope on which all its instances can live.

A definition is one place in the source, and has one loop scope there, while its instances may be on
loops of several. It gets the widest of them, and whoever shares a loop with it moves along; the
suite is planned again until nobody has to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loopscope.core.graph import Kind, Suite, reach
from loopscope.core.plan import plan as planned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Plan
    from loopscope.core.scope import Scope

NO_DEFINITIONS = frozenset({"event_loop", "event_loop_policy", "anyio_backend"})
"""The fixtures by which a vocabulary says what a loop is; they have none to declare."""

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Definition:
    """A test or fixture of one vocabulary, as it is written in one place.

    `scope` is the scope of the fixture, `loop` the widest loop that an instance of it is to have,
    `declared` and `default` what it has of its author and of the suite. `is_async` is false for a
    synchronous test or fixture, `for_sync` says whether a synchronous test uses it, and
    `backends` are those that its instances are planned onto.
    """

    kind: Kind
    name: str
    place: Place
    scope: Scope
    loop: Scope
    declared: Scope | None
    default: Scope | None
    is_async: bool
    for_sync: bool
    backends: frozenset[str]


def definitions(plan: Plan, vocabulary: str) -> dict[Place, Definition]:
    """Return the definitions of one vocabulary, by their places."""
    grouped: dict[Place, list[Vertex]] = {}
    for vertex in plan.suite.vertices.values():
        if vertex.vocabulary == vocabulary and vertex.name not in NO_DEFINITIONS:
            grouped.setdefault(_place(vertex), []).append(vertex)
    loops = _settled(plan, vocabulary)
    vertices = plan.suite.vertices
    sync_tests = (
        id for id, one in vertices.items() if one.kind is Kind.TEST and not one.needs_loop
    )
    for_sync = reach(sync_tests, lambda id: vertices[id].uses)
    return {
        place: Definition(
            instances[0].kind,
            instances[0].name.partition("[")[0],
            place,
            max(vertex.anchor.scope for vertex in instances),
            loops[place],
            instances[0].declared,
            instances[0].default,
            any(vertex.needs_loop for vertex in instances),
            any(vertex.id in for_sync for vertex in instances),
            frozenset(vertex.backend for vertex in instances),
        )
        for place, instances in grouped.items()
        if place in loops
    }


def _settled(plan: Plan, vocabulary: str) -> dict[Place, Scope]:
    """Return the loop scope of each definition that is on a loop."""
    current = plan
    while True:
        widest: dict[Place, Scope] = {}
        narrower: set[Place] = set()
        for vertex in _of(current.suite.vertices.values(), vocabulary):
            loop = current.loop_of(vertex.id)
            if loop is not None:
                place, scope = _place(vertex), loop.anchor.scope
                if widest.setdefault(place, scope) != scope:
                    narrower.add(place)
                widest[place] = max(widest[place], scope)
        if not narrower:
            return widest
        current = planned(
            Suite.of(
                replace(vertex, declared=widest[_place(vertex)])
                if vertex.vocabulary == vocabulary and _place(vertex) in narrower
                else vertex
                for vertex in current.suite.vertices.values()
            )
        )


def undeclared(plan: Plan, vocabulary: str) -> dict[Place, Scope]:
    """Return the loop scopes there would be if nothing of a vocabulary were declared."""
    suite = Suite.of(
        replace(vertex, declared=None, default=None, uses=_real(vertex.uses, plan))
        if vertex.vocabulary == vocabulary
        else vertex
        for vertex in plan.suite.vertices.values()
        if vertex.name not in NO_DEFINITIONS
    )
    return _settled(planned(suite), vocabulary)


def _real(uses: Iterable[str], plan: Plan) -> tuple[str, ...]:
    return tuple(one for one in uses if plan.suite.vertices[one].name not in NO_DEFINITIONS)


def _of(vertices: Iterable[Vertex], vocabulary: str) -> Iterable[Vertex]:
    return (one for one in vertices if one.vocabulary == vocabulary)


def _place(vertex: Vertex) -> Place:
    return vertex.origin.path, vertex.origin.line
