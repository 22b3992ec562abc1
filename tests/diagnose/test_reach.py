"""What holds an object is found by the shortest way, and told as an expression."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import sys
import types
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.backends import registry
from loopscope.diagnose.reach import is_loop, path_to

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator


class Target:
    """What is looked for."""


class Box:
    """Holds what it is given as attributes."""

    def __init__(self, **attributes: object) -> None:
        vars(self).update(attributes)

    def method(self) -> None:
        """Do nothing."""


class Slots:
    """Holds one thing in a slot."""

    __slots__ = ("empty", "held")

    def __init__(self, held: object) -> None:
        self.held = held


class Named(NamedTuple):
    """Holds two things by position and by name."""

    first: object
    second: object


class Liar:
    """Raises whatever is asked of it, as proxies do that are bound to nothing."""

    def __init__(self, held: object) -> None:
        object.__setattr__(self, "held", held)

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("unbound")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("unbound")

    __hash__ = None  # type: ignore[assignment]


def enclosing(held: object) -> Callable[[], object]:
    return lambda: held


def with_default(held: object) -> Callable[..., object]:
    def function(one: object = held, *, two: object = None) -> object:
        return one

    return function


def with_keyword_default(held: object) -> Callable[..., object]:
    def function(*, two: object = held) -> object:
        return two

    return function


def generator(held: object) -> Iterator[object]:
    def made() -> Generator[None, None, object]:
        inside = held
        yield
        return inside

    started = made()
    next(started)
    return started


def cached(held: object) -> Callable[[], object]:
    @functools.lru_cache
    def make() -> object:
        return held_elsewhere.pop()

    held_elsewhere = [held]
    make()
    return make


def wait_for(held: object) -> Any:
    async def wait() -> None:
        inside = held
        await nothing()
        del inside

    started = wait()
    started.send(None)
    return started


@types.coroutine
def nothing() -> Generator[None, None, None]:
    yield


def path(root: object, target: object, **options: int) -> str | None:
    """Return the way from `root` to `target`, as an expression that starts with `root`."""
    found = path_to([("root", root)], lambda one: one is target, **options)
    return None if found is None else str(found)


@pytest.mark.parametrize(
    ("hold", "expression"),
    [
        pytest.param(lambda held: held, "root", id="itself"),
        pytest.param(lambda held: Box(held=held), "root.held", id="attribute"),
        pytest.param(lambda held: Box(a=Box(b=held)), "root.a.b", id="attributes"),
        pytest.param(Slots, "root.held", id="slot"),
        pytest.param(lambda held: {"key": held}, "root['key']", id="key"),
        pytest.param(lambda held: {(1,): held}, "root[<tuple>]", id="another-key"),
        pytest.param(lambda held: [0, [held]], "root[1][0]", id="list"),
        pytest.param(lambda held: (0, held), "root[1]", id="tuple"),
        pytest.param(lambda held: deque([held]), "root[0]", id="deque"),
        pytest.param(lambda held: Named(0, held), "root.second", id="named-tuple"),
        pytest.param(lambda held: {held}, "root.<Target>", id="set"),
        pytest.param(enclosing, "root.<locals>.held", id="closure"),
        pytest.param(with_default, "root.<Target>", id="default"),
        pytest.param(with_keyword_default, "root.<Target>", id="keyword-default"),
        pytest.param(generator, "root.<locals>.inside", id="generator"),
        pytest.param(wait_for, "root.<locals>.inside", id="coroutine"),
        pytest.param(lambda held: Box(held=held).method, "root.__self__.held", id="method"),
        pytest.param(lambda held: functools.partial(print, held), "root.args[0]", id="partial"),
        pytest.param(cached, "root()", id="cache"),
    ],
)
def test_every_reference_is_followed_and_told_by_its_name(
    hold: Callable[[object], object], expression: str
) -> None:
    target = Target()
    root = hold(target)
    assert path(root, target) == expression
    if hasattr(root, "close"):
        root.close()


def test_code_of_what_is_met_is_not_run() -> None:
    target = Target()
    assert path([Liar(target), target], target) == "root[1]"
    assert path(Liar(Box(held=target)), target) in ("root.held.held", "root.<Box>.held")


@pytest.mark.parametrize("factory", ["asyncio", "uvloop"])
def test_the_loop_of_a_future_is_found(factory: str) -> None:
    pytest.importorskip(factory)
    host = registry.get(factory).open("here")
    try:
        future = host.native.create_future()
        handle = host.native.call_later(60, print)
        found = path_to([("client", Box(waiter=future))], is_loop)
        assert found is not None
        assert (str(found), found.found) == ("client.waiter._loop", host.native)
        assert path_to([("timer", handle)], is_loop) is not None
        handle.cancel()
    finally:
        host.close()


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(sys, id="module"),
        pytest.param(Box, id="class"),
        pytest.param(sys._getframe(), id="frame"),
        pytest.param(weakref.ref(Box), id="weak-reference"),
    ],
)
def test_what_is_connected_with_everything_ends_the_way(one: object) -> None:
    target = Target()
    Box.kept = sys.kept = target  # type: ignore[attr-defined]
    try:
        assert path([one], target) is None
    finally:
        del Box.kept, sys.kept  # type: ignore[attr-defined]


def test_a_context_ends_the_way() -> None:
    target = Target()
    context = contextvars.Context()
    context.run(contextvars.ContextVar[Target]("held").set, target)
    assert path(context, target) is None


def test_the_globals_of_a_function_are_not_held_by_it() -> None:
    assert path(enclosing(None), TARGET) is None


TARGET = Target()


def test_a_loop_ends_the_way_and_may_be_what_is_found() -> None:
    loop, target = asyncio.new_event_loop(), Target()
    try:
        loop.call_soon(print, target)
        assert path([loop], target) is None
        assert path([loop], loop) == "root[0]"
    finally:
        loop.close()


def test_what_belongs_to_the_machinery_ends_the_way(request: pytest.FixtureRequest) -> None:
    assert path([request], request.node) is None
    host = registry.get("asyncio").open("here")
    try:
        assert path([host], host.native) is None
    finally:
        host.close()


def test_the_nearest_root_is_told_and_of_those_as_near_the_first() -> None:
    target = Target()
    roots = [("far", [[target]]), ("one", [target]), ("two", [target])]
    found = path_to(roots, lambda one: one is target)
    assert found is not None
    assert (found.root, found.steps, found.found) == ("one", "[0]", target)


def test_the_objects_on_the_way_are_told() -> None:
    target = Target()
    inner = [target]
    outer = Box(inner=inner)
    found = path_to([("root", outer)], lambda one: one is target)
    assert found is not None
    assert [*map(id, found.way)] == [*map(id, (outer, inner, target))]


def test_a_label_may_be_anything() -> None:
    label, target = object(), Target()
    found = path_to([(label, [target])], lambda one: one is target)
    assert found is not None
    assert found.root is label


def test_no_more_objects_are_looked_at_than_the_limit() -> None:
    looked: list[object] = []

    def look(one: object) -> bool:
        looked.append(one)
        return False

    assert path_to([("root", [[] for _ in range(100)])], look, limit=10) is None
    assert len(looked) == 10


# What objects are made of: each holds some of those before it, by index, in one way or another.
KINDS: dict[str, Callable[[list[object]], object]] = {
    "list": list,
    "tuple": lambda held: (object(), *held),
    "dict": lambda held: {f"k{index}": one for index, one in enumerate(held)},
    "attributes": lambda held: Box(**{f"a{index}": one for index, one in enumerate(held)}),
    "slot": lambda held: Slots(held[0] if held else None),
    "deque": deque,
}


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[object], list[list[int]]]:
    """Draw objects and, for each, the indices of those that it holds."""
    objects: list[object] = []
    holds: list[list[int]] = []
    for index in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(sorted(KINDS)))
        held = draw(st.lists(st.integers(0, index - 1), max_size=3)) if index else []
        objects.append(KINDS[kind]([objects[one] for one in held]))
        holds.append(held[:1] if kind == "slot" else held)
    # Circles, which only what can change can be part of.
    for index in draw(st.lists(st.integers(0, len(objects) - 1), max_size=3)):
        one, other = objects[index], draw(st.integers(0, len(objects) - 1))
        if type(one) is list:
            one.append(objects[other])
            holds[index] = [*holds[index], other]
    return objects, holds


def distance(holds: list[list[int]], start: int, goal: int) -> int | None:
    """Return how many references lie between two objects."""
    reached, steps = {start}, 0
    frontier = {start}
    while frontier:
        if goal in frontier:
            return steps
        frontier = {next for one in frontier for next in holds[one]} - reached
        reached |= frontier
        steps += 1
    return None


@given(graphs(), st.data())
def test_a_path_is_found_where_there_is_one_is_the_shortest_and_leads_to_the_target(
    graph: tuple[list[object], list[list[int]]], data: st.DataObject
) -> None:
    objects, holds = graph
    indices = st.integers(0, len(objects) - 1)
    roots = data.draw(st.lists(indices, min_size=1, max_size=3))
    goal = data.draw(indices)
    found = path_to(
        [(f"r{root}", objects[root]) for root in roots], lambda one: one is objects[goal]
    )
    distances = [distance(holds, root, goal) for root in roots]
    known = [one for one in distances if one is not None]
    assert (found is None) == (not known)
    if found is not None:
        names = {f"r{root}": objects[root] for root in roots}
        assert eval(str(found), names) is objects[goal]
        assert found.steps.count(".") + found.steps.count("[") == min(known)
        assert distance(holds, int(found.root[1:]), goal) == min(known)
