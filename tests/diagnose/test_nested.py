"""What the libraries say of a loop that is run inside a running one."""

from __future__ import annotations

import asyncio
import sys
import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.diagnose.notes import nested_run_in

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Nothing = Coroutine[Any, Any, None]


async def nothing() -> None: ...


def by_run(coroutine: Nothing) -> None:
    asyncio.run(coroutine)


def by_loop(coroutine: Nothing) -> None:
    asyncio.get_running_loop().run_until_complete(coroutine)


def by_other_loop(coroutine: Nothing) -> None:
    with closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(coroutine)


def by_runner(coroutine: Nothing) -> None:
    if sys.version_info < (3, 11):
        pytest.skip("asyncio.Runner came with Python 3.11")
    runner = asyncio.Runner()
    with closing(runner.get_loop()):
        runner.run(coroutine)


@pytest.mark.parametrize("call", [by_run, by_loop, by_other_loop, by_runner])
def test_what_asyncio_refuses_is_recognised(call: Callable[[Nothing], None]) -> None:
    async def call_it() -> bool:
        with closing(nothing()) as coroutine, pytest.raises(RuntimeError) as caught:
            call(coroutine)
        return nested_run_in(caught.value) is caught.value

    # Those that wrap what they are given in a task first cannot be told not to.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert asyncio.run(call_it())


@pytest.mark.parametrize("library", ["trio", "anyio"])
def test_what_trio_and_anyio_refuse_is_recognised(library: str) -> None:
    trio, module = pytest.importorskip("trio"), pytest.importorskip(library)

    async def call_it() -> bool:
        with pytest.raises(RuntimeError) as caught:
            module.run(nothing)
        return nested_run_in(caught.value) is caught.value

    assert trio.run(call_it)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Cannot close a running event loop"),
        KeyError("This event loop is already running"),
        RuntimeError(),
    ],
    ids=repr,
)
def test_anything_else_is_not(error: Exception) -> None:
    assert nested_run_in(error) is None
