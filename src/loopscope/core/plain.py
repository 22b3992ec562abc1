"""A plan as plain values, such as JSON can carry, and back.

The fields of the types here are the fields of the file: their names are a promise. A place is told
once, with its scope and node; whatever is at it names those two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.origin import Origin
from loopscope.core.plan import Loop, Plan
from loopscope.core.policy import Policy
from loopscope.core.scope import Anchor, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable


class PlainOrigin(TypedDict):
    """Where something is written: a path relative to the root directory, and a line from 1.

    Outside of the root directory, the path is the name of a module.
    """

    path: str
    line: int


class PlainPlace(TypedDict):
    """A place in the collection tree; `around` is the index of the next wider one around it."""

    scope: str
    node: str
    around: int | None


class PlainVertex(TypedDict):
    """A test, or one instance of a fixture, with the ids of what it `uses` directly.

    `scope` and `node` are the place whose life it has. `declared` is the loop scope that its author
    asked for, `default` the one that the suite asks for where no author does. `needs_loop` is false
    for what is synchronous. `always_planned` and `allows_mismatch` are manners of its vocabulary:
    whether it has no words for loop scopes, and whether it runs a test that is declared onto
    another loop than a fixture of it.
    """

    id: str
    name: str
    kind: str
    scope: str
    node: str
    backend: str
    origin: PlainOrigin
    needs_loop: bool
    declared: str | None
    default: str | None
    uses: list[str]
    vocabulary: str
    always_planned: bool
    allows_mismatch: bool


class PlainLoop(TypedDict):
    """A loop: its id, which a trace calls it by, too, its name for readers, and its place.

    `because` is the id of the vertex that made it as wide as it is, `members` are those of all that
    live on it.
    """

    id: str
    name: str
    backend: str
    scope: str
    node: str
    because: str
    members: list[str]


class PlainPlan(TypedDict):
    """Everything that is planned, and which loop it is planned onto; by which `policy`."""

    policy: str
    places: list[PlainPlace]
    vertices: list[PlainVertex]
    loops: list[PlainLoop]


def as_plain(plan: Plan) -> PlainPlan:
    """Return `plan` as plain values."""
    vertices = plan.suite.vertices.values()
    reasons = plan.reasons
    return {
        "policy": plan.policy.value,
        "places": _places(vertex.anchor for vertex in vertices),
        "vertices": [_vertex(vertex) for vertex in vertices],
        "loops": [
            {
                "id": str(loop),
                "name": loop.name,
                "backend": loop.backend,
                "scope": loop.anchor.scope.word,
                "node": loop.anchor.node,
                "because": reasons[loop],
                "members": [vertex.id for vertex in members],
            }
            for loop, members in plan.members().items()
        ],
    }


def from_plain(plain: PlainPlan) -> Plan:
    """Return the plan that `as_plain` has told.

    Raises:
        ValueError: it names a place, a vertex or a word that it does not have.
    """
    anchors: dict[tuple[str, str], Anchor] = {}
    in_order: list[Anchor] = []
    try:
        for place in plain["places"]:
            around = None if place["around"] is None else in_order[place["around"]]
            anchor = Anchor(Scope.parse(place["scope"]), place["node"], around)
            in_order.append(anchor)
            anchors[place["scope"], place["node"]] = anchor
        suite = Suite.of(
            Vertex(
                id=one["id"],
                name=one["name"],
                kind=Kind(one["kind"]),
                anchor=anchors[one["scope"], one["node"]],
                backend=one["backend"],
                origin=Origin(one["origin"]["path"], one["origin"]["line"]),
                needs_loop=one["needs_loop"],
                declared=_scope(one["declared"]),
                default=_scope(one["default"]),
                uses=tuple(one["uses"]),
                vocabulary=one["vocabulary"],
                always_planned=one["always_planned"],
                allows_mismatch=one["allows_mismatch"],
            )
            for one in plain["vertices"]
        )
        plan = Plan(suite, Policy(plain["policy"]))
        for told in plain["loops"]:
            loop = Loop(told["backend"], anchors[told["scope"], told["node"]])
            for id in told["members"]:
                plan.assign(suite.vertices[id], loop)
    except LookupError as exc:
        raise ValueError(f"it names {exc}, and does not have it") from None
    return plan


def _places(anchors: Iterable[Anchor]) -> list[PlainPlace]:
    """Return all places from `anchors` outwards, each after the one around it."""
    index: dict[Anchor, int] = {}
    places: list[PlainPlace] = []

    def known(anchor: Anchor) -> int:
        if anchor not in index:
            around = None if anchor.parent is None else known(anchor.parent)
            index[anchor] = len(places)
            places.append({"scope": anchor.scope.word, "node": anchor.node, "around": around})
        return index[anchor]

    for anchor in anchors:
        known(anchor)
    return places


def _vertex(vertex: Vertex) -> PlainVertex:
    return {
        "id": vertex.id,
        "name": vertex.name,
        "kind": vertex.kind.value,
        "scope": vertex.anchor.scope.word,
        "node": vertex.anchor.node,
        "backend": vertex.backend,
        "origin": {"path": vertex.origin.path, "line": vertex.origin.line},
        "needs_loop": vertex.needs_loop,
        "declared": None if vertex.declared is None else vertex.declared.word,
        "default": None if vertex.default is None else vertex.default.word,
        "uses": list(vertex.uses),
        "vocabulary": vertex.vocabulary,
        "always_planned": vertex.always_planned,
        "allows_mismatch": vertex.allows_mismatch,
    }


def _scope(word: str | None) -> Scope | None:
    return None if word is None else Scope.parse(word)
