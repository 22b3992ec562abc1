"""A task tree as text: who waits for what, with the lines of user code that lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loopscope.backends.call_graph import Call, TaskNode
    from loopscope.core.origin import Origin

LINES = 30
"""How much fits on a screen, below the rest of a failure."""


def render(tree: TaskNode, origin: Callable[[Call], Origin]) -> list[str]:
    """Return the lines that show `tree`, with paths as `origin` shortens them."""
    lines = ["task tree", *_node(tree, origin, "  ")]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], f"  ... and {len(lines) - LINES + 1} more lines"]
    return lines


def _node(node: TaskNode, origin: Callable[[Call], Origin], indent: str) -> Iterator[str]:
    does = f"waits for {node.waits_for}" if node.waits_for else "is running"
    yield f"{indent}{node.name} {does}"
    places = [str(origin(call)) for call in node.calls]
    width = max(map(len, places), default=0)
    for index, (place, call) in enumerate(zip(places, node.calls, strict=True)):
        if node.calls_left_out and index == len(places) // 2:
            yield f"{indent}  ... {node.calls_left_out} more calls"
        yield f"{indent}  {place:<{width}}  {call.function}"
    for child in node.children:
        yield from _node(child, origin, f"{indent}    ")
    if node.tasks_left_out:
        yield f"{indent}    ... {node.tasks_left_out} more tasks"
