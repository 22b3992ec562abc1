"""A Ctrl-C while a loop turns cancels the step; another one abandons it; a third one ends all."""

from __future__ import annotations

import cmd
import io
import os
import signal
import threading
import time
import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
import trio

from loopscope.backends import interrupts
from loopscope.errors import GaveUp
from tests.backends.crashing import Fixtures
from tests.backends.place import Place, value
from tests.backends.test_interrupts import alarm, interrupt, set_alarm
from tests.backends.words import STRUCTURED, AsyncioWords, TrioWords

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from loopscope.backends.base import Host
    from tests.backends.words import Words

PYTHONS = signal.default_int_handler


@pytest.fixture
def place(host: Host, words: Words) -> Place:
    place = Place(host)
    place.enter(Fixtures(words).plain())
    return place


@pytest.fixture
def events() -> list[str]:
    return []


@pytest.fixture
def shortly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose patience sooner than a user would."""
    monkeypatch.setattr(interrupts, "BLOCKED_AFTER", 0.05)
    monkeypatch.setattr(interrupts, "GRACE", 0.05)


def stubborn(words: Words, events: list[str], interrupts: int) -> Any:
    """Return a body that is interrupted so many times, and does not care."""

    async def body() -> None:
        while True:
            try:
                if len(events) < interrupts:
                    interrupt()
                await words.forever()
            except BaseException as exc:
                events.append(type(exc).__name__)

    return body


def test_the_first_one_cancels_at_the_next_await(
    place: Place, words: Words, events: list[str]
) -> None:
    async def body() -> None:
        interrupt()
        events.append("went on")
        try:
            await words.forever()
        finally:
            with trio.CancelScope(shield=True) if words.backend == "trio" else nullcontext():
                await words.checkpoint()
            events.append("ended")

    with pytest.raises(KeyboardInterrupt):
        place.run(body)
    assert events == ["went on", "ended"]
    assert place.open == ["plain"]
    value(place.leave("plain"))


def test_a_step_that_awaits_nothing_more_is_interrupted_all_the_same(
    place: Place, words: Words
) -> None:
    async def body() -> str:
        interrupt()
        return "done"

    with pytest.raises(KeyboardInterrupt):
        place.run(body)
    value(place.run(words.checkpoint))


def test_it_cancels_the_step_and_not_the_background_task_that_it_came_in(
    host: Host, words: Words
) -> None:
    if words not in STRUCTURED:
        pytest.skip("asyncio's own task groups came in 3.11")
    module, test = Place(host), Place(host, "test", hidden=False)
    ended = words.event()

    async def serves() -> None:
        interrupt()
        await words.checkpoint()
        ended.set()

    async def group() -> AsyncGenerator[Any, None]:
        async with words.task_group() as group:
            yield group

    async def body() -> None:
        module_group.start_soon(serves)
        await words.forever()

    module_group = module.enter(group)
    with pytest.raises(KeyboardInterrupt):
        test.run(body)
    assert module.open == ["group"]
    value(test.run(ended.wait))
    assert module.leave("group").error is None


@pytest.mark.usefixtures("shortly")
def test_a_loop_that_is_blocked_is_interrupted_where_it_is(place: Place, words: Words) -> None:
    async def body() -> None:
        await words.checkpoint()
        set_alarm()
        time.sleep(15)

    started = time.monotonic()
    with alarm(interrupt), pytest.raises(KeyboardInterrupt) as caught:
        place.run(body)
    assert time.monotonic() - started < 10
    assert "body" in [frame.name for frame in caught.traceback]
    value(place.run(words.checkpoint))


@pytest.mark.usefixtures("shortly")
def test_a_background_task_that_blocks_the_loop_is_interrupted_too(
    place: Place, words: Words
) -> None:
    if words not in STRUCTURED:
        pytest.skip("asyncio's own task groups came in 3.11")

    async def blocks() -> None:
        set_alarm()
        time.sleep(15)

    async def body() -> None:
        async with words.task_group() as group:
            group.start_soon(blocks)
            await words.forever()

    started = time.monotonic()
    with alarm(interrupt), pytest.raises(KeyboardInterrupt):
        place.run(body)
    assert time.monotonic() - started < 10
    value(place.run(words.checkpoint))


def test_the_second_one_abandons_a_step_that_does_not_end(
    place: Place, words: Words, events: list[str]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        place.run(stubborn(words, events, 2))
    assert place.host.interrupts.is_hurried
    assert not place.host.interrupts.is_over
    # In the task of the step, that is.
    assert place.open == ["plain"]
    value(place.leave("plain"))


def test_the_third_one_gives_the_loop_up(words: Words, events: list[str]) -> None:
    host = words.open()
    with pytest.raises(KeyboardInterrupt):
        Place(host).run(stubborn(words, events, 3))
    assert host.interrupts.is_over
    assert Place(host).run(words.checkpoint).error is not None
    assert host.close() == ()


def test_when_another_test_begins_the_first_one_is_the_first_again(
    place: Place, words: Words, events: list[str]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        place.run(stubborn(words, events, 2))
    place.host.interrupts.begin()

    async def body() -> None:
        interrupt()
        events.append("went on")

    with pytest.raises(KeyboardInterrupt):
        place.run(body)
    assert events[-1] == "went on"


def test_the_handler_is_there_only_while_the_loop_turns(place: Place) -> None:
    seen = []

    async def body() -> None:
        seen.append(signal.getsignal(signal.SIGINT))
        await place.host.outside(lambda: seen.append(signal.getsignal(signal.SIGINT)))
        seen.append(signal.getsignal(signal.SIGINT))

    value(place.run(body))
    ours, outside, after = seen
    assert outside is PYTHONS
    assert signal.getsignal(signal.SIGINT) is PYTHONS
    assert ours is after
    assert ours is not PYTHONS


def test_a_handler_that_a_fixture_puts_back_does_not_stay(place: Place, words: Words) -> None:
    async def catches() -> AsyncGenerator[None, None]:
        before = signal.signal(signal.SIGINT, lambda *args: None)
        yield
        signal.signal(signal.SIGINT, before)

    async def interrupted() -> str:
        interrupt()
        await words.checkpoint()
        return "went on"

    place.enter(catches)
    assert value(place.run(interrupted)) == "went on"
    value(place.leave("catches"))
    assert signal.getsignal(signal.SIGINT) is PYTHONS


def test_a_handler_that_is_left_behind_stays(place: Place, words: Words) -> None:
    heard = []

    async def leaves() -> None:
        signal.signal(signal.SIGINT, lambda *args: heard.append("left"))

    async def interrupted() -> None:
        interrupt()
        await words.checkpoint()

    try:
        value(place.run(leaves))
        value(place.run(interrupted))
    finally:
        signal.signal(signal.SIGINT, PYTHONS)
    assert heard == ["left"]


def test_in_another_thread_there_is_no_handler(words: Words) -> None:
    seen: list[object] = []

    def run() -> None:
        host = words.open()

        async def body() -> None:
            seen.append(signal.getsignal(signal.SIGINT))

        value(Place(host).run(body))
        host.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [PYTHONS]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_in_a_fork_it_is_pythons(place: Place) -> None:
    async def body() -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # there may be threads
            child = os.fork()
        if not child:
            try:
                interrupt()
            except KeyboardInterrupt:
                os._exit(7)
            os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert value(place.run(body)) == 7


def test_at_the_prompt_of_a_debugger_it_is_pythons(place: Place, words: Words) -> None:
    class Prompt(cmd.Cmd):
        use_rawinput = False

        def do_interrupt(self, line: str) -> None:
            interrupt()

    async def body() -> str:
        with pytest.raises(KeyboardInterrupt):
            Prompt(stdin=io.StringIO("interrupt\n"), stdout=io.StringIO()).cmdloop()
        await words.checkpoint()
        return "went on"

    assert value(place.run(body)) == "went on"


@pytest.mark.usefixtures("shortly")
@pytest.mark.parametrize("backend", ["asyncio", "uvloop"])
def test_a_job_of_the_executor_is_not_waited_for_when_the_run_ends(backend: str) -> None:
    # trio's threads are daemons.
    host = AsyncioWords(backend).open()
    end = threading.Event()

    async def body() -> None:
        host.native.run_in_executor(None, end.wait)

    value(Place(host).run(body))
    host.interrupts.end()
    try:
        with pytest.raises(GaveUp, match="wait"):
            host.close()
        assert host.native.is_closed()
    finally:
        end.set()


@pytest.mark.usefixtures("shortly")
def test_a_shielded_task_is_not_waited_for_when_the_run_ends() -> None:
    # On asyncio nothing is shielded from whoever closes the loop.
    host = TrioWords("trio").open()

    async def shielded() -> AsyncGenerator[None, None]:
        with trio.CancelScope(shield=True):
            try:
                yield
            finally:
                await trio.sleep_forever()

    Place(host).enter(shielded)
    host.interrupts.end()
    with pytest.raises(GaveUp, match="module"):
        host.close()
