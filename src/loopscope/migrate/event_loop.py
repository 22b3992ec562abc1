"""The fixture `event_loop` of before pytest-asyncio 0.23: its overrides, and who asks for it.

The scope of an override is in the plan, as the loop scope of all that was on it; so it can go. What
made another loop than asyncio's own becomes a loop factory.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from loopscope.migrate.awaiting import make_async
from loopscope.migrate.edits import Edit
from loopscope.migrate.loops_made import factories_of_policy, factory_of_loop
from loopscope.migrate.requests import Uses, asking, drop_usefixtures

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


def drop_requests(draft: Draft) -> list[Function]:
    """Drop `event_loop` from what tests and fixtures ask for, and get the running loop instead.

    Returns those that were synchronous, and became asynchronous.
    """
    changed = []
    for function in asking(draft.source, LOOP):
        if function.name != LOOP and _drop_request(draft, function):
            changed.append(function)
    drop_usefixtures(draft, LOOP)
    return changed


def _drop_request(draft: Draft, function: Function) -> bool:
    """Drop one; return whether the function became asynchronous."""
    uses = Uses.of(LOOP, function)
    if uses.is_bound_again:
        draft.note(function, "event_loop is bound again, and is left")
    elif not function.is_async and uses:
        if make_async(draft, function, uses):
            draft.drop_parameter(function, LOOP)
            return True
        draft.note(
            function,
            f"{function.name} uses event_loop and is no async function: make it one, which awaits "
            "what event_loop.run_until_complete runs",
        )
    else:
        draft.drop_parameter(function, LOOP)
        if uses:
            running = f"{draft.imports.name_of('asyncio')}.get_running_loop()"
            if uses.nested:
                draft.begin_with(function, f"{LOOP} = {running}")
            else:
                for name in uses.plain:
                    draft.replace(name, running)
    return False
