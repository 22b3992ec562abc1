"""What only pytest-trio has: its mode, its nursery, and its clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
from libcst.helpers import get_full_name_for_node

from loopscope.migrate.requests import asking

if TYPE_CHECKING:
    from loopscope.migrate.draft import Draft
    from loopscope.migrate.work import Work

CLOCKS = ("mock_clock", "autojump_clock")
_MODE = "pytest_trio.enable_trio_mode"


def drop_trio_mode(draft: Draft) -> None:
    """Drop the import that puts a directory into trio mode."""
    for line in draft.source.module.body:
        if isinstance(line, cst.SimpleStatementLine) and _imports_mode(line):
            draft.drop(line)


def _imports_mode(line: cst.SimpleStatementLine) -> bool:
    match line.body:
        case [cst.ImportFrom(module=cst.CSTNode() as module)]:
            return get_full_name_for_node(module) == _MODE
    return False


def note_clocks(draft: Draft) -> None:
    """Note who asks for a clock: nobody else has one."""
    for clock in CLOCKS:
        for function in asking(draft.source, clock):
            draft.note(function, f"{function.name} asks for {clock}, which only pytest-trio has")


def provide_nursery(work: Work) -> None:
    """Give the suite the fixture `nursery`, if anything asks for it."""
    drafts = list(work.drafts.values())
    if not any(any(asking(draft.source, "nursery")) for draft in drafts):
        return
    if any(draft.source.fixtures("nursery") for draft in drafts):
        return
    draft = work.shared_draft()
    pytest, trio = draft.imports.name_of("pytest"), draft.imports.name_of("trio")
    indent = draft.source.module.default_indent
    draft.define(
        f"@{pytest}.fixture",
        "async def nursery():",
        f"{indent}async with {trio}.open_nursery() as nursery:",
        f"{indent * 2}yield nursery",
        f"{indent * 2}nursery.cancel_scope.cancel()",
    )
