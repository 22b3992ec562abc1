"""Loops that only a declaration makes as wide as they are, where there are no words for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.core.graph import Kind
from loopscope.core.scope import Scope
from loopscope.migrate.edits import Note
from loopscope.migrate.wanted import undeclared

if TYPE_CHECKING:
    from loopscope.migrate.work import Work


def note_lost_loops(work: Work) -> None:
    """Note, once a file, which tests share a loop only because it was declared."""
    without = undeclared(work.plan, work.old.name)
    lost: dict[str, list[tuple[int, str]]] = {}
    for place, definition in work.definitions.items():
        is_test = definition.kind is Kind.TEST and definition.is_async
        if is_test and without.get(place, Scope.FUNCTION) < definition.loop:
            lost.setdefault(place[0], []).append((place[1], definition.name))
    for path, tests in lost.items():
        (line, name), *others = sorted(tests)
        more = f" and {len(others)} more" if others else ""
        work.notes.append(
            Note(
                path,
                line,
                f"{name}{more} shared a wider loop without a fixture that needs it; "
                f"{work.new.name} gives each test its own then",
            )
        )
