"""What a function returns, known without calling it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from loopscope.dialects.constants import UNKNOWN, returned_constant

GLOBAL = "trio"


def only_returns() -> str:
    return "asyncio"


def returns_with_a_docstring() -> str:
    """Say what the tests run on."""
    return "trio"


def returns_a_tuple() -> object:
    return ("asyncio", "debug")


def returns_nothing() -> None: ...


def takes_an_argument(request: object) -> str:
    return "asyncio"


def returns_a_global() -> str:
    return GLOBAL


def returns_an_argument(request: Any) -> Any:
    return request.param


def returns_options() -> object:
    return ("asyncio", {"debug": True})


def returns_one_of_two(first: object) -> str:
    if first:
        return "asyncio"
    return "trio"


def does_something_before() -> str:
    print()
    return "asyncio"


def yields() -> Any:
    yield "asyncio"


async def awaits() -> str:
    return "asyncio"


async def yields_asynchronously() -> Any:
    yield "asyncio"


class Callable:
    def __call__(self) -> str:
        return "asyncio"

    def method(self) -> str:
        return "asyncio"


def closing_over(name: str) -> Any:
    def constant() -> str:
        return "asyncio"

    def returns_it() -> str:
        return name

    return constant if name == "a constant" else returns_it


@pytest.mark.parametrize(
    ("function", "constant"),
    [
        (only_returns, "asyncio"),
        (returns_with_a_docstring, "trio"),
        (returns_a_tuple, ("asyncio", "debug")),
        (returns_nothing, None),
        (takes_an_argument, "asyncio"),
        (lambda: "asyncio", "asyncio"),
        (Callable().method, "asyncio"),
        (closing_over("a constant"), "asyncio"),
    ],
)
def test_a_constant_that_is_all_a_function_returns_is_known(
    function: object, constant: object
) -> None:
    assert returned_constant(function) == constant


@pytest.mark.parametrize(
    "function",
    [
        returns_a_global,
        returns_an_argument,
        returns_options,
        returns_one_of_two,
        does_something_before,
        yields,
        awaits,
        yields_asynchronously,
        closing_over("a cell"),
        partial(only_returns),
        Callable(),
        len,
        None,
    ],
)
def test_anything_else_is_not(function: object) -> None:
    assert returned_constant(function) is UNKNOWN
