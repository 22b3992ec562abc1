"""A trio run that is turned by hand does all that `trio.run` does, and can stand still."""

from __future__ import annotations

import contextvars
import gc
import signal
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest
import sniffio
import trio
import trio.testing

from loopscope.backends.trio import TrioHost
from loopscope.backends.trio_seam import TrioRun
from tests.backends.place import Boom, Place, leaf, value
from tests.backends.words import TrioWords

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from loopscope.backends.base import Host

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup


@pytest.fixture
def host() -> Iterator[Host]:
    host = TrioWords("trio").open()
    yield host
    host.close()


@pytest.fixture
def place(host: Host) -> Place:
    return Place(host)


def state() -> list[object]:
    """What makes a run the current one of the thread."""
    from trio._core import _run

    return [
        dict(_run.GLOBAL_RUN_CONTEXT.__dict__),
        sys.get_asyncgen_hooks(),
        sniffio.thread_local.name,
        signal.getsignal(signal.SIGINT),
    ]


class Standing:
    """A run whose main task stops it at each of its `stops`."""

    def __init__(self, stops: int = 1) -> None:
        self.at = 0
        self.stops = stops
        self.seen: list[list[object]] = []
        self.run = TrioRun(self.main)

    async def main(self) -> None:
        for _ in range(self.stops):
            self.seen.append(state())
            self.at += 1
            await trio.lowlevel.checkpoint()

    def step(self) -> None:
        here = self.at
        self.run.turn(lambda: self.at > here)


def test_the_thread_is_as_it_was_after_each_turn() -> None:
    before = state()
    standing = Standing(2)
    assert state() == before
    standing.step()
    assert state() == before
    standing.step()
    standing.step()
    assert state() == before
    assert not standing.run.running
    for context, hooks, library, handler in standing.seen:
        assert isinstance(context, dict)
        assert {"runner", "task"} <= set(context)
        assert hooks != before[1]
        assert library == "trio"
        assert handler is signal.default_int_handler  # the host's affair


def test_the_thread_is_as_it_was_after_an_error() -> None:
    before = state()

    async def fails() -> None:
        await trio.lowlevel.checkpoint()
        raise Boom

    run = TrioRun(fails)
    with pytest.raises(Boom):
        run.turn(lambda: False)
    assert state() == before
    assert not run.running
    run.turn(lambda: False)


def test_runs_interleave() -> None:
    runs = [Standing(3) for _ in range(3)]
    for _ in range(3):
        for standing in runs:
            standing.step()
    assert [standing.at for standing in runs] == [3, 3, 3]
    for standing in runs:
        standing.run.turn(lambda: False)
        assert not standing.run.running


def test_a_run_of_trios_own_works_while_one_stands_still() -> None:
    standing = Standing(2)
    standing.step()
    assert trio.run(trio.sleep, 0) is None
    standing.step()
    standing.step()
    assert not standing.run.running


def test_a_run_turns_inside_another_one() -> None:
    inner = Standing(1)

    async def outer() -> str:
        inner.step()
        inner.step()
        await trio.lowlevel.checkpoint()
        return trio.lowlevel.current_task().name

    assert "outer" in trio.run(outer)
    assert not inner.run.running


def test_a_task_runs_in_the_context_that_it_is_given() -> None:
    colour: contextvars.ContextVar[str] = contextvars.ContextVar("colour")
    context = contextvars.copy_context()
    nurseries: list[trio.Nursery] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nurseries.append(nursery)
            await trio.sleep_forever()

    async def paint() -> None:
        colour.set("red")
        nurseries[0].cancel_scope.cancel()

    run = TrioRun(main)
    run.turn(lambda: bool(nurseries))
    run.spawn(paint, nurseries[0], "paint", context)
    run.turn(lambda: False)
    assert context[colour] == "red"
    assert not run.running


def test_the_current_task_is_known_only_inside_its_run() -> None:
    seen: list[object] = []

    async def main() -> None:
        seen.append(run.current_task() is trio.lowlevel.current_task())
        seen.append(other.run.current_task())

    run, other = TrioRun(main), Standing()
    run.turn(lambda: False)
    assert seen == [True, None]
    assert run.current_task() is None
    other.step()
    other.step()


def test_an_interrupt_is_left_to_the_handler_of_the_program() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        host = TrioWords("trio").open()

        async def interrupted() -> str:
            signal.raise_signal(signal.SIGINT)
            await trio.lowlevel.checkpoint()
            return "went on"

        assert value(Place(host).run(interrupted)) == "went on"
        host.close()
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


def test_a_signal_receiver_may_be_held_open(place: Place) -> None:
    async def receiver() -> AsyncGenerator[Any, None]:
        with trio.open_signal_receiver(signal.SIGINT) as signals:
            yield signals

    async def receive(signals: Any) -> int:
        signal.raise_signal(signal.SIGINT)
        number: int = await signals.__anext__()
        return number

    signals = place.enter(receiver)
    assert value(place.run(receive, signals)) == signal.SIGINT
    value(place.leave("receiver"))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_in_trios_own_code_ends_the_step(place: Place) -> None:
    # As trio's own code is: there the main task is told.
    @trio.lowlevel.enable_ki_protection
    def protected() -> None:
        signal.raise_signal(signal.SIGINT)

    async def body() -> None:
        protected()
        await trio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        place.run(body)
    value(place.run(trio.lowlevel.checkpoint))


def test_low_level_trio_works(place: Place) -> None:
    async def body() -> None:
        assert trio.lowlevel.current_root_task() is not None
        token = trio.lowlevel.current_trio_token()
        done = trio.Event()
        token.run_sync_soon(done.set)
        await done.wait()
        statistics = trio.lowlevel.current_statistics()
        assert statistics.tasks_living >= 2
        trio.lowlevel.spawn_system_task(trio.sleep, 0)
        await trio.lowlevel.cancel_shielded_checkpoint()

    value(place.run(body))


def test_threads_work_in_both_directions(place: Place) -> None:
    async def answer() -> int:
        await trio.sleep(0)
        return 42

    def in_a_thread() -> tuple[int, bool]:
        found = trio.from_thread.run(answer)
        return found, trio.from_thread.run_sync(threading.current_thread) is main

    main = threading.current_thread()

    async def body() -> tuple[int, bool]:
        return await trio.to_thread.run_sync(in_a_thread)

    assert value(place.run(body)) == (42, True)


def test_what_a_thread_sends_while_the_run_stands_still_arrives_in_the_next_step(
    place: Place,
) -> None:
    arrived: list[str] = []

    async def token() -> trio.lowlevel.TrioToken:
        return trio.lowlevel.current_trio_token()

    found = value(place.run(token))
    thread = threading.Thread(target=found.run_sync_soon, args=(arrived.append, "sent"))
    thread.start()
    thread.join()
    assert arrived == []
    value(place.run(trio.testing.wait_all_tasks_blocked))
    assert arrived == ["sent"]


def test_deadlines_and_sleeping_work(place: Place) -> None:
    async def body() -> list[bool]:
        with trio.move_on_after(0.001) as expires:
            await trio.sleep_forever()
        with trio.move_on_after(60) as lasts:
            await trio.sleep(0.001)
        return [expires.cancelled_caught, lasts.cancelled_caught]

    assert value(place.run(body)) == [True, False]


def test_a_deadline_that_passes_while_the_run_stands_still_counts(host: Host) -> None:
    clock = trio.testing.MockClock()
    host = TrioHost("trio", "the loop", clock=clock)
    module, test = Place(host), Place(host, "test")

    async def limit() -> AsyncGenerator[None, None]:
        with trio.fail_after(10):
            yield

    module.enter(limit)
    clock.jump(20)
    outcome = test.run(trio.sleep_forever)
    assert outcome.cause is not None
    assert isinstance(outcome.cause.error, trio.TooSlowError)
    host.close()


def test_waiting_until_all_tasks_are_blocked_works(place: Place) -> None:
    events: list[str] = []

    async def background() -> None:
        for n in range(3):
            await trio.lowlevel.checkpoint()
            events.append(str(n))
        await trio.sleep_forever()

    async def body() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(background)
            await trio.testing.wait_all_tasks_blocked()
            events.append("blocked")
            nursery.cancel_scope.cancel()

    value(place.run(body))
    assert events == ["0", "1", "2", "blocked"]


def test_a_clock_of_the_hosts_may_jump() -> None:
    host = TrioHost("trio", "the loop", clock=trio.testing.MockClock(autojump_threshold=0))

    async def body() -> float:
        before = trio.current_time()
        await trio.sleep(3600)
        return trio.current_time() - before

    assert value(Place(host).run(body)) == 3600
    host.close()


def test_instruments_are_called() -> None:
    class Instrument(trio.abc.Instrument):
        def __init__(self) -> None:
            self.calls: list[str] = []

        def before_run(self) -> None:
            self.calls.append("before run")

        def task_spawned(self, task: trio.lowlevel.Task) -> None:
            self.calls.append(task.name)

        def after_run(self) -> None:
            self.calls.append("after run")

    instrument = Instrument()
    host = TrioHost("trio", "the loop", instruments=(instrument,))
    value(Place(host, "the place").run(trio.lowlevel.checkpoint))
    host.close()
    assert instrument.calls[0] == "before run"
    assert "the place" in instrument.calls
    assert instrument.calls[-1] == "after run"


def test_hosts_that_are_closed_are_not_kept_alive() -> None:
    host = TrioHost("trio", "the loop")
    value(Place(host).run(trio.lowlevel.checkpoint))
    host.close()
    run = weakref.ref(host.seam)
    del host
    gc.collect()
    assert run() is None


def test_what_a_nursery_raises_while_a_cancellation_passes_through_it_is_kept(host: Host) -> None:
    module, test = Place(host), Place(host, "test")
    events: list[str] = []

    async def outer() -> AsyncGenerator[Any, None]:
        with trio.CancelScope() as scope:
            yield scope.cancel

    async def nursery() -> AsyncGenerator[None, None]:
        async def stumbles() -> None:
            try:
                await trio.sleep_forever()
            finally:
                events.append("stumbled")
                raise LookupError

        async with trio.open_nursery() as nursery:
            nursery.start_soon(stumbles)
            yield

    async def body() -> None:
        await trio.testing.wait_all_tasks_blocked()
        cancel()
        await trio.sleep_forever()

    cancel = module.enter(outer)
    module.enter(nursery)
    outcome = test.run(body)
    assert events == ["stumbled"]
    assert outcome.cause is not None
    assert outcome.cause.owner is module.entries["outer"]
    error = module.leave("nursery").error
    assert isinstance(error, ExceptionGroup)
    assert isinstance(leaf(error), LookupError)
