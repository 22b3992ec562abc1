"""A task tree is told on one screen: who waits for what, and the lines that lead there."""

from __future__ import annotations

from loopscope.backends.call_graph import Call, TaskNode
from loopscope.core.origin import Origin
from loopscope.diagnose.task_tree import LINES, render


def origin(call: Call) -> Origin:
    return Origin(call.path.removeprefix("/suite/"), call.line)


def told(tree: TaskNode) -> str:
    return "\n".join(render(tree, origin))


WORKER = TaskNode("worker", (Call("work", "/suite/app/workers.py", 120),), "asyncio: Queue.get")
WAITS = (
    Call("test_login", "/suite/test_a.py", 40),
    Call("Client.fetch", "/suite/app/client.py", 7),
)


def test_each_task_says_what_it_waits_for_and_where() -> None:
    assert (
        told(TaskNode("test_login", WAITS, "task 'worker'", (WORKER,)))
        == """\
task tree
  test_login waits for task 'worker'
    test_a.py:40     test_login
    app/client.py:7  Client.fetch
      worker waits for asyncio: Queue.get
        app/workers.py:120  work"""
    )


def test_what_waits_for_nothing_is_running() -> None:
    assert told(TaskNode("test_login")) == "task tree\n  test_login is running"


def test_what_was_left_out_is_counted_where_it_was() -> None:
    tree = TaskNode("test_login", WAITS, "the tasks of its group", (WORKER,), 30, 4)
    assert (
        told(tree)
        == """\
task tree
  test_login waits for the tasks of its group
    test_a.py:40     test_login
    ... 30 more calls
    app/client.py:7  Client.fetch
      worker waits for asyncio: Queue.get
        app/workers.py:120  work
      ... 4 more tasks"""
    )


def test_it_ends_with_the_screen() -> None:
    lines = render(TaskNode("test_login", WAITS, "tasks", (WORKER,) * 50), origin)
    assert len(lines) == LINES
    assert lines[-1] == f"  ... and {4 + 2 * 50 - LINES + 1} more lines"
