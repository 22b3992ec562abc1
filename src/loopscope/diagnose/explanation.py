"""Which loop a test or fixture has, and why it is that wide."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.core.graph import Kind, reach
from loopscope.diagnose.narrowing import Narrowing, definition, narrowings
from loopscope.dialects import spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Loop, Plan
    from loopscope.core.scope import Scope
    from loopscope.diagnose.catalog import Finding


@dataclass(frozen=True, slots=True)
class Used:
    """Something that is used, how far down, and its loop if it is another one."""

    vertex: Vertex
    depth: int
    elsewhere: Loop | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that there is to say of the loop of one vertex.

    `uses` are fixtures that have a loop, in the order of use. `path` leads from the vertex to the
    one that made the loop as wide as it is, each using the next one or being used by it; `because`
    says what there is about the last. `others` are the loops of further instances or variants.
    """

    vertex: Vertex
    loop: Loop | None
    tests: int = 0
    fixtures: int = 0
    uses: tuple[Used, ...] = ()
    path: tuple[Vertex, ...] = ()
    because: str = ""
    narrower: tuple[Narrowing, ...] = ()
    others: tuple[Loop, ...] = ()
    findings: tuple[Finding, ...] = ()


def explain(plan: Plan, same: Sequence[Vertex], findings: Iterable[Finding] = ()) -> Explanation:
    """Explain the first of the vertices `same`, which are of one definition.

    Of `findings`, those are told that are about it or about something that it uses.
    """
    vertex = same[0]
    loop = plan.loop_of(vertex.id)
    vertices = plan.suite.vertices
    below = reach([vertex.id], lambda id: (used for used in vertices[id].uses if used in vertices))
    wrong = tuple(finding for finding in findings if finding.concerns in below)
    if loop is None:
        return Explanation(vertex, None, findings=wrong)
    members = plan.on(loop)
    path = way_to_the_widest(plan, vertex)
    tests = sum(member.kind is Kind.TEST for member in members)
    return Explanation(
        vertex,
        loop,
        tests,
        len(members) - tests,
        tuple(_used(plan, vertex)),
        tuple(path),
        why_wide(path[-1]),
        tuple(narrowings(plan, path)),
        tuple(found for one in same[1:] if (found := plan.loop_of(one.id)) is not None),
        wrong,
    )


def why_wide(vertex: Vertex) -> str:
    """Say what it is about `vertex` that makes its loop as wide as it is."""
    words = spelling(vertex.vocabulary)
    if vertex.declared is not None:
        said = words.argument(vertex.kind, vertex.declared)
        return f"declares {said or f'the loop scope {vertex.declared.word}'}"
    if vertex.default is not None and vertex.default > vertex.anchor.scope:
        line = words.default(vertex.kind, vertex.default)
        return f"declares nothing, and the ini file says {line}"
    if vertex.kind is Kind.TEST:
        return "needs no wider one"
    return f"is {vertex.anchor.scope.word}-scoped"


def way_to_the_widest(plan: Plan, start: Vertex) -> list[Vertex]:
    """Return the way from `start` to what makes its loop as wide as it is, the nearest of several.

    Each uses the next one or is used by it, and all of them live on one loop. Others that live on
    it as well, and have nothing to do with `start`, are not asked.
    """
    among = dict.fromkeys(vertex.id for vertex in plan.on(plan.loops[start.id]))
    neighbours: dict[str, list[str]] = {}
    for user, used in plan.suite.edges(among):
        neighbours.setdefault(user.id, []).append(used.id)
    for user, used in plan.suite.edges(among):
        neighbours.setdefault(used.id, []).append(user.id)
    came_from: dict[str, str | None] = {start.id: None}
    waiting = deque([start.id])
    while waiting:
        here = waiting.popleft()
        for id in neighbours.get(here, ()):
            if id not in came_from:
                came_from[id] = here
                waiting.append(id)
    at: str | None = max(came_from, key=lambda id: _width(plan.suite.vertices[id]))
    way = []
    while at is not None:
        way.append(plan.suite.vertices[at])
        at = came_from[at]
    return way[::-1]


def _width(vertex: Vertex) -> tuple[Scope, bool]:
    asked = vertex.default if vertex.declared is None else vertex.declared
    anchor = vertex.anchor if asked is None else vertex.anchor.at(asked)
    return (anchor.scope, vertex.needs_loop)


def _used(plan: Plan, vertex: Vertex) -> Iterator[Used]:
    """Yield what `vertex` uses, however indirectly, each once, if it has a loop."""
    own = plan.loops[vertex.id]
    seen: set[str] = set()

    def visit(user: Vertex, depth: int) -> Iterator[Used]:
        for id in user.uses:
            loop = plan.loop_of(id)
            if loop is not None and id not in seen:
                seen.add(id)
                used = plan.suite.vertices[id]
                yield Used(used, depth, None if loop == own else loop)
                yield from visit(used, depth + 1)

    return visit(vertex, 0)


def find(plan: Plan, name: str) -> list[list[Vertex]]:
    """Return what `name` may mean, the vertices of each definition together.

    It may be the node id of a test, with or without its parameters; the name of a test or fixture;
    or the line where one is defined. What is exact wins.
    """
    matchers: tuple[Callable[[Vertex], bool], ...] = (
        lambda vertex: _node(vertex) == name,
        lambda vertex: _without_parameters(_node(vertex)) == name,
        lambda vertex: str(vertex.origin) == name,
        lambda vertex: name in (vertex.name, _without_parameters(vertex.name)),
        lambda vertex: "::" in name and _is_end(_node(vertex), name),
    )
    vertices = plan.suite.vertices.values()
    for matches in matchers:
        found: dict[object, list[Vertex]] = {}
        for vertex in vertices:
            if matches(vertex):
                key = (*definition(vertex), _without_parameters(vertex.name))
                found.setdefault(key, []).append(vertex)
        if found:
            return list(found.values())
    return []


def _node(vertex: Vertex) -> str:
    return vertex.id if vertex.kind is Kind.TEST else ""


def _is_end(node: str, name: str) -> bool:
    """Say whether a node id ends with some of its parts, with or without parameters."""
    ends = (f"/{name}", f"::{name}")
    return node.endswith(ends) or _without_parameters(node).endswith(ends)


def _without_parameters(name: str) -> str:
    return name.partition("[")[0]
