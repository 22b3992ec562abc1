"""The ladder: the loops of a suite from the widest to the narrowest, and what lives on each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from loopscope.core.graph import Kind, Vertex
from loopscope.core.scope import Scope

if TYPE_CHECKING:
    from loopscope.core.plan import Loop, Plan


def ladder(plan: Plan) -> list[str]:
    """Return the lines of the ladder of `plan`, readable at 80 columns and without colour."""
    members = plan.members()
    if not members:
        return ["loopscope: no test or fixture here needs a loop"]
    tests = sum(vertex.kind is Kind.TEST for on_loop in members.values() for vertex in on_loop)
    lines = [f"loopscope ladder: {_count(len(members), 'loop')} for {_count(tests, 'test')}"]
    own: Counter[str] = Counter()
    for loop, on_loop in members.items():
        if loop.anchor.scope is Scope.FUNCTION:
            own[loop.backend] += 1
        else:
            lines += _rung(plan, loop, on_loop)
    for backend, count in own.items():
        indent = "  " * Scope.SESSION
        lines.append(f"{indent}function [{backend}] {_count(count, 'loop')}: one for each test")
    return lines


def _rung(plan: Plan, loop: Loop, on_loop: list[Vertex]) -> list[str]:
    indent = "  " * (Scope.SESSION - loop.anchor.scope)
    reason = plan.suite.vertices[plan.reasons[loop]]
    place = f" {loop.anchor.node}" if loop.anchor.node else ""
    lines = [f"{indent}{loop.anchor.scope.word} [{loop.backend}]{place}"]
    lines.append(f"{indent}  because of {reason.name} at {reason.origin}")
    fixtures = [vertex for vertex in on_loop if vertex.kind is Kind.FIXTURE]
    for (scope, name, origin), count in Counter(
        (vertex.anchor.scope, vertex.name, str(vertex.origin)) for vertex in fixtures
    ).items():
        times = f" x{count}" if count > 1 else ""
        lines.append(f"{indent}  - {name} ({scope.word}, {origin}){times}")
    tests = len(on_loop) - len(fixtures)
    if tests:
        lines.append(f"{indent}  - {_count(tests, 'test')}")
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
