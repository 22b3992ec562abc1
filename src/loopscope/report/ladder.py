"""The ladder: the loops of a suite from the widest to the narrowest, and what lives on each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from loopscope.core.graph import Kind, Vertex
from loopscope.core.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from loopscope.core.plan import Loop, Plan


def ladder(plan: Plan) -> list[str]:
    """Return the lines of the ladder of `plan`, readable at 80 columns and without colour."""
    members, reasons = plan.members(), plan.reasons
    if not members:
        return ["loopscope: no test or fixture here needs a loop"]
    tests = sum(vertex.kind is Kind.TEST for vertices in members.values() for vertex in vertices)
    lines = [f"loopscope ladder: {_count(len(members), 'loop')} for {_count(tests, 'test')}"]
    own: Counter[str] = Counter()
    for loop in sorted(members, key=_order(members)):
        if loop.anchor.scope is Scope.FUNCTION:
            own[loop.backend] += 1
        else:
            lines += _rung(loop, members[loop], plan.suite.vertices[reasons[loop]])
    for backend, count in own.items():
        indent = _indent(Scope.FUNCTION)
        lines.append(f"{indent}function [{backend}] {_count(count, 'loop')}: one for each test")
    return lines


def _order(loops: Iterable[Loop]) -> Callable[[Loop], tuple[int, int, str]]:
    """Return the order of rungs: the widest scope first, backends as they come, then by place."""
    backends = list(dict.fromkeys(loop.backend for loop in loops))
    return lambda loop: (-loop.anchor.scope, backends.index(loop.backend), loop.anchor.node)


def _rung(loop: Loop, members: list[Vertex], reason: Vertex) -> list[str]:
    indent = _indent(loop.anchor.scope)
    lines = [
        f"{indent}{loop.anchor.scope.word} [{loop.backend}] {loop.anchor.node}".rstrip(),
        f"{indent}  because of {reason.name} at {reason.origin}",
    ]
    fixtures = Counter(
        (vertex.name, vertex.anchor.scope, str(vertex.origin))
        for vertex in sorted(members, key=lambda vertex: -vertex.anchor.scope)
        if vertex.kind is Kind.FIXTURE and not _is_runner(vertex)
    )
    names = max((len(name) for name, _, _ in fixtures), default=0)
    scopes = max((len(scope.word) for _, scope, _ in fixtures), default=0)
    for (name, scope, origin), count in fixtures.items():
        times = f" x{count}" if count > 1 else ""
        lines.append(f"{indent}  - {name:<{names}}  {scope.word:<{scopes}}  {origin}{times}")
    tests = sum(vertex.kind is Kind.TEST for vertex in members)
    if tests:
        lines.append(f"{indent}  - {_count(tests, 'test')}")
    return lines


def _is_runner(vertex: Vertex) -> bool:
    """Say whether this is the fixture `loopscope` of the plugin, which is no part of the suite."""
    return vertex.name == "loopscope" and not vertex.origin.path.endswith(".py")


def _indent(scope: Scope) -> str:
    return "  " * (Scope.SESSION - scope)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
