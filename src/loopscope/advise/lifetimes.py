"""The second step: how long async fixtures live, and how long their loops do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.advise.evidence import key
from loopscope.core.graph import Kind, reach
from loopscope.core.plan import plan as replan
from loopscope.core.policy import Policy
from loopscope.core.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopscope.advise.evidence import Evidence, Written
    from loopscope.core.plan import Plan


@dataclass(frozen=True, slots=True)
class Lifetime:
    """An async fixture: its scope, the scopes of its loops today and as planned, and its users.

    `elsewhere` counts the users that run on another loop than it, today. `holds` names what it
    keeps open while it yields.
    """

    name: str
    where: str
    vocabulary: str
    scope: str
    loop: str
    planned: str
    tests: int
    fixtures: int
    elsewhere: int
    holds: tuple[str, ...] = ()

    @property
    def is_wide(self) -> bool:
        """Whether it outlives a test."""
        return self.scope != Scope.FUNCTION.word


def lifetimes(evidence: Evidence) -> list[Lifetime]:
    """Return a row for each async fixture, the widest first."""
    today = evidence.plan
    planned = replan(today.suite, Policy.PLANNED)
    users = today.suite.users()
    apart = _apart(today)
    fixtures = sorted(evidence.fixtures(), key=lambda one: (-one.scope, one.place))
    return [_row(evidence, one, today, planned, users, apart) for one in fixtures]


def _row(
    evidence: Evidence,
    fixture: Written,
    today: Plan,
    planned: Plan,
    users: dict[str, list[str]],
    apart: dict[str, int],
) -> Lifetime:
    ids = [vertex.id for vertex in fixture.vertices]
    found = reach(ids, lambda id: users.get(id, ()))
    using = {key(today.suite.vertices[id]) for id in found} - {key(fixture.first)}
    definition = evidence.definition(fixture.first)
    return Lifetime(
        fixture.name,
        fixture.where,
        fixture.first.vocabulary,
        fixture.scope.word,
        _scopes(today, ids),
        _scopes(planned, ids),
        sum(kind is Kind.TEST for kind, _, _ in using),
        sum(kind is Kind.FIXTURE for kind, _, _ in using),
        sum(apart.get(id, 0) for id in ids),
        () if definition is None else definition.holds,
    )


def _scopes(plan: Plan, ids: Iterable[str]) -> str:
    """Return the words for the scopes of the loops of some vertices, the widest first."""
    loops = filter(None, map(plan.loop_of, ids))
    scopes = sorted({loop.anchor.scope for loop in loops}, reverse=True)
    return ", ".join(scope.word for scope in scopes)


def _apart(plan: Plan) -> dict[str, int]:
    """Return how many users of each vertex await it from another loop."""
    found: dict[str, int] = {}
    for user, used in plan.suite.edges(plan.loops):
        if user.needs_loop and plan.loops[user.id] != plan.loops[used.id]:
            found[used.id] = found.get(used.id, 0) + 1
    return found
