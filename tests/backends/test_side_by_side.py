"""The fixtures of a test run beside it, each in a task of its own."""

from __future__ import annotations

import contextvars
import functools
import sys
import traceback
from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from loopscope.backends.side_by_side import (
    Part,
    clock_among,
    instruments_among,
    side_by_side,
)
from loopscope.core.placeholders import NURSERY
from tests.backends.place import Boom

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup, ExceptionGroup


def part(function: Callable[..., Any], **arguments: object) -> Part:
    """Return a part that is called like its function."""
    return Part(function.__name__, function, arguments)


def run(test: Part, clock: trio.abc.Clock | None = None) -> None:
    """Run `test` with time jumping ahead as soon as all tasks wait."""
    trio.run(side_by_side, test, clock=clock or MockClock(autojump_threshold=0))


class Events(list[str]):
    """What happened, in order; and parts that tell."""

    def fixture(self, name: str, **uses: Part) -> Part:
        """Return a fixture that tells when it is set up and torn down."""

        async def fixture(**uses: object) -> AsyncGenerator[str, None]:
            self.append(f"{name} up")
            yield name
            self.append(f"{name} down")

        return Part(name, fixture, uses)

    def test(self, **uses: Part) -> Part:
        """Return a test that tells when it runs."""

        async def test(**uses: object) -> None:
            self.append("test")

        return Part("test", test, uses)

    async def cancelled(self, name: str, body: Callable[[], Awaitable[object]]) -> None:
        """Await `body()` and tell if it is cancelled."""
        try:
            await body()
        except trio.Cancelled:
            self.append(f"{name} cancelled")
            raise


@pytest.fixture
def events() -> Events:
    return Events()


async def hangs(**uses: object) -> None:
    await trio.sleep_forever()


async def fails(**uses: object) -> None:
    raise Boom


def test_a_test_alone_is_run(events: Events) -> None:
    run(events.test())
    assert events == ["test"]


def test_a_part_can_be_run_again(events: Events) -> None:
    test = events.test(a=events.fixture("a"))
    run(test)
    run(test)
    assert events == ["a up", "test", "a down"] * 2


def test_every_kind_of_function_makes_a_fixture() -> None:
    async def coroutine() -> str:
        return "coroutine"

    async def async_generator() -> AsyncGenerator[str, None]:
        yield "async_generator"

    def generator() -> Generator[str, None, None]:
        yield "generator"

    def plain() -> str:
        return "plain"

    @functools.wraps(coroutine)
    def wrapper() -> Awaitable[str]:
        return coroutine()

    seen: dict[str, object] = {}

    async def test(**values: object) -> None:
        seen.update(values)

    kinds = (coroutine, async_generator, generator, plain)
    run(part(test, wrapper=part(wrapper), **{kind.__name__: part(kind) for kind in kinds}))
    assert seen.pop("wrapper") == "coroutine"
    assert list(seen) == list(seen.values())
    assert len(seen) == len(kinds)


def test_what_is_no_part_is_an_argument_as_it_is() -> None:
    seen: list[object] = []

    async def test(a: object, b: object) -> None:
        seen.extend((a, b))

    run(part(test, a=1, b=seen))
    assert seen[0] == 1
    assert seen[1] is seen


def test_a_task_is_named_after_its_part() -> None:
    names: set[str] = set()

    async def test(a: str) -> None:
        nursery = trio.lowlevel.current_task().parent_nursery
        assert nursery is not None
        names.update(task.name for task in nursery.child_tasks)

    run(Part("<the test>", test, {"a": Part("<a fixture>", hangs_at_yield)}))
    assert names == {"<the test>", "<a fixture>"}


async def hangs_at_yield(**uses: object) -> AsyncGenerator[None, None]:
    yield


def test_a_part_is_shown_by_its_name() -> None:
    assert repr(Part("<fixture 'a'>", fails, {"b": 1})) == "<fixture 'a'>"


def test_a_fixture_outlives_its_users(events: Events) -> None:
    a = events.fixture("a")
    run(events.test(b=events.fixture("b", a=a)))
    assert events == ["a up", "b up", "test", "b down", "a down"]


def test_a_fixture_that_several_use_is_set_up_once_and_outlives_all(events: Events) -> None:
    a = events.fixture("a")
    run(events.test(a=a, b=events.fixture("b", a=a), c=events.fixture("c", a=a)))
    assert (events[0], events[3], events[-1]) == ("a up", "test", "a down")
    assert len(events) == 7


def test_fixtures_that_do_not_use_each_other_are_set_up_and_torn_down_at_once(
    events: Events,
) -> None:
    def fixture(name: str, delay: float) -> Part:
        async def fixture() -> AsyncGenerator[None, None]:
            for step in "up", "down":
                await trio.sleep(delay)
                events.append(f"{name} {step} 1")
                await trio.sleep(2)
                events.append(f"{name} {step} 2")
                if step == "up":
                    yield

        return Part(name, fixture)

    run(events.test(a=fixture("a", 0), b=fixture("b", 1)))
    up = ["a up 1", "b up 1", "a up 2", "b up 2"]
    assert events == [*up, "test", *[event.replace("up", "down") for event in up]]


def test_a_slow_fixture_holds_up_only_those_that_use_it(events: Events) -> None:
    done = trio.Event()

    async def slow() -> None:
        await done.wait()
        events.append("slow up")

    async def quick(a: str) -> None:
        events.append("quick up")
        done.set()

    run(events.test(slow=part(slow), quick=part(quick, a=events.fixture("a"))))
    assert events == ["a up", "quick up", "slow up", "test", "a down"]


def test_each_that_asks_gets_a_nursery_of_its_own() -> None:
    nurseries: list[object] = []

    def fixture(nursery: trio.Nursery) -> None:
        nurseries.append(nursery)

    async def test(nursery: trio.Nursery, again: trio.Nursery, a: None, b: None) -> None:
        assert nursery is again
        nurseries.append(nursery)

    # Under the name of a fixture, as a plugin makes it, or directly.
    nursery = Part("nursery", lambda: NURSERY)
    a, b = part(fixture, nursery=nursery), part(fixture, nursery=NURSERY)
    run(part(test, nursery=nursery, again=NURSERY, a=a, b=b))
    assert len(set(map(id, nurseries))) == 3
    assert all(isinstance(nursery, trio.Nursery) for nursery in nurseries)


def test_a_nursery_that_a_fixture_hands_on_stays_that_of_the_fixture() -> None:
    async def test(mine: trio.Nursery, its: object) -> None:
        assert isinstance(its, trio.Nursery)
        assert its is not mine

    run(part(test, mine=NURSERY, its=Part("its", lambda nursery: nursery, {"nursery": NURSERY})))


def test_a_nursery_is_cancelled_after_the_teardown_of_who_asked_for_it(events: Events) -> None:
    def fixture(name: str, **uses: Part) -> Part:
        def fixture(nursery: trio.Nursery, **uses: object) -> Generator[None, None, None]:
            nursery.start_soon(events.cancelled, name, trio.sleep_forever)
            yield
            events.append(f"{name} down")

        return Part(name, fixture, {"nursery": NURSERY, **uses})

    async def test(nursery: trio.Nursery, b: object) -> None:
        nursery.start_soon(events.cancelled, "test", trio.sleep_forever)
        await wait_all_tasks_blocked()
        events.append("test")

    run(part(test, nursery=NURSERY, b=fixture("b", a=fixture("a"))))
    assert events == ["test", "test cancelled", "b down", "b cancelled", "a down", "a cancelled"]


def test_a_test_may_cancel_its_own_nursery() -> None:
    async def test(nursery: trio.Nursery) -> None:
        nursery.cancel_scope.cancel()
        await trio.sleep_forever()

    run(part(test, nursery=NURSERY))


colour: contextvars.ContextVar[str] = contextvars.ContextVar("colour", default="none")


def test_fixtures_and_test_share_one_context() -> None:
    seen: list[str] = []

    def outer() -> Generator[None, None, None]:
        token = colour.set("outer")
        yield
        seen.append(colour.get())
        colour.reset(token)
        seen.append(colour.get())

    async def inner(outer: None) -> AsyncGenerator[None, None]:
        seen.append(colour.get())
        colour.set("inner")
        yield
        seen.append(colour.get())

    async def test(inner: None) -> None:
        seen.append(colour.get())
        colour.set("test")

    colour.set("around")
    run(part(test, inner=part(inner, outer=part(outer))))
    assert seen == ["outer", "inner", "test", "test", "around"]
    assert colour.get() == "around"


def test_a_background_task_sees_the_context_as_it_is_when_it_starts() -> None:
    seen: list[str] = []

    async def look() -> None:
        seen.append(colour.get())

    async def fixture(nursery: trio.Nursery) -> None:
        colour.set("fixture")
        nursery.start_soon(look)

    async def test(a: None) -> None:
        await wait_all_tasks_blocked()

    run(part(test, a=part(fixture, nursery=NURSERY)))
    assert seen == ["fixture"]


def test_an_error_is_raised_as_it_is(events: Events) -> None:
    with pytest.raises(Boom) as caught:
        run(part(fails, a=events.fixture("a")))
    assert caught.value.__context__ is None
    assert events == ["a up", "a down"]


def test_the_traceback_of_an_error_starts_in_the_code_of_the_user() -> None:
    with pytest.raises(Boom) as caught:
        run(part(fails))
    assert frames(caught.value)[-3:] == ["side_by_side", "raise_errors", "fails"]


def frames(error: BaseException) -> list[str]:
    """Return the names of the functions that the traceback of `error` leads through."""
    return [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]


@pytest.mark.parametrize(
    "error", [Boom, KeyboardInterrupt, SystemExit], ids=lambda one: one.__name__
)
def test_whatever_a_fixture_raises_is_raised(events: Events, error: type[BaseException]) -> None:
    def fixture() -> None:
        raise error

    with pytest.raises(error):
        run(events.test(a=part(fixture)))
    assert events == []


def test_an_error_in_the_background_comes_as_the_group_of_a_nursery() -> None:
    async def test(nursery: trio.Nursery) -> None:
        nursery.start_soon(fails)
        await trio.sleep_forever()

    with pytest.raises(ExceptionGroup) as caught:
        run(part(test, nursery=NURSERY))
    [error] = caught.value.exceptions
    assert isinstance(error, Boom)


def test_after_a_crash_nothing_new_starts(events: Events) -> None:
    b = events.fixture("b", fails=part(fails))
    run_and_fail(events.test(b=b))
    assert events == []


def run_and_fail(test: Part) -> None:
    with pytest.raises(Boom):
        run(test)


def test_a_crash_cancels_what_is_being_set_up(events: Events) -> None:
    async def setting_up() -> AsyncGenerator[None, None]:
        await events.cancelled("setup", trio.sleep_forever)
        yield

    async def failing() -> None:
        await wait_all_tasks_blocked()
        raise Boom

    run_and_fail(events.test(a=part(setting_up), b=part(failing)))
    assert events == ["setup cancelled"]


def test_a_crash_cancels_the_test_and_the_others_are_torn_down_as_ever(events: Events) -> None:
    deadlines: dict[str, float] = {}

    def using(name: str, **uses: Part) -> Part:
        async def fixture(**uses: object) -> AsyncGenerator[None, None]:
            yield
            events.append(f"{name} down")
            deadlines[name] = trio.current_effective_deadline()

        return Part(name, fixture, uses)

    async def crashing() -> AsyncGenerator[None, None]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fails_later)
            await events.cancelled("crashing", trio.lowlevel.checkpoint)
            try:
                yield
            finally:
                events.append("crashing down")
                deadlines["crashing"] = trio.current_effective_deadline()

    async def test(**uses: object) -> None:
        await events.cancelled("test", trio.sleep_forever)

    crashing_part = part(crashing)
    user, beside = using("user", crashing=crashing_part), using("beside")
    with pytest.raises(ExceptionGroup):
        run(part(test, user=user, beside=beside))
    assert events[0] == "test cancelled"
    assert events.index("user down") < events.index("crashing down")
    assert deadlines == {
        "user": float("inf"),
        "beside": float("inf"),
        "crashing": -float("inf"),
    }


async def fails_later() -> None:
    await trio.sleep(1)
    raise Boom


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
def test_a_fixture_whose_scope_is_cancelled_is_cancelled_at_its_yield(
    events: Events, is_async: bool
) -> None:
    async def fixture(nursery: trio.Nursery) -> AsyncGenerator[None, None]:
        nursery.start_soon(fails_later)
        with pytest.raises(trio.Cancelled):
            yield
        events.append("cancelled")

    def sync_fixture(nursery: trio.Nursery) -> Generator[None, None, None]:
        nursery.start_soon(fails_later)
        with pytest.raises(trio.Cancelled):
            yield
        events.append("cancelled")

    function: Callable[..., Any] = fixture if is_async else sync_fixture
    with pytest.raises(ExceptionGroup):
        run(part(hangs, a=part(function, nursery=NURSERY)))
    assert events == ["cancelled"]


def test_a_deadline_at_the_yield_becomes_the_error_of_the_fixture() -> None:
    async def fixture() -> AsyncGenerator[None, None]:
        with trio.fail_after(1):
            yield

    with pytest.raises(trio.TooSlowError) as caught:
        run(part(hangs, a=part(fixture)))
    cancelled = caught.value.__context__
    assert isinstance(cancelled, trio.Cancelled)
    assert "wait" not in frames(cancelled)


def test_a_crash_in_a_nest_of_scopes_finds_its_way_out() -> None:
    async def fixture() -> AsyncGenerator[None, None]:
        async with trio.open_nursery() as outer:
            try:
                async with trio.open_nursery() as inner:
                    inner.start_soon(fails)
                    yield
                    outer.cancel_scope.cancel()
            finally:
                await trio.lowlevel.checkpoint()

    with pytest.raises(ExceptionGroup) as caught:
        run(part(hangs, a=part(fixture)))
    assert caught.value.split(Boom)[1] is None


def test_a_cancellation_without_an_error_is_an_error(events: Events) -> None:
    async def fixture() -> AsyncGenerator[None, None]:
        with trio.CancelScope() as scope:
            scope.cancel()
            yield
        events.append("down")

    with pytest.raises(RuntimeError) as caught:
        run(part(hangs, a=Part("<a>", fixture)))
    assert str(caught.value) == "<a> cancelled the test but didn't raise an error"
    assert events == ["down"]


def test_a_fixture_that_cancels_itself_before_it_is_set_up_has_cancelled_the_test(
    events: Events,
) -> None:
    async def fixture(nursery: trio.Nursery) -> None:
        nursery.cancel_scope.cancel()
        await trio.sleep_forever()

    with pytest.raises(RuntimeError, match="<a> cancelled the test but didn't raise an error"):
        run(events.test(a=Part("<a>", fixture, {"nursery": NURSERY})))
    assert events == []


def test_a_fixture_that_is_cancelled_by_a_crash_is_not_blamed_for_it(events: Events) -> None:
    async def obstinate() -> AsyncGenerator[None, None]:
        with trio.CancelScope(shield=True):
            await trio.sleep(2)
        with pytest.raises(trio.Cancelled):
            yield
        events.append("obstinate down")

    run_and_fail(events.test(a=part(obstinate), b=part(fails_later)))
    assert events == ["obstinate down"]


def test_several_errors_come_in_one_group(events: Events) -> None:
    async def late() -> AsyncGenerator[None, None]:
        yield
        raise KeyError("late")

    async def quiet() -> AsyncGenerator[None, None]:
        with trio.move_on_after(1):
            yield

    async def test(**uses: object) -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise Boom

    with pytest.raises(BaseExceptionGroup) as caught:
        run(part(test, a=part(late), b=part(quiet)))
    assert caught.value.message == "errors in async test and trio fixtures"
    kinds = [type(error) for error in caught.value.exceptions]
    assert kinds == [Boom, KeyError, RuntimeError]


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
def test_a_second_yield_is_an_error(events: Events, is_async: bool) -> None:
    async def fixture(b: str) -> AsyncGenerator[int, None]:
        try:
            yield 1
            yield 2
        finally:
            events.append("closed")

    def sync_fixture(b: str) -> Generator[int, None, None]:
        try:
            yield 1
            yield 2
        finally:
            events.append("closed")

    function: Callable[..., Any] = fixture if is_async else sync_fixture
    with pytest.raises(RuntimeError, match="too many yields in fixture") as caught:
        run(events.test(a=Part("<a>", function, {"b": events.fixture("b")})))
    assert events == ["b up", "test", "closed", "b down"]
    line = function.__code__.co_firstlineno
    assert vars(caught.value)["__notes__"] == [f"in <a> at {__file__}:{line}"]


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
def test_no_yield_at_all_is_an_error(events: Events, is_async: bool) -> None:
    nothing: list[int] = []

    async def fixture() -> AsyncGenerator[int, None]:
        for value in nothing:
            yield value

    def sync_fixture() -> Generator[int, None, None]:
        yield from nothing

    function: Callable[..., Any] = fixture if is_async else sync_fixture
    with pytest.raises(RuntimeError, match="no yield in fixture"):
        run(events.test(a=part(function)))
    assert events == []


def test_the_clock_is_the_one_among_the_arguments() -> None:
    clock = MockClock()
    assert clock_among({"a": 1, "b": clock}) is clock
    assert clock_among({"a": 1}) is None


def test_one_clock_is_enough() -> None:
    clock = MockClock()
    with pytest.raises(ValueError, match="Expected at most one Clock in kwargs, got "):
        clock_among({"a": clock, "b": clock})


def test_the_instruments_are_all_those_among_the_arguments() -> None:
    class Meter(trio.abc.Instrument):
        pass

    one, other = Meter(), Meter()
    assert instruments_among({"a": one, "b": 1, "c": other}) == [one, other]
