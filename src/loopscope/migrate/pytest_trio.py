"""What only pytest-trio has: its mode, its nursery, and its clocks."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import libcst as cst
from libcst.helpers import get_full_name_for_node

from loopscope.core.graph import Kind
from loopscope.core.scope import Scope
from loopscope.migrate.marks import nearest
from loopscope.migrate.requests import asking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopscope.migrate.draft import Draft
    from loopscope.migrate.source import Function
    from loopscope.migrate.work import Work

CLOCKS = ("mock_clock", "autojump_clock")
_MODE = "pytest_trio.enable_trio_mode"


def find_trio_tests(work: Work) -> None:
    """Take from the source what is pytest-trio's.

    A test of its has a run of its own, and so is in no plan; nothing in that run is wider.
    """
    is_auto = work.is_auto or any(map(_mode_lines, work.drafts.values()))
    for draft in work.drafts.values():
        for function in _tests(draft, is_auto=is_auto):
            work.take(draft, function, Kind.TEST, Scope.FUNCTION, "trio")
    if not work.definitions:
        return
    for draft in work.drafts.values():
        for function in draft.source.functions:
            if function.is_async and function.fixture is not None:
                work.take(draft, function, Kind.FIXTURE, Scope.FUNCTION, "trio")


def _tests(draft: Draft, *, is_auto: bool) -> Iterator[Function]:
    source = draft.source
    name = PurePosixPath(source.path).name
    if not name.startswith("test_") and not name.endswith("_test.py"):
        return
    for function in source.functions:
        if function.is_async and function.is_test:
            is_other = any(nearest(source, function, one) for one in ("asyncio", "anyio"))
            if nearest(source, function, "trio") is not None or (is_auto and not is_other):
                yield function


def drop_trio_mode(draft: Draft) -> None:
    """Drop the import that puts a directory into trio mode."""
    for line in _mode_lines(draft):
        draft.drop(line)


def _mode_lines(draft: Draft) -> list[cst.SimpleStatementLine]:
    return [
        line
        for line in draft.source.module.body
        if isinstance(line, cst.SimpleStatementLine) and _imports_mode(line)
    ]


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
