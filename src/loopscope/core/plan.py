"""Which loop everything runs on.

Two that use one another must share a loop, because what is made on a loop works on that loop only;
and no scope may outlive its loop. So: join every user with what it uses (union-find), and anchor
the loop of each component at its widest member. Any narrower loop would close while a member still
lives on it, and any wider one would share more than the suite asks for. What an author declares is
a constraint: a declared scope can widen a component, and is never overruled. What a suite sets as
its default widens, too, but gives way to whatever has to be wider. Where declarations contradict
each other there is still a plan, and `rules.check` says what is wrong with it.

Everything here is a function of plain values and raises for no mistake of a user.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING

from loopscope.core.graph import Suite, reach
from loopscope.core.policy import Policy
from loopscope.core.scope import Anchor, Scope, common
from loopscope.core.twins import Loops
from loopscope.core.value import value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from loopscope.core.graph import Vertex


@value(frozen=True, slots=True)
class Loop:
    """The identity of one loop: the backend it belongs to and the place it lives at."""

    backend: str
    anchor: Anchor

    def __hash__(self) -> int:
        return hash(self.anchor.node)  # which hardly ever is that of another loop as well

    @property
    def place(self) -> str:
        """Where it lives: "session", "module tests/test_a.py", "function" if it is one test's."""
        scope = self.anchor.scope
        return scope.word if scope is Scope.FUNCTION else str(self.anchor)

    @property
    def name(self) -> str:
        """What all that is shown to a reader calls it: "module tests/test_a.py [asyncio]"."""
        return f"{self.place} [{self.backend}]"

    def at(self, anchor: Anchor) -> Loop:
        """Return the loop of the same backend at another place."""
        return Loop(self.backend, anchor)

    def __str__(self) -> str:
        return f"{self.anchor} [{self.backend}]"


@dataclass(slots=True)
class Plan:
    """The loop of every vertex that has one, `planned` of those that are there.

    Who lives on a loop, and why it is so wide, is read off that when it is first asked.
    """

    suite: Suite
    policy: Policy
    planned: InitVar[dict[str, Loop] | None] = None
    loops: Loops = field(init=False)
    _residents: dict[Loop, dict[str, Vertex]] | None = field(
        default=None, compare=False, repr=False
    )

    def __post_init__(self, planned: dict[str, Loop] | None) -> None:
        self.loops = Loops(self.suite.vertices, planned or {})

    def loop_of(self, id: str) -> Loop | None:
        """Return the loop of vertex `id`, or None if it runs on none."""
        return self.loops.find(id)

    def in_short(self) -> Plan:
        """Return the plan of those vertices only that are there, which stand for all."""
        if not self.suite.vertices.has_unmade:
            return self
        there = self.suite.vertices.there()
        return Plan(Suite(there), self.policy, self.loops.of(there))

    @property
    def backends(self) -> set[str]:
        """The backends of all loops."""
        return {loop.backend for loop in self.in_short().loops.all().values()}

    def members(self) -> dict[Loop, list[Vertex]]:
        """Return who lives on each loop, in the order of planning."""
        return {loop: list(residents.values()) for loop, residents in self._by_loop().items()}

    def on(self, loop: Loop) -> list[Vertex]:
        """Return who lives on `loop`."""
        return list(self._by_loop().get(loop, {}).values())

    @property
    def reasons(self) -> dict[Loop, str]:
        """The id of the vertex that made each loop as wide as it is."""
        return {loop: max(on.values(), key=_width).id for loop, on in self._by_loop().items()}

    def shared(self) -> list[tuple[Loop, Vertex, list[Vertex]]]:
        """Return each loop wider than a test, what made it so wide, and all that lives on it."""
        residents: dict[Loop, list[Vertex]] = {}
        for id, loop in self.loops.items():
            if loop.anchor.scope is not Scope.FUNCTION:
                residents.setdefault(loop, []).append(self.suite.vertices[id])
        return [(loop, max(on, key=_width), on) for loop, on in residents.items()]

    def assign(self, vertex: Vertex, loop: Loop) -> None:
        """Put `vertex` on `loop`, and take it off the loop it was on."""
        before = self.loops.find(vertex.id)
        self.loops[vertex.id] = loop
        by_loop = self._residents
        if by_loop is None:
            return
        if before is not None:
            del by_loop[before][vertex.id]
            if not by_loop[before]:
                del by_loop[before]
        by_loop.setdefault(loop, {})[vertex.id] = vertex

    def _by_loop(self) -> dict[Loop, dict[str, Vertex]]:
        if self._residents is None:
            self._residents = {}
            for id, loop in self.loops.items():
                self._residents.setdefault(loop, {})[id] = self.suite.vertices[id]
        return self._residents


def plan(suite: Suite, policy: Policy = Policy.PLANNED) -> Plan:
    """Plan the loop of every test and fixture instance of `suite`."""
    there = Suite(suite.vertices.there())  # with the first of all twins
    among = on_loops = there.on_loops()
    loops: dict[str, Loop | None] = dict.fromkeys(on_loops)  # in suite order
    if policy is Policy.DECLARED:
        for vertex in among.values():
            if not vertex.always_planned:
                loops[vertex.id] = Loop(vertex.backend, _declared_anchor(vertex, on_loops))
        among = {id: vertex for id, vertex in on_loops.items() if vertex.always_planned}
    for component in components(there, among):
        shared = Loop(component[0].backend, _widest(map(_own_anchor, component)))
        for vertex in component:
            if vertex.declared is None:
                loops[vertex.id] = shared
            else:
                loops[vertex.id] = Loop(vertex.backend, _own_anchor(vertex))
    return Plan(suite, policy, {id: loop for id, loop in loops.items() if loop is not None})


@dataclass(frozen=True, slots=True)
class Misfit:
    """`user` came to need `used` while the suite runs, and they cannot share a loop any more.

    `wanted` is what was to be placed, what was asked for last.
    """

    user: Vertex
    used: Vertex
    user_loop: Loop
    used_loop: Loop
    wanted: tuple[Vertex, ...]


def place(
    plan: Plan, wanted: Sequence[Vertex], asker: Vertex, live: Collection[Loop]
) -> Misfit | None:
    """Plan `wanted`, which `asker` turned out to need while the suite runs, into `plan`.

    `wanted` is in the order of use, what was asked for last; those of it that are planned already
    only say which loop is needed. What is planned stays where it is, with one exception: an asker
    whose own function loop is not in `live` yet moves to the loop it needs, and takes along what
    lives on its loop. What is declared stays where it is declared, here as in `plan`; and under the
    policy that everything is declared, so does all else if the vocabulary of the asker allows it.

    Returns the misfit if all this cannot share one loop; then `plan` is unchanged.
    """
    if not wanted:
        return None
    if plan.policy is Policy.DECLARED and asker.allows_mismatch:
        for vertex in (*wanted, asker):
            if plan.loop_of(vertex.id) is None:
                plan.suite.vertices.setdefault(vertex.id, vertex)
                plan.assign(vertex, Loop(vertex.backend, _own_anchor(vertex)))
        return None
    own = plan.loop_of(asker.id)
    if own is not None and (own in live or own.anchor.scope is not Scope.FUNCTION):
        needed, movers = own, []
    else:
        movers = [asker] if own is None else plan.on(own)
        fixed = (loop.anchor for vertex in wanted if (loop := plan.loop_of(vertex.id)))
        anchors = (*map(_own_anchor, (*movers, *wanted)), *fixed)
        needed = Loop(asker.backend, _widest(anchors))
    moving = {vertex.id for vertex in movers}
    for vertex in (*wanted, *movers):
        bound = plan.loop_of(vertex.id)
        if bound is None or vertex.id in moving:
            bound = Loop(vertex.backend, _own_anchor(vertex))
            if (
                vertex.declared is None
                and bound.backend == needed.backend
                and needed.anchor.encloses(bound.anchor)
            ):
                continue
        if bound != needed:
            both = (wanted[-1], bound, needed) if vertex.id in moving else (vertex, needed, bound)
            return Misfit(asker, *both, tuple(wanted))
    for vertex in (*wanted, *movers):
        plan.suite.vertices.setdefault(vertex.id, vertex)
        if plan.loop_of(vertex.id) != needed:
            plan.assign(vertex, needed)
    return None


def _own_anchor(vertex: Vertex) -> Anchor:
    """Return where the loop of `vertex` would be anchored if nothing else were in the suite."""
    scope = vertex.default if vertex.declared is None else vertex.declared
    anchor = vertex.anchor
    return anchor if scope is None or scope <= anchor.scope else anchor.at(scope)


def _declared_anchor(vertex: Vertex, among: Mapping[str, Vertex]) -> Anchor:
    """Return where `vertex` runs if nothing is widened.

    What is synchronous runs on no loop, and so belongs to the widest one it gets something from.
    """

    def sources(id: str) -> Iterable[str]:
        current = among[id]
        if current.needs_loop or current.declared is not None:
            return ()
        return (used for used in current.uses if used in among)

    return _widest(_own_anchor(among[id]) for id in reach([vertex.id], sources))


def _widest(anchors: Iterable[Anchor]) -> Anchor:
    """Return the narrowest place that encloses all `anchors`.

    Members of a component lie within one another, so this is the widest of them; only what pytest
    itself would refuse (a session fixture that uses a module's) makes it wider than every member.
    """
    widest, *others = anchors
    for other in others:
        place: Anchor | None = other
        while place is not None and place is not widest:
            place = place.parent
        if place is None:
            widest = common(widest, other)
    return widest


def _width(vertex: Vertex) -> tuple[Scope, bool]:
    return (_own_anchor(vertex).scope, vertex.needs_loop)


def components(suite: Suite, among: Mapping[str, Vertex]) -> list[list[Vertex]]:
    """Return the vertices of `among` in groups that must share a loop, in suite order."""
    # Only of what is joined to anything: what uses nothing, and is used by nothing, stands alone.
    parent: dict[str, str] = {}

    def find(id: str) -> str:
        root = id
        while parent[root] != root:
            root = parent[root]
        while parent[id] != root:
            parent[id], id = root, parent[id]
        return root

    for id, user in among.items():
        for used in user.uses:
            if used in among and among[used].backend == user.backend:
                if used not in parent:
                    parent[used] = used
                if id in parent:
                    parent[find(id)] = find(used)
                else:
                    parent[id] = used  # nothing is joined to it so far
    groups: dict[str, list[Vertex]] = {}
    for id, vertex in among.items():
        root = id
        if id in parent:
            root = parent[id]
            if parent[root] != root:
                root = find(root)
        if root in groups:
            groups[root] += [vertex]
        else:
            groups[root] = [vertex]
    return list(groups.values())
