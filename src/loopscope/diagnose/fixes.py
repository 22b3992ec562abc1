"""Fixes that work, for what breaks the rule.

A fix is an edit of what a suite declares, and its words. One that sounds right may be wrong, because
a declaration that suits one user of a fixture may tear it from another. So no fix is printed that was
not tried: the suite is planned again with the edit applied, and the fix is dropped unless the plan is
rid of the violation and has no new one.

An edit is made to a definition, as in the source: to all instances and parameters of it alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from loopscope.core.declared import Declared
from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.plan import Misfit, Plan, Policy, plan
from loopscope.core.rules import BackendMismatch, LoopMismatch, OutlivesLoop, Violation, check
from loopscope.core.scope import Scope
from loopscope.diagnose.catalog import Finding, finding_for, misfit, place_of
from loopscope.dialects import native

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from loopscope.core.origin import Origin

REPLANNED = 200_000
"""How many vertices are planned again for the sake of fixes: about a second. A suite with hundreds
of mistakes is not held up for longer; what is found after that is told without a fix."""


def findings(plan: Plan) -> list[Finding]:
    """Return what breaks the rule in `plan`, in suite order, with fixes that work."""
    violations = check(plan)
    trials = Trials(plan, violations)
    return [finding_for(found, _told(trials, found, _candidates(found, plan))) for found in violations]


def late_finding(plan_: Plan, found: Misfit) -> Finding:
    """Return what `place` could not fit into a plan, with fixes that work."""
    user, asked = found.user, found.wanted[-1]
    late = {vertex.id: vertex for vertex in (*found.wanted, user)}
    before = plan(Suite({**plan_.suite.vertices, **late}), plan_.policy)
    named = Edit.of(user, "uses", (*user.uses, asked.id))
    name = f'name {asked.name} in the signature, or @pytest.mark.usefixtures("{asked.name}")'
    at = found.used_loop.anchor.scope
    early = [Fix(name, (named,))]
    if user.declared is not None:
        drop = _drop(user)
        early.append(Fix(f"{name}, and {drop.words}", (named, *drop.edits), user.id))
    # With the declaration the fixture may be asked for as late as it is; the use is still tried.
    declared = _declare((user, at))
    groups = [early, [Fix(declared.words, (named, *declared.edits))]]
    return misfit(found, _told(Trials(before, check(before)), None, groups))


@dataclass(frozen=True, slots=True)
class Edit:
    """Another value for one field of every vertex of one definition that has the value `before`."""

    kind: Kind
    origin: Origin
    field: str
    before: object
    after: object

    @classmethod
    def of(cls, vertex: Vertex, field: str, after: object) -> Edit:
        """Make the edit that gives the definition of `vertex` another value."""
        return cls(vertex.kind, vertex.origin, field, getattr(vertex, field), after)

    def apply(self, vertex: Vertex) -> Vertex:
        """Return `vertex` as it is after the edit."""
        key = (vertex.kind, vertex.origin, getattr(vertex, self.field))
        if key != (self.kind, self.origin, self.before):
            return vertex
        changes: dict[str, Any] = {self.field: self.after}
        return replace(vertex, **changes)


@dataclass(frozen=True, slots=True)
class Fix:
    """Words for the author of a suite, and what they amount to.

    With `moves`, the id of a vertex, the words are followed by the loop that it is moved to.
    """

    words: str
    edits: tuple[Edit, ...] = ()
    moves: str | None = None
    policy: Policy | None = None


class Trials:
    """Plans a suite again with fixes applied, each fix once."""

    def __init__(self, plan: Plan, violations: Iterable[Violation]) -> None:
        self._plan = plan
        self._before = set(map(_ends, violations))
        self._tried: dict[object, tuple[Plan, set[tuple[str, ...]]]] = {}
        self._left = max(REPLANNED, len(plan.suite.vertices))

    def words(self, fix: Fix, violation: Violation | None) -> str | None:
        """Return the words of `fix` if it removes `violation` and makes no new one."""
        key = (fix.edits, fix.policy)
        if key not in self._tried:
            vertices = self._plan.suite.vertices
            self._left -= len(vertices)
            if self._left < 0:
                return None
            after = plan(
                Suite({id: _applied(vertex, fix.edits) for id, vertex in vertices.items()}),
                fix.policy or self._plan.policy,
            )
            self._tried[key] = after, set(map(_ends, check(after)))
        after, ends = self._tried[key]
        if not ends <= self._before or (violation is not None and _ends(violation) in ends):
            return None
        loop = after.loop_of(fix.moves) if fix.moves is not None else None
        return fix.words if loop is None else f"{fix.words} (it then runs on {place_of(loop)})"


def _told(
    trials: Trials, violation: Violation | None, groups: Iterable[Iterable[Fix]]
) -> str:
    """Return the first fix of each group that works."""
    told = (
        next((words for fix in group if (words := trials.words(fix, violation))), None)
        for group in groups
    )
    return ", or\n".join(words for words in told if words is not None)


def _candidates(violation: Violation, plan: Plan) -> Iterator[list[Fix]]:
    """Yield groups of fixes that may work, the best one of each group first."""
    match violation:
        case LoopMismatch(user, used, user_loop, used_loop):
            scopes = (user_loop.anchor.scope, used_loop.anchor.scope)
            yield [
                *_replan(plan, user),
                *(_drop(vertex) for vertex in (user, used) if vertex.declared is not None),
                _drop_all(plan, (user, used)),
                _drop_all(plan, _connected(plan, user)),
            ]
            yield [
                _declare((user, scopes[1])),
                _declare((used, scopes[0])),
                _declare((user, max(scopes)), (used, max(scopes))),
            ]
        case OutlivesLoop(vertex):
            yield [_drop(vertex), _drop_all(plan, _connected(plan, vertex))]
            yield [_declare((vertex, scope)) for scope in Scope if scope >= vertex.anchor.scope]
        case BackendMismatch(user, used):
            yield [_move(user, used.backend)]
            yield [_move(used, user.backend)]
