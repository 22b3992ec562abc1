"""Decorators as they are to be written in place of what stands there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.core.declared import Declared
from loopscope.dialects import spelling

if TYPE_CHECKING:
    from collections.abc import Collection

    from loopscope.advise.evidence import Evidence, Written
    from loopscope.advise.scanning import Decorator
    from loopscope.core.scope import Scope

FIXTURE_DECORATORS = frozenset(
    {
        "pytest.fixture",
        "pytest_asyncio.fixture",
        "pytest_asyncio.plugin.fixture",
        "pytest_trio.trio_fixture",
        "loopscope.fixture",
    }
)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What to write above a test or a fixture, and in place of which decorator if there is one."""

    kind: str
    name: str
    where: str
    write: str
    instead: str | None = None


def asyncio_mark(evidence: Evidence, test: Written, scope: Scope) -> Declaration:
    """Return the mark by which pytest-asyncio runs `test` on the loop of `scope`."""
    mark = spelling("pytest-asyncio").mark(Declared(scope))
    assert mark is not None
    there = _decorator(evidence, test, {"pytest.mark.asyncio"})
    kept = [] if there is None else _kept(there, {"scope", "loop_scope"})
    if kept:
        mark = f"{mark[:-1]}, {', '.join(kept)})"
    return _declaration(test, mark, there)


def asyncio_fixture(evidence: Evidence, fixture: Written, scope: Scope) -> Declaration:
    """Return the decorator by which pytest-asyncio sets `fixture` up on the loop of `scope`."""
    there = _decorator(evidence, fixture, FIXTURE_DECORATORS)
    if there is None:
        said = spelling("pytest-asyncio").decorator(Declared(scope), fixture.scope)
        assert said is not None
        return _declaration(fixture, said, None)
    is_its_own = there.name.startswith("pytest_asyncio.")
    callee = there.callee if is_its_own else "pytest_asyncio.fixture"
    words = [*_kept(there, {"loop_scope"}), f'loop_scope="{scope.word}"']
    return _declaration(fixture, f"@{callee}({', '.join(words)})", there)


def plain_fixture(evidence: Evidence, fixture: Written) -> Declaration | None:
    """Return the decorator of pytest's own for `fixture`; None if it has that already."""
    there = _decorator(evidence, fixture, FIXTURE_DECORATORS)
    if there is None or there.name == "pytest.fixture":
        return None
    words = _kept(there, {"loop_scope"})
    return _declaration(
        fixture, f"@pytest.fixture({', '.join(words)})" if words else "@pytest.fixture", there
    )


def _declaration(one: Written, write: str, there: Decorator | None) -> Declaration:
    instead = None if there is None else f"@{there.text}"
    return Declaration(one.first.kind.value, one.name, one.where, write, instead)


def _decorator(evidence: Evidence, one: Written, names: Collection[str]) -> Decorator | None:
    definition = evidence.definition(one.first)
    decorators = () if definition is None else definition.decorators
    return next((decorator for decorator in decorators if decorator.name in names), None)


def _kept(decorator: Decorator, dropped: Collection[str]) -> list[str]:
    return [
        text if name is None else f"{name}={text}"
        for name, text in decorator.arguments
        if name not in dropped
    ]
