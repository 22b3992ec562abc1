"""The fixture `event_loop` of before pytest-asyncio 0.23: its overrides, and who asks for it.

The scope of an override is in the plan, as the loop scope of all that was on it; so it can go. What
made another loop than asyncio's own becomes a loop factory.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import libcst as cst

from loopscope.migrate.edits import Edit
from loopscope.migrate.loops_made import factories_of_policy, factory_of_loop
from loopscope.migrate.source import constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.migrate.draft import Draft
    from loopscope.migrate.loops_made import Factory
    from loopscope.migrate.source import Function

LOOP = "event_loop"
POLICY = "event_loop_policy"
HOOK = "pytest_asyncio_loop_factories"


def drop_overrides(draft: Draft, *, has_hook: bool) -> bool:
    """Drop what overrides `event_loop`; return whether all of it could be dropped.

    `has_hook` says whether the vocabulary has a hook for loops that are not asyncio's own.
    """
    is_gone = True
    for function in draft.source.fixtures(LOOP):
        made = factory_of_loop(draft.source, function)
        if made is None:
            draft.note(function, "event_loop does more than make a loop, and is left")
            is_gone = False
        elif not made.expression:
            draft.drop(function.node)
        elif not _becomes_hook(draft, function, [made], has_hook=has_hook):
            is_gone = False
    return is_gone


def replace_policies(draft: Draft, *, has_hook: bool) -> None:
    """Put the hook for loop factories in the place of an `event_loop_policy` that is plain."""
    for function in draft.source.fixtures(POLICY):
        made = factories_of_policy(draft.source, function)
        if made is None:
            draft.note(function, f"what event_loop_policy makes is not plain; see the hook {HOOK}")
        else:
            _becomes_hook(draft, function, made, has_hook=has_hook)


def _becomes_hook(
    draft: Draft, function: Function, made: Sequence[Factory], *, has_hook: bool
) -> bool:
    source = draft.source
    factories = ", ".join(f"{draft.string(one.name)}: {one.expression}" for one in made)
    if not has_hook:
        draft.note(function, f"{function.name} makes loops of its own ({factories}), and is left")
        return False
    is_conftest = PurePosixPath(source.path).name == "conftest.py"
    has_one = any(one.node.name.value == HOOK for one in source.functions)
    if not is_conftest or function.classes or has_one:
        draft.note(
            function,
            f"{function.name} is left: its loops belong into the hook {HOOK} of a conftest.py, "
            f"as {{{factories}}}",
        )
        return False
    first = function.node.decorators[0] if function.node.decorators else function.node
    start, end = source.span(first)[0], source.span(function.node)[1]
    newline = source.newline
    indent = source.module.default_indent
    body = f"def {HOOK}(config, item):{newline}{indent}return {{{factories}}}"
    draft.edits.append(Edit(start, end, body))
    for module in {module for one in made for module in one.modules}:
        draft.imports.name_of(module)
    return True


def drop_requests(draft: Draft) -> None:
    """Drop `event_loop` from what tests and fixtures ask for, and get the running loop instead."""
    for function in draft.source.functions:
        if function.name == LOOP or not (function.is_test or function.fixture is not None):
            continue
        if any(one.name.value == LOOP for one in function.parameters()):
            _drop_request(draft, function)
    for mark in draft.source.marks:
        if mark.name == "usefixtures" and mark.call is not None:
            asked = [one for one in mark.call.args if constant(one.value) == LOOP]
            if asked and len(asked) == len(mark.call.args):
                draft.drop_mark(mark)
            elif asked:
                draft.drop_positional(mark.call, asked)


def _drop_request(draft: Draft, function: Function) -> None:
    uses = _Uses()
    function.node.body.visit(uses)
    if uses.is_bound_again:
        draft.note(function, "event_loop is bound again, and is left")
    elif not function.is_async and (uses.plain or uses.nested):
        draft.note(
            function,
            f"{function.name} uses event_loop and is no async function: make it one, which awaits "
            "what event_loop.run_until_complete runs",
        )
    else:
        draft.drop_parameter(function, LOOP)
        if uses.plain or uses.nested:
            running = f"{draft.imports.name_of('asyncio')}.get_running_loop()"
            if uses.nested:
                draft.begin_with(function, f"{LOOP} = {running}")
            else:
                for name in uses.plain:
                    draft.replace(name, running)


class _Uses(cst.CSTVisitor):
    """Where the name `event_loop` is used in a body.

    `plain` are uses in the coroutine itself, `nested` those in a function that may be called where
    no loop runs.
    """

    def __init__(self) -> None:
        self.plain: list[cst.Name] = []
        self.nested: list[cst.Name] = []
        self.is_bound_again = False
        self._depth = 0

    def visit_Name(self, node: cst.Name) -> None:
        if node.value == LOOP:
            (self.nested if self._depth else self.plain).append(node)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        node.value.visit(self)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self._bound(node.target)

    def visit_Param(self, node: cst.Param) -> None:
        self._bound(node.name)

    def _bound(self, node: cst.BaseExpression) -> None:
        if isinstance(node, cst.Name) and node.value == LOOP:
            self.is_bound_again = True

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._depth += 1

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self._depth -= 1

    def visit_Lambda(self, node: cst.Lambda) -> None:
        self._depth += 1

    def leave_Lambda(self, original_node: cst.Lambda) -> None:
        self._depth -= 1
