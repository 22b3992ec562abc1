"""What asyncio's tasks wait for, as far as asyncio tells."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from loopscope.backends import call_graph
from loopscope.backends.drive import ATTEMPTS, Abandoned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loopscope.backends.call_graph import Stack, TaskNode

    AnyTask = asyncio.Task[Any]


def graph_of(root: AnyTask, running: Stack | None, hidden: Iterable[AnyTask]) -> TaskNode:
    """Return the tasks below `root` except those that are `hidden`.

    `running` is the stack of the thread since it began to turn the loop, if it is known.
    """
    awaiting = _awaiting(root.get_loop())

    def stack(task: AnyTask) -> Stack:
        return stack_of(task, running)

    def below(task: AnyTask, stack: Stack) -> list[AnyTask]:
        found = {*_below(task, stack), *awaiting.get(task, ())}.difference(hidden)
        # asyncio keeps them in sets; the names that it gives are numbered.
        return sorted(
            (child for child in found if not child.done()),
            key=lambda child: (len(child.get_name()), child.get_name()),
        )

    def waits_for(task: AnyTask, stack: Stack) -> str:
        return "" if _is_current(task) else _waits_for(task, stack)

    return call_graph.tree(root, lambda task: task.get_name(), stack, waits_for, below)


def stack_of(task: AnyTask, running: Stack | None) -> Stack:
    """Return where a task stands; `running` is as in `graph_of`."""
    if _is_current(task) and running is not None:
        return running
    return call_graph.awaited_by(task.get_coro())


def _is_current(task: AnyTask) -> bool:
    return task is asyncio.current_task(task.get_loop())


def abandon_below(root: AnyTask, hidden: Iterable[AnyTask]) -> None:
    """Close all that `root` waits for, so that it is not waited for in vain."""
    stack = call_graph.awaited_by(root.get_coro())
    for task in list(_below(root, stack)):
        if task not in hidden and not task.done() and task is not root:
            abandon_below(task, (*hidden, root))
            _abandon(task)


def _abandon(task: AnyTask) -> None:
    """Close the coroutine of a task that is suspended, and have the task notice."""
    coroutine: Any = task.get_coro()
    for _ in range(ATTEMPTS):
        try:
            coroutine.throw(Abandoned())
        except BaseException:
            break  # it has ended, whatever it ended with
    # The task is told by Python that its coroutine has ended; nobody else has to be.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    task.cancel()


def _waits_for(task: AnyTask, stack: Stack) -> str:
    waiter: Any = getattr(task, "_fut_waiter", None)
    if waiter is None:
        return "its turn"
    if isinstance(waiter, asyncio.Task):
        return f"task {waiter.get_name()!r}"
    if hasattr(waiter, "_children"):
        return f"the {len(waiter._children)} tasks that it gathers"
    return call_graph.leaf_of(stack) or "a future"


def _below(task: AnyTask, stack: Stack) -> Iterator[AnyTask]:
    """Yield the tasks that `task` waits for, and those of the task groups that it has open."""
    waiter: Any = getattr(task, "_fut_waiter", None)
    for awaited in (waiter, *getattr(waiter, "_children", ())):
        if isinstance(awaited, asyncio.Task):
            yield awaited
    for frame, _ in stack:
        values = list(frame.f_locals.values())
        for value in values:
            if type(value).__name__ == "TaskGroup":  # asyncio's or anyio's
                yield from _tasks_in(getattr(value, "_tasks", ()))
        if frame.f_globals.get("__name__") == "asyncio.tasks":
            for value in values:  # those of `wait` and, before Python 3.12, of `wait_for`
                yield from _tasks_in(value if isinstance(value, (set, list, tuple)) else (value,))


def _tasks_in(values: Iterable[object]) -> list[AnyTask]:
    return [value for value in list(values) if isinstance(value, asyncio.Task)]


def _awaiting(loop: asyncio.AbstractEventLoop) -> dict[object, list[AnyTask]]:
    """Return which tasks are awaited by which, where asyncio keeps account (Python 3.14)."""
    found: dict[object, list[AnyTask]] = {}
    capture: Any = getattr(asyncio, "capture_call_graph", None)
    if capture is not None:
        for task in asyncio.all_tasks(loop):
            graph = capture(task)
            for awaiter in () if graph is None else graph.awaited_by:
                found.setdefault(awaiter.future, []).append(task)
    return found
