"""What a signal handler raises ends the step that it interrupts, and comes out of `run`."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
import trio

from tests.backends.crashing import Fixtures
from tests.backends.place import Place, leaf, value
from tests.backends.words import STRUCTURED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from loopscope.backends.base import Host
    from tests.backends.words import Words


class Alarm(BaseException):
    """What the handler raises; uvloop would only log an `Exception`."""


def set_alarm() -> None:
    """Let the alarm ring when the code that calls this has come to its wait, and then again."""
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.2)


@contextmanager
def alarm(handler: Callable[[], object], times: int = 1) -> Iterator[None]:
    """Call `handler` from a signal handler, once or a few times, when the alarm rings."""
    left = times

    def ring(*args: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            signal.setitimer(signal.ITIMER_REAL, *timer)
        handler()

    before = signal.signal(signal.SIGALRM, ring)
    timer = signal.getitimer(signal.ITIMER_REAL)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def raise_alarm() -> NoReturn:
    raise Alarm


@pytest.fixture
def place(host: Host, words: Words) -> Place:
    place = Place(host)
    place.enter(Fixtures(words).plain())
    return place


@pytest.fixture
def events() -> list[str]:
    return []


CASES = pytest.mark.parametrize(
    ("handler", "error"),
    [(raise_alarm, Alarm), (interrupt, KeyboardInterrupt)],
    ids=["alarm", "interrupt"],
)


def assert_usable(place: Place, words: Words) -> None:
    assert place.open == ["plain"]
    value(place.run(words.checkpoint))
    value(place.leave("plain"))


@CASES
def test_in_the_wait_it_cancels_the_step_and_is_raised(
    place: Place,
    words: Words,
    events: list[str],
    handler: Callable[[], object],
    error: type[BaseException],
) -> None:
    async def body() -> None:
        try:
            set_alarm()
            await words.forever()
        finally:
            events.append("ended")

    with alarm(handler), pytest.raises(error):
        place.run(body)
    assert events == ["ended"]
    assert_usable(place, words)


@CASES
def test_in_the_wait_of_a_setup_it_cancels_just_that(
    place: Place,
    words: Words,
    events: list[str],
    handler: Callable[[], object],
    error: type[BaseException],
) -> None:
    async def slow() -> AsyncGenerator[None, None]:
        try:
            set_alarm()
            await words.forever()
            yield
        finally:
            events.append("ended")

    with alarm(handler), pytest.raises(error):
        place.try_enter(slow)
    assert events == ["ended"]
    assert_usable(place, words)


@CASES
def test_in_the_wait_of_a_teardown_it_cancels_just_that(
    place: Place,
    words: Words,
    events: list[str],
    handler: Callable[[], object],
    error: type[BaseException],
) -> None:
    async def slow() -> AsyncGenerator[None, None]:
        yield
        try:
            set_alarm()
            await words.forever()
        finally:
            events.append("ended")

    place.enter(slow)
    with alarm(handler), pytest.raises(error):
        place.leave("slow")
    assert events == ["ended"]
    assert_usable(place, words)


def test_an_interrupt_in_user_code_is_raised(place: Place, words: Words, events: list[str]) -> None:
    async def body() -> None:
        try:
            await words.checkpoint()
            interrupt()
        finally:
            events.append("ended")

    with pytest.raises(KeyboardInterrupt):
        place.run(body)
    assert events == ["ended"]
    assert_usable(place, words)


def test_the_traceback_shows_where_it_interrupted_the_step(place: Place, words: Words) -> None:
    async def waits() -> None:
        set_alarm()
        await words.forever()

    async def slow() -> AsyncGenerator[None, None]:
        await waits()
        yield

    for step in (lambda: place.run(waits), lambda: place.try_enter(slow)):
        with alarm(raise_alarm), pytest.raises(Alarm) as caught:
            step()
        names = [frame.name for frame in caught.traceback]
        assert "waits" in names
        assert "_turn" not in names


@pytest.mark.parametrize("whose", ["step", "fixture"])
def test_an_interrupt_out_of_a_background_task_is_raised(
    host: Host, words: Words, whose: str
) -> None:
    if words not in STRUCTURED:
        pytest.skip("asyncio's own task groups came in 3.11")
    module, test = Place(host), Place(host, "test", hidden=False)

    async def fails() -> None:
        raise KeyboardInterrupt

    async def group() -> AsyncGenerator[Any, None]:
        async with words.task_group() as group:
            yield group

    async def body() -> None:
        async with words.task_group() as group:
            (group if whose == "step" else fixture).start_soon(fails)
            await words.forever()

    fixture = module.enter(group)
    with pytest.raises(KeyboardInterrupt):
        test.run(body)
    test.run(words.checkpoint)
    assert module.open == (["group"] if whose == "step" else [])
    value(test.run(words.checkpoint))
    assert module.leave("group").error is None


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_task_group_that_is_ended_by_it_does_not_unwind_the_fixtures(
    place: Place, words: Words, error: type[BaseException]
) -> None:
    if words not in STRUCTURED:
        pytest.skip("asyncio's own task groups came in 3.11")

    async def fails() -> None:
        raise error

    async def body() -> None:
        async with words.task_group() as group:
            group.start_soon(fails)
            await words.forever()

    # Raised where it comes out of the loop, and else the error of the step.
    with suppress(error):
        assert leaf(place.run(body).error).__class__ is error
    assert_usable(place, words)


def test_an_alarm_in_user_code_is_its_error(place: Place, words: Words) -> None:
    async def body() -> None:
        await words.checkpoint()
        set_alarm()
        time.sleep(5)

    with alarm(raise_alarm):
        outcome = place.run(body)
    assert isinstance(outcome.error, Alarm)
    assert_usable(place, words)


def test_the_second_one_is_raised_at_once(place: Place, words: Words, events: list[str]) -> None:
    released = []

    async def stubborn() -> None:
        release = words.event()
        released.append(release.set)
        try:
            set_alarm()
            await words.forever()
        except BaseException:
            events.append("cancelled")
        if words.backend == "trio":
            with trio.CancelScope(shield=True):
                await release.wait()
        else:
            await release.wait()
        events.append("ended")

    async def let_it_end() -> None:
        released[0]()
        while "ended" not in events:
            await words.checkpoint()

    numbers = iter((1, 2))

    def raise_number() -> NoReturn:
        raise Alarm(next(numbers))

    with alarm(raise_number, times=2), pytest.raises(Alarm, match="2"):
        Place(place.host, "test", hidden=False).run(stubborn)
    assert events == ["cancelled"]
    value(place.run(let_it_end))
    assert_usable(place, words)


def test_between_two_steps_it_is_pythons(place: Place, words: Words) -> None:
    value(place.run(words.checkpoint))
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert_usable(place, words)


def test_outside_it_arrives_in_the_code_that_awaits(place: Place, words: Words) -> None:
    async def body() -> str:
        with pytest.raises(KeyboardInterrupt):
            await place.host.outside(interrupt)
        return "caught"

    assert value(place.run(body)) == "caught"
    assert_usable(place, words)


def test_in_a_nested_step_it_ends_that_step(place: Place, words: Words, events: list[str]) -> None:
    async def inner() -> None:
        try:
            set_alarm()
            await words.forever()
        finally:
            events.append("inner ended")

    async def body() -> str:
        with pytest.raises(Alarm):
            await place.host.outside(lambda: Place(place.host, "inner").run(inner))
        return "caught"

    with alarm(raise_alarm):
        assert value(Place(place.host, "outer").run(body)) == "caught"
    assert events == ["inner ended"]
    assert_usable(place, words)


def test_a_crash_at_the_same_time_is_reported_with_the_next_step(host: Host, words: Words) -> None:
    fixtures = Fixtures(words)
    module, test = Place(host), Place(host, "test", hidden=False)
    cancel = module.enter(fixtures.absorber())

    async def body() -> None:
        try:
            set_alarm()
            await words.forever()
        finally:
            cancel()

    with alarm(raise_alarm), pytest.raises(Alarm):
        test.run(body)
    outcome = test.run(words.sleep, 0.001)
    assert [crash.owner for crash in outcome.crashes] == [module.entries["absorber"]]
