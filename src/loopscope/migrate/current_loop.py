"""`asyncio.get_event_loop()` where no loop runs: since Python 3.14 there is none to get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from loopscope.migrate.draft import Draft
    from loopscope.migrate.source import Source


def note_current_loops(draft: Draft) -> None:
    """Note where a synchronous test or fixture asks for the current loop.

    In a coroutine it is the running loop, and stays as it is.
    """
    for function in draft.source.functions:
        is_ours = function.is_test or function.fixture is not None
        if is_ours and not function.is_async and function.name != "event_loop":
            calls = _Calls(draft.source)
            function.node.body.visit(calls)
            for call in calls.found:
                draft.note(
                    call,
                    f"{function.name} asks for the current loop, and none runs there: make it "
                    "async, or use asyncio.run",
                )


class _Calls(cst.CSTVisitor):
    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[cst.Call] = []

    def visit_Call(self, node: cst.Call) -> None:
        if self.source.meaning(node.func) == "asyncio.get_event_loop":
            self.found.append(node)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return node.asynchronous is None
