"""A suite as a graph: tests and fixture *instances*, and who uses whom.

An instance is a fixture at one anchor on one backend: a module-scoped fixture in two modules is
two vertices, and on two backends it is four.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from loopscope.core.twins import Vertices
from loopscope.core.value import value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, KeysView, Mapping

    from loopscope.core.origin import Origin
    from loopscope.core.scope import Anchor, Scope


class Kind(enum.Enum):
    """What a vertex is."""

    TEST = "test"
    FIXTURE = "fixture"


@value(frozen=True, slots=True)
class Vertex:
    """A test, or one instance of a fixture.

    `anchor` is the place whose scope it has, `declared` the loop scope its author asked for,
    `default` the one that the suite asks for where no author does, `needs_loop` whether it has to
    run on a loop itself (a synchronous one is planned only if something it uses has to), and `uses`
    the ids of what it asks for directly. `vocabulary` names the dialect that it is written in:
    one that is `always_planned` has no words for loop scopes, and one that `allows_mismatch` lets
    a test run on another loop than it was declared to share.
    """

    id: str
    name: str
    kind: Kind
    anchor: Anchor
    backend: str
    origin: Origin
    needs_loop: bool = True
    declared: Scope | None = None
    default: Scope | None = None
    uses: tuple[str, ...] = ()
    vocabulary: str = "loopscope"
    always_planned: bool = False
    allows_mismatch: bool = False


class Suite:
    """The vertices of one collected suite, by id."""

    __slots__ = ("vertices",)

    def __init__(self, vertices: Mapping[str, Vertex] | None = None) -> None:
        self.vertices = Vertices(vertices or {})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Suite) and self.vertices == other.vertices

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Suite({self.vertices!r})"

    @classmethod
    def of(cls, vertices: Iterable[Vertex]) -> Suite:
        """Make a suite of `vertices`."""
        return cls({vertex.id: vertex for vertex in vertices})

    def edges(self, among: Mapping[str, object]) -> list[tuple[Vertex, Vertex]]:
        """Return (user, used) for every use whose two ends are in `among`."""
        vertices = self.vertices.all()
        users = [vertices[id] for id in among]
        return [(user, vertices[used]) for user in users for used in user.uses if used in among]

    def users(self) -> dict[str, list[str]]:
        """Return the ids of who uses each vertex directly, where somebody does."""
        users: dict[str, list[str]] = {}
        for vertex in self.vertices.values():
            for used in vertex.uses:
                users.setdefault(used, []).append(vertex.id)
        return users

    def on_loops(self) -> dict[str, Vertex]:
        """Return what takes part in planning, in suite order.

        That is whatever needs a loop, and whatever uses, however indirectly, something that does:
        a synchronous fixture that hands on an asynchronous client belongs to the client's loop,
        while one that only reads settings would widen loops for nothing.
        """
        vertices = self.vertices.all()
        users: dict[str, list[str]] = {}  # only those that are in doubt
        for id, vertex in vertices.items():
            if not vertex.needs_loop:
                for used in vertex.uses:
                    users.setdefault(used, []).append(id)
        needing = (id for id in users if id in vertices and vertices[id].needs_loop)
        found = reach(needing, lambda id: users.get(id, ()))
        return {id: vertex for id, vertex in vertices.items() if vertex.needs_loop or id in found}


def reach(start: Iterable[str], onward: Callable[[str], Iterable[str]]) -> KeysView[str]:
    """Return the ids in `start` and all that `onward` leads to from them, in the order found."""
    found = dict.fromkeys(start)
    frontier = list(found)
    while frontier:
        for id in onward(frontier.pop()):
            if id not in found:
                found[id] = None
                frontier.append(id)
    return found.keys()
