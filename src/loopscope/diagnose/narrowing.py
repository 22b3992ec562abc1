"""What would give a test or fixture a narrower loop.

A suite is changed as an author would change it: a use is dropped, fixtures get a narrower scope, or
less is declared. Then it is planned again. What does not narrow the loop, and what makes a mistake
that was not there, is not told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.plan import plan as replan
from loopscope.core.rules import OutlivesLoop, check
from loopscope.core.scope import Scope
from loopscope.diagnose.edits import declare, drop, set_default

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from loopscope.core.origin import Origin
    from loopscope.core.plan import Loop, Plan
    from loopscope.core.scope import Anchor
    from loopscope.diagnose.edits import Fix

Definition = tuple[Kind, "Origin"]

FEW = 3
"""How many fixtures are given another scope together."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A change, in words, and the loop that it was found to lead to."""

    words: str
    loop: Loop


def narrowings(plan: Plan, path: Sequence[Vertex]) -> Iterator[Narrowing]:
    """Yield what would give a test or fixture a narrower loop.

    `path` leads from it to the one that made its loop as wide as it is, each using the next one or
    being used by it.
    """
    vertex = path[0]
    before = plan.loops[vertex.id]
    mistakes = _mistakes(plan)
    anchors = (vertex.anchor for vertex in plan.suite.vertices.values())
    tests = {anchor.node for anchor in anchors if anchor.scope is Scope.FUNCTION}
    told: set[str] = set()
    for words, suite in _changes(plan, path):
        after = replan(suite, plan.policy)
        loop = _loop_of(after, vertex)
        if loop is None or loop.anchor.scope >= before.anchor.scope or words in told:
            continue
        if _is_place(loop.anchor, tests) and _mistakes(after) <= mistakes:
            told.add(words)
            yield Narrowing(words, loop)


def _is_place(anchor: Anchor, tests: Collection[str]) -> bool:
    """Say whether a place is one to its reader: no class of one test, no package without a name."""
    if anchor.scope is Scope.CLASS:
        return anchor.node not in tests
    return anchor.scope is not Scope.PACKAGE or bool(anchor.node)


def _changes(plan: Plan, path: Sequence[Vertex]) -> Iterator[tuple[str, Suite]]:
    """Yield changed suites that are worth a try, with the words for the change."""
    suite, reason = plan.suite, path[-1]
    for one, other in pairwise(path):
        user, used = (one, other) if other.id in one.uses else (other, one)
        yield f"{user.name} without {used.name}", without_use(suite, user, used)
    for scope in Scope:
        if scope < reason.anchor.scope:
            wide = _wider_fixtures(plan, reason, scope)
            for fixtures in ([reason], wide) if wide != [reason] else ([reason],):
                if fixtures and len(fixtures) <= FEW and all(map(_is_fixture, fixtures)):
                    changed = rescoped(suite, fixtures, scope)
                    if changed is not None:
                        yield f'scope="{scope.word}" on {_listed(fixtures)}', changed
    for fix in _declarations(reason):
        if fix is not None:
            vertices = suite.vertices.items()
            yield fix.words, Suite({id: fix.apply(vertex) for id, vertex in vertices})


def _declarations(reason: Vertex) -> Iterator[Fix | None]:
    yield drop(reason)
    asked = reason.default if reason.declared is None else reason.declared
    for scope in Scope:
        if asked is not None and reason.anchor.scope <= scope < asked:
            yield declare((reason, scope))
            yield set_default((reason, scope))


def _wider_fixtures(plan: Plan, reason: Vertex, scope: Scope) -> list[Vertex]:
    """Return one vertex of each fixture that is wider than `scope` on the loop of `reason`."""
    wide = {
        definition(vertex): vertex
        for vertex in plan.on(plan.loops[reason.id])
        if _is_fixture(vertex) and vertex.anchor.scope > scope
    }
    return list(wide.values())


def without_use(suite: Suite, user: Vertex, used: Vertex) -> Suite:
    """Return `suite` as it is if the definition of `user` does not use that of `used`."""
    is_dropped = {
        id for id, vertex in suite.vertices.items() if definition(vertex) == definition(used)
    }

    def changed(vertex: Vertex) -> Vertex:
        if definition(vertex) != definition(user):
            return vertex
        return replace(vertex, uses=tuple(id for id in vertex.uses if id not in is_dropped))

    return Suite({id: changed(vertex) for id, vertex in suite.vertices.items()})


def rescoped(suite: Suite, fixtures: Iterable[Vertex], scope: Scope) -> Suite | None:
    """Return `suite` as it is if fixtures that are wider have `scope`: more instances of each.

    None stands for what pytest would refuse: a wider fixture that uses one of them.
    """
    definitions = set(map(definition, fixtures))
    vertices = suite.vertices
    concerned = {
        id
        for id, vertex in vertices.items()
        if definition(vertex) in definitions and vertex.anchor.scope > scope
    }
    made: dict[str, Vertex] = {}

    def at(id: str, anchor: Anchor) -> str:
        """Return the id of what is used at a place: an instance of that place, if it is ours."""
        if id not in concerned:
            return id
        place, before = anchor.at(scope), vertices[id]
        new = f"{id} at {place}"
        if new not in made:
            made[new] = before  # in case that it uses itself
            uses = tuple(at(used, place) for used in before.uses)
            made[new] = replace(before, id=new, anchor=place, uses=uses)
        return new

    for id, vertex in vertices.items():
        if id in concerned:
            continue
        if vertex.anchor.scope > scope and not concerned.isdisjoint(vertex.uses):
            return None
        uses = tuple(at(used, vertex.anchor) for used in vertex.uses)
        made[id] = vertex if uses == vertex.uses else replace(vertex, uses=uses)
    return Suite(made)


def definition(vertex: Vertex) -> Definition:
    """Return what all instances, and all variants, of a fixture or a test have in common."""
    return (vertex.kind, vertex.origin)


def _listed(fixtures: Sequence[Vertex]) -> str:
    *names, last = (fixture.name for fixture in fixtures)
    return f"{', '.join(names)} and {last}" if names else last


def _is_fixture(vertex: Vertex) -> bool:
    return vertex.kind is Kind.FIXTURE


def _loop_of(plan: Plan, vertex: Vertex) -> Loop | None:
    """Return the loop of `vertex`, or the widest of its instances if it has got several."""
    loop = plan.loop_of(vertex.id)
    if loop is not None or vertex.kind is Kind.TEST:
        return loop
    loops = (
        loop
        for id, loop in plan.loops.items()
        if definition(plan.suite.vertices[id]) == definition(vertex)
    )
    return max(loops, key=lambda loop: loop.anchor.scope, default=None)


def _mistakes(plan: Plan) -> set[object]:
    """Return what is wrong in `plan`: the same for all instances."""
    return {
        (OutlivesLoop, definition(found.vertex))
        if isinstance(found, OutlivesLoop)
        else (type(found), definition(found.user), definition(found.used))
        for found in check(plan)
    }
