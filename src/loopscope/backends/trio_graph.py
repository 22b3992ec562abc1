"""What trio's tasks wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.backends import call_graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio.lowlevel import Task

    from loopscope.backends.call_graph import Stack, TaskNode


def graph_of(
    root: Task, running: Stack | None = None, current: Task | None = None, name: str | None = None
) -> TaskNode:
    """Return the tasks below `root`, which may be known by another `name`.

    `running` is the stack of the thread since it began to turn the run, and `current` is the task
    that runs there, if any.
    """

    def stack(task: Task) -> Stack:
        return stack_of(task, running, current)

    def waits_for(task: Task, stack: Stack) -> str:
        return "" if task is current else call_graph.leaf_of(stack) or "its turn"

    def below(task: Task, stack: Stack) -> Iterator[Task]:
        for nursery in task.child_nurseries:
            yield from sorted(nursery.child_tasks, key=lambda child: child.name)

    def named(task: Task) -> str:
        return name if name is not None and task is root else task.name

    return call_graph.tree(root, named, stack, waits_for, below)


def stack_of(task: Task, running: Stack | None, current: Task | None) -> Stack:
    """Return where a task stands; `running` and `current` are as in `graph_of`."""
    if task is current and running is not None:
        return running
    return call_graph.awaited_by(task.coro)
