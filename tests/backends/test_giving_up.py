"""A step can be cancelled from outside, and what refuses to end is left where it stands."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import TYPE_CHECKING, Any

import pytest
import trio

from loopscope.backends.drive import Abandoned
from loopscope.errors import HostError
from tests.backends.place import Place, value
from tests.backends.test_interrupts import Alarm, alarm, set_alarm
from tests.backends.words import in_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from loopscope.backends.base import Host
    from tests.backends.words import Words


@pytest.fixture
def place(host: Host) -> Place:
    return Place(host, "test", hidden=False)


def abandoning(host: Host, times: int) -> Callable[[], None]:
    """Return a signal handler that cancels, and then abandons what is under way."""
    error, rung = Alarm("the time is up"), 0

    def ring() -> None:
        nonlocal rung
        rung += 1
        if rung == 1:
            host.interrupt(error, None, lambda: None)
        elif not host.abandon():
            raise error

    return ring


def refuse(words: Words, tries: list[str]) -> Callable[[], Any]:
    async def refuses() -> None:
        set_alarm()
        while True:
            try:
                await words.forever()
            except BaseException:
                tries.append("refused")

    return refuses


def test_it_is_cancelled_and_raises_what_it_is_told(host: Host, words: Words, place: Place) -> None:
    events = []

    async def body() -> None:
        try:
            set_alarm()
            await words.forever()
        finally:
            events.append("cancelled")

    def interrupt() -> None:
        host.interrupt(Alarm("the time is up"), None, lambda: events.append("asked"))

    with alarm(interrupt), pytest.raises(Alarm, match="the time is up"):
        place.run(body)
    assert events == ["asked", "cancelled"]
    value(place.run(words.checkpoint))


def test_it_raises_that_even_if_it_swallows_the_cancellation(
    host: Host, words: Words, place: Place
) -> None:
    async def body() -> str:
        try:
            set_alarm()
            await words.forever()
        except BaseException:
            pass
        return "all is well"

    with alarm(lambda: host.interrupt(Alarm(), None, lambda: None)), pytest.raises(Alarm):
        place.run(body)
    value(place.run(words.checkpoint))


def test_between_two_steps_there_is_nothing_to_interrupt(host: Host, place: Place) -> None:
    host.interrupt(Alarm(), None, lambda: None)
    assert host.abandon()


def test_what_refuses_to_end_is_never_resumed(host: Host, words: Words, place: Place) -> None:
    tries: list[str] = []
    with alarm(abandoning(host, 2), times=2), pytest.raises(Alarm):
        place.run(refuse(words, tries))
    refused = len(tries)
    assert refused >= 2
    for _ in range(20):
        value(place.run(words.checkpoint))
    gc.collect()
    assert len(tries) == refused


def test_a_setup_that_refuses_to_end_is_never_resumed(
    host: Host, words: Words, place: Place
) -> None:
    tries: list[str] = []

    async def plain() -> AsyncGenerator[None, None]:
        yield

    async def stubborn() -> AsyncGenerator[None, None]:
        await refuse(words, tries)()
        yield

    place.enter(plain)
    with alarm(abandoning(host, 2), times=2), pytest.raises(Alarm):
        place.try_enter(stubborn)
    refused = len(tries)
    value(place.run(words.checkpoint))
    assert place.open == ["plain"]
    value(place.leave("plain"))
    assert len(tries) == refused


def test_a_teardown_that_refuses_to_end_is_never_resumed(
    host: Host, words: Words, place: Place
) -> None:
    tries: list[str] = []

    async def plain() -> AsyncGenerator[None, None]:
        yield

    async def stubborn() -> AsyncGenerator[None, None]:
        yield
        await refuse(words, tries)()

    place.enter(plain)
    place.enter(stubborn)
    with alarm(abandoning(host, 2), times=2), pytest.raises(Alarm):
        place.leave("stubborn")
    refused = len(tries)
    assert place.open == ["plain"]
    value(place.leave("plain"))
    assert len(tries) == refused


def test_what_ends_when_it_is_abandoned_cleans_up(host: Host, words: Words, place: Place) -> None:
    events = []

    async def body() -> None:
        try:
            try:
                set_alarm()
                await words.forever()
            except BaseException:
                await (shielded(words) if words.backend == "trio" else words.forever())
        except Abandoned:
            events.append("abandoned")
            raise
        finally:
            events.append("cleaned up")

    with alarm(abandoning(host, 2), times=2), pytest.raises(Alarm):
        place.run(body)
    assert events == ["abandoned", "cleaned up"]
    value(place.run(words.checkpoint))


async def shielded(words: Words) -> None:
    with trio.CancelScope(shield=True):
        await words.forever()


@pytest.mark.parametrize("how", ["await", "gather", "wait"])
@in_asyncio
def test_a_task_that_is_waited_for_and_refuses_to_end_is_closed_too(
    host: Host, words: Words, place: Place, how: str
) -> None:
    tries: list[str] = []

    async def body() -> None:
        task = asyncio.create_task(refuse(words, tries)())
        if how == "gather":
            await asyncio.gather(task)
        elif how == "wait":
            while not task.done():
                try:
                    await asyncio.wait([task])
                except asyncio.CancelledError:
                    pass
        else:
            await task

    with alarm(abandoning(host, 2), times=2), pytest.raises(Alarm):
        place.run(body)
    refused = len(tries)
    for _ in range(20):
        value(place.run(words.checkpoint))
    assert len(tries) == refused
    tasks = value(place.run(all_tasks))
    assert len(tasks) == 1


async def all_tasks() -> set[Any]:
    await asyncio.sleep(0)
    return asyncio.all_tasks()


def test_a_loop_that_nothing_helps_is_given_up(host: Host, words: Words, place: Place) -> None:
    if words.backend != "trio":
        pytest.skip("asyncio has nothing that cannot be closed")
    tries: list[str] = []

    async def shielded_child() -> None:
        with trio.CancelScope(shield=True):
            await refuse(words, tries)()

    async def body() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(shielded_child)

    with alarm(abandoning(host, 8), times=8), pytest.raises(Alarm):
        place.run(body)
    refused = len(tries)
    outcome = place.run(words.checkpoint)
    assert isinstance(outcome.error, HostError)
    gc.collect()
    assert len(tries) == refused


def test_an_error_may_be_raised_in_user_code_only(host: Host, place: Place) -> None:
    answers = []

    async def body() -> None:
        answers.append(host.may_raise(sys._getframe()))

    assert not host.may_raise(sys._getframe())
    value(place.run(body))
    assert answers == [True]
