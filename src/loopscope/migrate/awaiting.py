"""Synchronous tests and fixtures that run coroutines on `event_loop`, made asynchronous.

That is plain if they use the loop for nothing but `event_loop.run_until_complete(...)`, and run no
other loop: what they ran they await then, on the loop that they ran it on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from loopscope.migrate.edits import Edit

if TYPE_CHECKING:
    from loopscope.migrate.draft import Draft
    from loopscope.migrate.requests import Uses
    from loopscope.migrate.source import Function, Source

_RUN = "run_until_complete"
_OTHER_LOOPS = frozenset({"asyncio.run", "asyncio.get_event_loop", "asyncio.new_event_loop"})
# `await` binds tighter than all operators but these.
_NEED_PARENTHESES = (cst.Attribute, cst.Subscript, cst.Call, cst.BinaryOperation)


def make_async(draft: Draft, function: Function, uses: Uses) -> bool:
    """Make a function a coroutine that awaits what it ran; return whether that is plain."""
    source = draft.source
    runs = [_run(source, one) for one in uses.plain]
    if uses.nested or _runs_loops(source, function, len(runs)):
        return False
    edits = []
    for run in runs:
        if run is None:
            return False
        (argument,) = run.args
        start, end = source.span(run)
        inner_start, inner_end = source.span(argument)
        closing, opening = "", "await "
        if not isinstance(argument.value, (cst.Call, cst.Name, cst.Attribute)):
            opening, closing = "await (", ")"
        above = source.parent(run)
        if isinstance(above, _NEED_PARENTHESES) and not isinstance(above, cst.Arg):
            opening, closing = f"({opening}", f"{closing})"
        edits += [Edit(start, inner_start, opening), Edit(inner_end, end, closing)]
    at, _ = source.span(function.node)
    draft.edits += [*edits, Edit(at, at + len("def"), "async def")]
    return True


def _run(source: Source, name: cst.Name) -> cst.Call | None:
    """Return the call `event_loop.run_until_complete(...)` that a name is used in."""
    method = source.parent(name)
    call = None if method is None else source.parent(method)
    if not isinstance(method, cst.Attribute) or method.attr.value != _RUN:
        return None
    if not isinstance(call, cst.Call) or call.func is not method or len(call.args) != 1:
        return None
    (argument,) = call.args
    return call if argument.keyword is None and not argument.star else None


def _runs_loops(source: Source, function: Function, expected: int) -> bool:
    """Say whether a function runs more loops than the calls that are known, or cannot await."""
    calls = _Calls(source)
    function.node.body.visit(calls)
    return calls.number > expected or calls.is_odd


class _Calls(cst.CSTVisitor):
    def __init__(self, source: Source) -> None:
        self.source = source
        self.number = 0
        self.is_odd = False

    def visit_Call(self, node: cst.Call) -> None:
        if isinstance(node.func, cst.Attribute) and node.func.attr.value in (_RUN, "run_forever"):
            self.number += 1
        if self.source.meaning(node.func) in _OTHER_LOOPS:
            self.is_odd = True

    def visit_From(self, node: cst.From) -> None:
        self.is_odd = True  # `yield from`, which no coroutine has
