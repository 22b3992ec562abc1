"""The rule that a scope must not outlive its loop, as a check of a plan.

A plan made of undeclared scopes keeps the rule by construction. What is found here is therefore
always a declaration that contradicts another one, or the scope of the fixture it stands on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from loopscope.core.graph import Kind
from loopscope.core.policy import Policy

if TYPE_CHECKING:
    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Loop, Plan
    from loopscope.core.scope import Scope


class LoopMismatch(NamedTuple):
    """`user` runs on another loop than `used`, which it uses."""

    user: Vertex
    used: Vertex
    user_loop: Loop
    used_loop: Loop


class OutlivesLoop(NamedTuple):
    """`vertex` lives longer than the loop that its author, or the suite, asks for."""

    vertex: Vertex
    declared: Scope


class BackendMismatch(NamedTuple):
    """`user` runs on another backend than `used`, which it uses."""

    user: Vertex
    used: Vertex


Violation = LoopMismatch | OutlivesLoop | BackendMismatch


def check(plan: Plan) -> list[Violation]:
    """Return everything in `plan` that breaks the rule, in suite order."""
    short = plan.in_short()
    return _broken(plan) if short is plan or _broken(short) else []


def _broken(plan: Plan) -> list[Violation]:
    found: list[Violation] = []
    loops, vertices = plan.loops.all(), plan.suite.vertices.all()
    for id in loops:
        vertex = vertices[id]
        if vertex.declared is None and plan.policy is Policy.PLANNED:
            continue  # nothing that it must have
        asked = _asked_for(vertex, plan)
        if asked is not None and asked < vertex.anchor.scope:
            found.append(OutlivesLoop(vertex, asked))
    for user, used in plan.suite.edges(loops):
        user_loop, used_loop = loops[user.id], loops[used.id]
        if user_loop is used_loop:
            continue
        if user_loop.backend != used_loop.backend:
            found.append(BackendMismatch(user, used))
        elif user_loop != used_loop and not _awaits_nothing(user):
            found.append(LoopMismatch(user, used, user_loop, used_loop))
    return found


def _asked_for(vertex: Vertex, plan: Plan) -> Scope | None:
    """Return the loop scope that `vertex` must have: a default gives way to a plan, if any."""
    is_planned = plan.policy is Policy.PLANNED or vertex.always_planned
    return vertex.declared if vertex.declared is not None or is_planned else vertex.default


def _awaits_nothing(vertex: Vertex) -> bool:
    """Say whether `vertex` may use several loops: a sync test awaits none of what it is given.

    (A sync fixture hands it on to somebody who may.)
    """
    return vertex.kind is Kind.TEST and not vertex.needs_loop and vertex.declared is None
