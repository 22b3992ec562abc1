"""What a step waits for is read off its tasks, within bounds."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import trio

from loopscope.backends import call_graph
from loopscope.backends.call_graph import BREADTH, CALLS, DEPTH, Call, TaskNode
from tests.backends.place import Place, value
from tests.backends.words import STRUCTURED, in_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

    from loopscope.backends.base import Host
    from tests.backends.words import Words


class Looks:
    """Takes the call graph of a host while its step waits."""

    def __init__(self, host: Host, words: Words) -> None:
        self.host = host
        self.words = words
        self.turns = 5
        self.tree = TaskNode("")

    def of(self, body: Callable[[Any], Awaitable[None]]) -> TaskNode:
        """Run `body(event)`, which is to wait for the event, and look at it when all else waits."""

        async def run() -> None:
            event = self.words.event()
            self._look_soon(event, self.turns)
            await body(event)

        value(Place(self.host, "a test", hidden=False).run(run))
        return self.tree

    def _look_soon(self, event: Any, turns: int) -> None:
        def look() -> None:
            if turns:
                self._look_soon(event, turns - 1)
            else:
                self.tree = self.host.call_graph(None)
                event.set()

        self.host.call_soon(look)


@pytest.fixture
def looks(host: Host, words: Words) -> Looks:
    return Looks(host, words)


def names(node: TaskNode) -> list[str]:
    return [call.function for call in node.calls]


def library(words: Words) -> str:
    return "trio" if words.backend == "trio" else "asyncio"


async def inner(event: Any) -> None:
    await event.wait()


async def outer(event: Any) -> None:
    await inner(event)


def test_the_calls_are_those_of_user_code_from_the_outermost_inwards(
    looks: Looks, words: Words
) -> None:
    tree = looks.of(outer)
    assert names(tree)[-2:] == ["outer", "inner"]
    assert tree.calls[-1] == Call("inner", __file__, inner.__code__.co_firstlineno + 1)
    assert tree.waits_for == f"{library(words)}: Event.wait"
    assert not tree.children


async def steps(event: Any) -> AsyncGenerator[None, None]:
    await event.wait()
    yield


async def through_a_generator(event: Any) -> None:
    async for _ in steps(event):
        pass


@asynccontextmanager
async def managed(event: Any) -> AsyncGenerator[None, None]:
    await event.wait()
    yield


async def through_a_manager(event: Any) -> None:
    async with managed(event):
        pass


class Thing:
    def __init__(self, event: Any) -> None:
        self.event = event

    def __await__(self) -> Generator[Any, None, None]:
        return inner(self.event).__await__()


async def through_an_object(event: Any) -> None:
    await Thing(event)


@pytest.mark.parametrize(
    ("body", "last"),
    [(through_a_generator, "steps"), (through_a_manager, "managed"), (through_an_object, "inner")],
    ids=["async generator", "async context manager", "__await__"],
)
def test_what_is_awaited_is_followed_through(
    looks: Looks, body: Callable[[Any], Awaitable[None]], last: str
) -> None:
    assert names(looks.of(body))[-2:] == [body.__name__, last]


def test_the_tasks_of_a_group_stand_below_who_opened_it(looks: Looks, words: Words) -> None:
    if words not in STRUCTURED:
        pytest.skip("asyncio's own task groups came in 3.11")

    async def body(event: Any) -> None:
        async with words.task_group() as group:
            for _ in range(2):
                group.start_soon(inner, event)

    tree = looks.of(body)
    assert tree.waits_for == "the tasks of its group"
    assert [names(child) for child in tree.children] == [["inner"], ["inner"]]


def test_tasks_of_a_group_are_shown_while_its_block_goes_on(looks: Looks, words: Words) -> None:
    if words not in STRUCTURED:
        pytest.skip("asyncio's own task groups came in 3.11")

    async def in_asyncio(event: Any) -> None:
        async with getattr(asyncio, "TaskGroup")() as group:  # noqa: B009
            group.create_task(outer(event))
            await inner(event)

    async def in_trio(event: Any) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(outer, event)
            await inner(event)

    tree = looks.of(in_trio if words.backend == "trio" else in_asyncio)
    assert names(tree)[-1] == "inner"
    assert [names(child) for child in tree.children] == [["outer", "inner"]]


@pytest.mark.parametrize("how", ["await", "gather", "wait", "wait_for", "shield"])
@in_asyncio
def test_a_task_that_is_awaited_stands_below(looks: Looks, how: str) -> None:
    async def body(event: Any) -> None:
        task = asyncio.create_task(outer(event), name="the other")
        if how == "gather":
            await asyncio.gather(task, inner(event))
        elif how == "wait":
            await asyncio.wait([task])
        elif how == "wait_for":
            await asyncio.wait_for(task, 60)
        elif how == "shield":
            await asyncio.shield(task)
        else:
            await task

    tree = looks.of(body)
    if how == "shield" and sys.version_info < (3, 14):
        # Python does not tell.
        assert tree.children == ()
        return
    other = next(child for child in tree.children if child.name == "the other")
    assert names(other) == ["outer", "inner"]
    if how == "await":
        assert tree.waits_for == "task 'the other'"
    if how == "gather":
        assert tree.waits_for == "the 2 tasks that it gathers"
        assert len(tree.children) == 2


@pytest.mark.skipif(sys.version_info < (3, 14), reason="asyncio.capture_call_graph")
@in_asyncio
def test_who_awaits_whom_is_asyncios_to_tell_where_it_can(looks: Looks) -> None:
    async def body(event: Any) -> None:
        task = asyncio.create_task(outer(event), name="the other")
        await asyncio.shield(task)

    assert [child.name for child in looks.of(body).children] == ["the other"]


@in_asyncio
def test_no_task_of_ours_is_shown(looks: Looks, host: Host) -> None:
    module = Place(host)

    async def fixture() -> AsyncGenerator[None, None]:
        yield

    module.enter(fixture)

    async def body(event: Any) -> None:
        tasks = [*asyncio.all_tasks()]
        await inner(event)
        del tasks

    assert looks.of(body).children == ()
    value(module.leave("fixture"))


def test_what_runs_just_now_is_read_off_its_thread(host: Host) -> None:
    trees = []

    def look() -> None:
        trees.append(host.call_graph(host.running_stack(sys._getframe())))

    async def body() -> None:
        look()

    value(Place(host, "a test", hidden=False).run(body))
    (tree,) = trees
    assert names(tree)[-2:] == ["body", "look"]
    assert tree.waits_for == ""


def test_outside_of_a_turn_nothing_runs(host: Host) -> None:
    assert host.running_stack(sys._getframe()) is None
    assert host.under_way is None


def test_many_tasks_are_cut_short(looks: Looks, words: Words) -> None:
    if words not in STRUCTURED:
        pytest.skip("asyncio's own task groups came in 3.11")

    async def body(event: Any) -> None:
        async with words.task_group() as group:
            for _ in range(BREADTH + 3):
                group.start_soon(inner, event)

    tree = looks.of(body)
    assert len(tree.children) == BREADTH
    assert tree.tasks_left_out == 3


def test_deep_tasks_are_cut_short(looks: Looks, words: Words) -> None:
    if words not in STRUCTURED:
        pytest.skip("asyncio's own task groups came in 3.11")

    async def nested(event: Any, depth: int) -> None:
        async with words.task_group() as group:
            if depth:
                group.start_soon(nested, event, depth - 1)
            else:
                group.start_soon(inner, event)

    async def body(event: Any) -> None:
        await nested(event, DEPTH)

    looks.turns = 10 * DEPTH
    tree = looks.of(body)
    levels = 1
    while tree.children:
        (tree,) = tree.children
        levels += 1
    assert levels == DEPTH
    assert tree.tasks_left_out == 1


async def recursive(event: Any, depth: int) -> None:
    if depth:
        await recursive(event, depth - 1)
    else:
        await inner(event)


def test_many_calls_are_cut_short_in_the_middle(looks: Looks) -> None:
    async def body(event: Any) -> None:
        await recursive(event, 50)

    tree = looks.of(body)
    assert len(tree.calls) == CALLS
    # `run` and `body`, 51 times `recursive`, `inner`.
    assert tree.calls_left_out == 54 - CALLS
    assert names(tree)[-2:] == ["recursive", "inner"]


def test_it_is_data(looks: Looks) -> None:
    tree = looks.of(inner)
    with pytest.raises(AttributeError):
        tree.name = "another"  # type: ignore[misc]
    assert hash(tree) == hash(tree._replace())


def test_a_traceback_is_made_that_ends_in_user_code(host: Host, words: Words) -> None:
    found = []

    async def body() -> None:
        event = words.event()

        def look() -> None:
            found.append(call_graph.traceback_of(host.await_stack(None)))
            event.set()

        host.call_soon(look)
        await outer(event)

    value(Place(host, "a test", hidden=False).run(body))
    (traceback,) = found
    lines = []
    while traceback is not None:
        lines.append((traceback.tb_frame.f_code.co_name, traceback.tb_lineno))
        traceback = traceback.tb_next
    assert lines[-2:] == [
        ("outer", outer.__code__.co_firstlineno + 1),
        ("inner", inner.__code__.co_firstlineno + 1),
    ]
