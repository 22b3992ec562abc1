"""Fixes that work, for what breaks the rule.

A fix is an edit of what a suite declares, and its words. One that sounds right may be wrong: a
declaration that suits one user of a fixture may tear the fixture from another. So no fix is printed
that was not tried: the suite is planned again with the edit applied, and the fix is dropped unless
the plan is rid of the violation, of every other one of the same user, and has no new one.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from loopscope.core.graph import Kind, Suite, Vertex, reach
from loopscope.core.plan import Misfit, Plan, components
from loopscope.core.plan import plan as replan
from loopscope.core.policy import Policy
from loopscope.core.rules import BackendMismatch, LoopMismatch, OutlivesLoop, Violation, check
from loopscope.core.scope import Scope
from loopscope.diagnose.catalog import Finding, finding_for, misfit, place_of
from loopscope.diagnose.edits import (
    Edit,
    Fix,
    adopt,
    declare,
    drop,
    make_async,
    run_on,
    set_default,
    together,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Change = Callable[..., Fix | None]

REPLANNED = 200_000
"""How many vertices are planned again for the sake of fixes, which takes about a second. A suite
with hundreds of mistakes is held up no longer; what comes after that is told without a fix."""

FEW = 3
"""How many others a fix may ask to be changed as well."""


def findings(plan: Plan, *, executes: bool = True) -> list[Finding]:
    """Return what breaks the rule in `plan`, in suite order, with fixes that work.

    Where loopscope does not execute the suite, no fix is to let it plan.
    """
    violations = check(plan)
    trials = Trials(plan, violations, executes=executes)
    return [finding_for(found, _or(fixes_for(found, trials))) for found in violations]


def fixes_for(violation: Violation, trials: Trials) -> Iterator[Fix]:
    """Yield what would work: to declare less, and to declare otherwise."""
    return trials.working(_candidates(violation, trials), violation)


def late_finding(plan: Plan, found: Misfit) -> Finding:
    """Return what `place` could not fit into `plan`, with fixes that work."""
    late = {vertex.id: vertex for vertex in (found.user, *found.wanted)}
    before = replan(Suite({**plan.suite.vertices, **late}), plan.policy)
    trials = Trials(before, check(before))
    return misfit(found, _or(trials.working([_candidates_in_time(found)])))


def fix_for_bound(plan: Plan, user: Vertex, used: Vertex) -> str:
    """Return what helps `user`, to whom fixture `used` gave what is bound to another loop."""
    violations = check(plan)
    trials = Trials(plan, violations)
    for violation in violations:
        match violation:
            case LoopMismatch() if (violation.user, violation.used) == (user, used):
                return _or(fixes_for(violation, trials))
    scope = used.anchor.scope
    return _or(trials.working([[make_async(used), make_async(used, scope)]]))


def _or(fixes: Iterable[Fix]) -> str:
    return ", or\n".join(fix.words for fix in fixes)


End = tuple[str, str, str]


class Trials:
    """Plans a suite again with fixes applied, each fix once."""

    def __init__(
        self, plan: Plan, violations: Iterable[Violation], *, executes: bool = True
    ) -> None:
        self.plan = plan
        self.executes = executes
        self._before = set(map(_end, violations))
        self._tried: dict[object, tuple[Plan, set[End]]] = {}
        self._left = REPLANNED
        self._components: dict[str, list[Vertex]] = {}
        self._users: dict[str, list[str]] = {}

    def working(
        self, groups: Iterable[Iterable[Fix | None]], violation: Violation | None = None
    ) -> Iterator[Fix]:
        """Yield the first fix of each group that works."""
        for fixes in groups:
            tried = (self._try(fix, violation) for fix in fixes if fix is not None)
            yield from islice(filter(None, tried), 1)

    def _try(self, fix: Fix, violation: Violation | None) -> Fix | None:
        """Return `fix` if it makes nothing new and frees the user in `violation` of all its own."""
        key = (fix.edits, fix.policy)
        if key not in self._tried:
            if self.exhausted:
                return None
            vertices = self.plan.suite.vertices
            self._left -= len(vertices)
            suite = Suite({id: fix.apply(vertex) for id, vertex in vertices.items()})
            after = replan(suite, fix.policy or self.plan.policy)
            self._tried[key] = after, set(map(_end, check(after)))
        after, left = self._tried[key]
        if not left <= self._before:
            return None
        if violation is not None and any(end[:2] == _end(violation)[:2] for end in left):
            return None
        loop = None if fix.moves is None else after.loop_of(fix.moves)
        if loop is None:
            return fix
        return fix._replace(words=f"{fix.words} (it then runs on {place_of(loop)})")

    @property
    def exhausted(self) -> bool:
        """Whether only what was tried already can be told."""
        return self._left <= 0

    def definitions_using(self, vertex: Vertex) -> list[Vertex]:
        """Return one vertex of each definition that uses `vertex`, however indirectly."""
        if not self._users:
            self._users = self.plan.suite.users()
        found = reach(self._users.get(vertex.id, ()), lambda id: self._users.get(id, ()))
        users = (self.plan.suite.vertices[id] for id in found)
        return list({(user.kind, user.origin): user for user in users}.values())

    def sharers(self, vertex: Vertex) -> list[Vertex]:
        """Return everything that has to share the loop of `vertex`."""
        if not self._components:
            for component in components(self.plan.suite, self.plan.suite.on_loops()):
                self._components.update((member.id, component) for member in component)
        return self._components[vertex.id]


def _candidates(violation: Violation, trials: Trials) -> Iterator[Iterable[Fix | None]]:
    """Yield groups of fixes that may work, the best one of each group first."""
    match violation:
        case LoopMismatch(user, used, user_loop, used_loop):
            scopes = user_loop.anchor.scope, used_loop.anchor.scope
            yield _loosen(trials, user, used)
            yield (
                *_share(declare, user, used, *scopes),
                *_take_along(trials, user, used_loop.anchor.scope),
            )
            yield _share(set_default, user, used, *scopes)
        case OutlivesLoop(vertex):
            yield _loosen(trials, vertex)
            yield _widen(declare, vertex)
            yield (set_default((vertex, None)), *_widen(set_default, vertex))
        case BackendMismatch(user, used):
            yield [run_on(user, used.backend), adopt(user, used)]
            yield [adopt(used, user)]


def _candidates_in_time(found: Misfit) -> Iterator[Fix | None]:
    """Yield fixes for what was asked for too late: it is asked for in time, and fits."""
    user, asked = found.user, found.wanted[-1]
    early = (Edit.of(user, "uses", (*user.uses, asked.id)),)
    name = f"name {asked.name} in the signature"
    yield Fix(f'{name}, or @pytest.mark.usefixtures("{asked.name}")', early)
    for other in (drop(user), declare((user, found.used_loop.anchor.scope))):
        yield together(other, Fix(name, early))


def _loosen(trials: Trials, *ends: Vertex) -> Iterator[Fix | None]:
    """Yield fixes that declare less: one end, both ends, everything that shares the loop."""
    if trials.plan.policy is not Policy.PLANNED and trials.executes:
        yield Fix("set loopscope_loops = planned", policy=Policy.PLANNED)
    for vertex in ends:
        yield drop(vertex)
    yield drop(*ends)
    if not trials.exhausted:
        yield drop(*trials.sharers(ends[0]))


def _share(
    change: Change, user: Vertex, used: Vertex, user_scope: Scope, used_scope: Scope
) -> Iterator[Fix | None]:
    """Yield fixes that give both ends the same scope."""
    yield change((user, used_scope))
    yield change((used, user_scope))
    for scope in Scope:
        if scope >= max(user_scope, used_scope):
            yield change((user, scope), (used, scope))


def _take_along(trials: Trials, user: Vertex, scope: Scope) -> Iterator[Fix | None]:
    """Yield fixes that give a fixture a wider scope, and those that use it along with it."""
    if trials.exhausted:
        return
    users = trials.definitions_using(user)
    tests = [vertex for vertex in users if vertex.kind is Kind.TEST]
    fixtures = [vertex for vertex in users if vertex.kind is Kind.FIXTURE]
    if len(users) <= FEW:
        yield declare(*((vertex, scope) for vertex in (user, *users)))
    if tests and len(fixtures) < FEW:
        declared = declare(*((vertex, scope) for vertex in (user, *fixtures)))
        by_default = set_default((tests[0], scope))
        yield by_default and together(declared, by_default)
    yield set_default((user, scope), *((vertex, scope) for vertex in tests[:1]))


def _widen(change: Change, vertex: Vertex) -> Iterator[Fix | None]:
    """Yield fixes that give a fixture a loop which lives as long as the fixture does."""
    return (change((vertex, scope)) for scope in Scope if scope >= vertex.anchor.scope)


def _end(violation: Violation) -> End:
    """Return who is wrong, about what, and with whom: the same wherever their loops are."""
    match violation:
        case OutlivesLoop(vertex):
            return (vertex.id, "loop", vertex.id)
        case LoopMismatch(user, used):
            return (user.id, "loop", used.id)
        case BackendMismatch(user, used):
            return (user.id, "backend", used.id)
