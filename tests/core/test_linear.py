"""Planning takes four times the steps for four times the tests.

Steps are lines of Python executed, so that the answer is the same on any machine.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.graph import Suite, Vertex
from loopscope.core.plan import plan
from loopscope.core.rules import check
from loopscope.core.scope import Anchor, Scope
from tests.core.literals import SESSION, a_fixture, a_test, own_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PER_MODULE = 50


def modules(tests: int) -> Iterator[tuple[Anchor, list[str]]]:
    """Yield modules, each with the names of its tests."""
    for number in range(tests // PER_MODULE):
        names = [f"test_{number}_{inner}" for inner in range(PER_MODULE)]
        yield Anchor(Scope.MODULE, f"test_{number}.py", SESSION), names


def loops_of_their_own(tests: int) -> Iterator[Vertex]:
    for module, names in modules(tests):
        for name in names:
            yield a_test(name, at=own_place(name, module))


def one_pool_for_all(tests: int) -> Iterator[Vertex]:
    pool = a_fixture("pool", SESSION)
    yield pool
    for module, names in modules(tests):
        for name in names:
            yield a_test(name, pool, at=own_place(name, module))


def a_chain_in_each_module(tests: int) -> Iterator[Vertex]:
    """Every tenth test comes with a fixture that uses the one before."""
    for module, names in modules(tests):
        used: list[Vertex] = []
        for number, name in enumerate(names):
            if number % 10 == 0:
                used = [a_fixture(f"db of {name}", module, *used)]
                yield from used
            yield a_test(name, *used, at=own_place(name, module))


def one_long_chain(tests: int) -> Iterator[Vertex]:
    """The shape that makes a union-find climb: each user comes before what it uses."""
    for number in range(tests):
        yield a_fixture(f"db {number}", SESSION, f"db {number + 1}")
        yield a_test(f"test {number}", f"db {number}")


@pytest.mark.parametrize(
    ("shape", "small"),
    [
        pytest.param(loops_of_their_own, 5_000, id="loops-of-their-own"),
        pytest.param(one_pool_for_all, 5_000, id="one-pool-for-all"),
        pytest.param(a_chain_in_each_module, 5_000, id="a-chain-in-each-module"),
        pytest.param(one_long_chain, 1_000, id="one-long-chain"),
    ],
)
def test_linear(shape: Callable[[int], Iterator[Vertex]], small: int) -> None:
    def steps(tests: int) -> int:
        suite = Suite.of(shape(tests))
        return lines_executed(lambda: check(plan(suite)))

    assert steps(4 * small) <= 4.2 * steps(small)


def test_the_count_of_steps_sees_what_is_not_linear() -> None:
    def quadratic(number: int) -> Callable[[], object]:
        return lambda: [None for _ in range(number) for _ in range(number)]

    assert lines_executed(quadratic(200)) > 12 * lines_executed(quadratic(50))


def lines_executed(action: Callable[[], object]) -> int:
    """Return how many lines of Python `action` executes."""
    count = 0

    def trace(frame: object, event: str, arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count
