"""What a call of a function gives: what `inspect` says, whatever the function is."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import pytest

from loopscope.dialects.vocabulary import nature


async def coroutine() -> None: ...


async def generator() -> Any:
    yield


def plain() -> None: ...


@functools.wraps(coroutine)
def wrapper() -> None: ...


@pytest.mark.skip
def marked() -> None: ...


class Case:
    async def coroutine(self) -> None: ...

    def plain(self) -> None: ...

    async def __call__(self) -> None: ...


FUNCTIONS: tuple[Any, ...] = (
    coroutine,
    generator,
    plain,
    wrapper,
    marked,
    Case().coroutine,
    Case().plain,
    Case(),
    Case,
    functools.partial(coroutine),
    functools.partial(plain),
    len,
    None,
)


@pytest.mark.parametrize(
    "function", FUNCTIONS, ids=lambda one: getattr(one, "__name__", type(one).__name__)
)
def test_the_nature_of_a_function_is_what_inspect_says(function: Any) -> None:
    found = nature(function).name
    assert (found == "COROUTINE") == inspect.iscoroutinefunction(function)
    assert (found == "ASYNC_GENERATOR") == inspect.isasyncgenfunction(function)


@pytest.mark.skipif(not hasattr(inspect, "markcoroutinefunction"), reason="from Python 3.12 on")
def test_a_function_that_is_marked_as_a_coroutine_function_is_one() -> None:
    def function() -> None: ...

    getattr(inspect, "markcoroutinefunction")(function)  # noqa: B009
    assert nature(function).name == "COROUTINE"
