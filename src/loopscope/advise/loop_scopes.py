"""Which loop scopes pytest-asyncio has to be told, for whom, so that nobody is on a wrong loop.

pytest-asyncio knows definitions, not instances: whatever is written at a fixture holds wherever it
is used. So definitions that use one another are joined, and where one of them breaks the rule, all
of them get the loop that the widest of their instances is planned onto. Everything else keeps the
loop that it has. Nothing is returned that was not planned again with it, and found to be right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from loopscope.advise.evidence import PYTEST_ASYNCIO, backend_of, has_loop_scope, key, written
from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.plan import plan
from loopscope.core.policy import Policy
from loopscope.core.rules import BackendMismatch, OutlivesLoop, Violation, check
from loopscope.core.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loopscope.advise.evidence import Key, Written

_DEFAULTS = (Scope.FUNCTION, Scope.MODULE, Scope.SESSION)
"""What is worth to be a default: a class is rarely one, and a package's loop is the session's."""

_IMPOSSIBLE = 1_000_000


@dataclass(frozen=True, slots=True)
class Defaults:
    """The loop scopes of what declares none; None for a fixture is the scope that it has."""

    test: Scope = Scope.FUNCTION
    fixture: Scope | None = None


@dataclass(frozen=True, slots=True)
class Solution:
    """Defaults, and what each definition is to declare beside them.

    `beyond` are definitions of other packages, which would have to declare something.
    """

    defaults: Defaults
    declare: tuple[tuple[Written, Scope], ...]
    beyond: tuple[Written, ...] = ()
    unsolved: int = 0


def as_asyncio(vertices: Iterable[Vertex], defaults: Defaults) -> Suite:
    """Return the suite that some vertices are if they are in pytest-asyncio's words.

    What runs on trio is left out.
    """

    def converted(vertex: Vertex) -> Vertex:
        if vertex.vocabulary == PYTEST_ASYNCIO:
            return vertex
        default = defaults.test if vertex.kind is Kind.TEST else defaults.fixture
        return replace(
            vertex,
            backend="asyncio",
            vocabulary=PYTEST_ASYNCIO,
            declared=None,
            default=default if vertex.needs_loop else None,
            always_planned=False,
            allows_mismatch=True,
        )

    return Suite.of(converted(vertex) for vertex in vertices if backend_of(vertex) != "trio")


def solve(
    suite: Suite, now: Defaults, *, settable: frozenset[Kind], class_needs_class: bool = False
) -> Solution:
    """Return what to declare so that `suite`, in pytest-asyncio's words, keeps the rule.

    Args:
        suite: as `as_asyncio` returns it.
        now: the defaults that are set.
        settable: of which kinds the default can be set.
        class_needs_class: whether a test outside of any class can have no class-wide loop.
    """
    definitions = written(suite.vertices.values())
    wrong = _concerned(_violations(suite))
    if not wrong:
        return Solution(now, ())
    joined = _joined(suite, wrong)
    needed = _targets(suite, joined, class_needs_class=class_needs_class)
    # What is joined to nothing that is wrong keeps what it has; if that differs from instance to
    # instance, there is more than one mark, and no default changes it.
    targets = {
        id: needed[id] if id in needed else scopes.pop()
        for id, one in definitions.items()
        if len(scopes := _asked(one, now)) == 1 or id in needed
    }
    best = _cheapest(definitions, targets, now, settable)
    declare = [
        (definitions[id], scope)
        for id, scope in targets.items()
        if _asked(definitions[id], best) != {scope}
    ]
    left = _violations(_declared(suite, targets))
    return Solution(
        best,
        tuple(one for one in declare if one[0].is_of_the_suite),
        tuple(one for one, _ in declare if not one.is_of_the_suite),
        len(left),
    )


def _violations(suite: Suite) -> list[Violation]:
    found = check(plan(suite, Policy.DECLARED))
    return [one for one in found if not isinstance(one, BackendMismatch)]


def _concerned(violations: Iterable[Violation]) -> set[Key]:
    concerned: set[Key] = set()
    for one in violations:
        ends = [one.vertex] if isinstance(one, OutlivesLoop) else [one.user, one.used]
        concerned.update(map(key, ends))
    return concerned


def _asked(one: Written, defaults: Defaults) -> set[Scope]:
    """Return the loop scopes that pytest-asyncio would give a definition: one, as a rule.

    Whoever inherits a test may mark it otherwise.
    """
    by_default = defaults.test
    if one.first.kind is Kind.FIXTURE:
        by_default = one.scope if defaults.fixture is None else defaults.fixture
    declared = {vertex.declared for vertex in one.vertices}
    return {by_default if scope is None else scope for scope in declared}


def _joined(suite: Suite, concerned: set[Key]) -> dict[Key, frozenset[Key]]:
    """Return, of each definition in `concerned`, all those that must share its loop."""
    neighbours: dict[Key, set[Key]] = {}
    for user, used in suite.edges(suite.on_loops()):
        if user.kind is Kind.FIXTURE or user.needs_loop:
            neighbours.setdefault(key(user), set()).add(key(used))
            neighbours.setdefault(key(used), set()).add(key(user))
    groups: dict[Key, frozenset[Key]] = {}
    for start in concerned:
        if start not in groups:
            group, waiting = {start}, [start]
            while waiting:
                new = neighbours.get(waiting.pop(), set()) - group
                group |= new
                waiting += new
            groups |= dict.fromkeys(group, frozenset(group))
    return groups


def _targets(
    suite: Suite, joined: dict[Key, frozenset[Key]], *, class_needs_class: bool
) -> dict[Key, Scope]:
    """Return the scope that each definition that is joined to others is to have."""
    planned = plan(suite, Policy.PLANNED)
    scopes: dict[Key, Scope] = {}
    for id, loop in planned.loops.items():
        one = key(suite.vertices[id])
        scopes[one] = max(scopes.get(one, Scope.FUNCTION), loop.anchor.scope)
    targets: dict[Key, Scope] = {}
    for group in dict.fromkeys(joined.values()):
        scope = max(scopes[one] for one in group if one in scopes)
        if scope is Scope.CLASS and class_needs_class:
            scope = Scope.MODULE
        if scope is Scope.PACKAGE:
            scope = Scope.SESSION
        targets |= dict.fromkeys(group, scope)
    return targets


def _declared(suite: Suite, targets: dict[Key, Scope]) -> Suite:
    """Return `suite` with the loop scopes of `targets` declared."""
    return Suite.of(
        replace(vertex, declared=targets.get(key(vertex), vertex.declared))
        if has_loop_scope(vertex)
        else vertex
        for vertex in suite.vertices.values()
    )


def _cheapest(
    definitions: dict[Key, Written],
    targets: dict[Key, Scope],
    now: Defaults,
    settable: frozenset[Kind],
) -> Defaults:
    """Return the defaults under which least has to be written, those of now if it is the same."""
    alike: dict[object, list[Key]] = {}
    for id, scope in targets.items():
        one = definitions[id]
        declared = frozenset(vertex.declared for vertex in one.vertices)
        same = (one.first.kind, declared, one.scope, scope, one.is_of_the_suite)
        alike.setdefault(same, []).append(id)

    def cost(defaults: Defaults) -> int:
        lines = (defaults.test is not now.test) + (defaults.fixture is not now.fixture)
        for ids in alike.values():
            one = definitions[ids[0]]
            if _asked(one, defaults) != {targets[ids[0]]}:
                lines += len(ids) if one.is_of_the_suite else _IMPOSSIBLE
        return lines

    return min(_candidates(now, settable), key=cost)


def _candidates(now: Defaults, settable: frozenset[Kind]) -> Sequence[Defaults]:
    tests = dict.fromkeys((now.test, *(_DEFAULTS if Kind.TEST in settable else ())))
    fixtures: dict[Scope | None, None] = dict.fromkeys(
        (now.fixture, *((None, *_DEFAULTS) if Kind.FIXTURE in settable else ()))
    )
    return [Defaults(test, fixture) for test, fixture in product(tests, fixtures)]
