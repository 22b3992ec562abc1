"""A new loop may be made of the parts of a closed one, and nobody can tell but by the clock."""

from __future__ import annotations

import asyncio
import gc
import os
import selectors
import signal
import socket
import sys
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.backends import recycling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="loops there have other parts")


@pytest.fixture(autouse=True)
def no_parts() -> Iterator[None]:
    recycling.release()
    yield
    recycling.release()


def parts_of(loop: Any) -> tuple[Any, Any, Any]:
    return loop._selector, loop._ssock, loop._csock


def closed(use: Callable[[Any], object] = lambda loop: None) -> Any:
    """Return a loop that was used and closed."""
    loop = recycling.new_event_loop()
    use(loop)
    recycling.close(loop)
    assert loop.is_closed()
    return loop


async def talk() -> bytes:
    """Use what needs the selector, the pair of sockets and a timer."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        received = await reader.read()
        writer.close()
        await writer.wait_closed()
    await asyncio.sleep(0)
    return received + await asyncio.to_thread(lambda: b"!")


def run(loop: asyncio.AbstractEventLoop) -> None:
    assert loop.run_until_complete(talk()) == b"!"
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.run_until_complete(asyncio.sleep(0))


def test_a_new_loop_has_the_parts_of_the_closed_one() -> None:
    first = recycling.new_event_loop()
    parts = parts_of(first)
    recycling.close(first)
    second = recycling.new_event_loop()
    assert second is not first
    assert type(second) is asyncio.SelectorEventLoop
    assert parts_of(second) == parts
    assert parts_of(first) == (None, None, None)
    recycling.close(second)


def test_a_loop_of_used_parts_does_what_a_loop_does() -> None:
    closed(run)
    assert recycling._free
    closed(run)
    closed(run)
    assert len(recycling._free) == 1


def test_its_attributes_are_those_of_any_other_loop() -> None:
    closed()
    used, fresh = recycling.new_event_loop(), asyncio.new_event_loop()
    try:
        assert vars(used).keys() == vars(fresh).keys()
        assert used._internal_fds == fresh._internal_fds  # type: ignore[attr-defined]
        assert repr(used) == repr(fresh)
    finally:
        fresh.close()
        recycling.close(used)


def test_a_closed_loop_has_the_attributes_of_a_closed_loop() -> None:
    other = asyncio.new_event_loop()
    other.close()
    loop = closed()
    assert vars(loop).keys() == vars(other).keys()
    assert loop._internal_fds == other._internal_fds  # type: ignore[attr-defined]


@pytest.mark.parametrize("next_one_is_open", [False, True], ids=["alone", "with-the-next-one-open"])
def test_a_closed_loop_cannot_be_used(*, next_one_is_open: bool) -> None:
    loop = closed()
    opened = recycling.new_event_loop() if next_one_is_open else None
    with socket.socket() as one:
        for use, arguments in (
            (loop.call_soon, (print,)),
            (loop.call_soon_threadsafe, (print,)),
            (loop.add_reader, (one.fileno(), print)),
            (loop.run_until_complete, (loop.create_future(),)),
        ):
            with pytest.raises(RuntimeError, match="Event loop is closed"):
                use(*arguments)
    loop.close()
    if opened is not None:
        run(opened)
        recycling.close(opened)


def test_a_future_of_a_closed_loop_cannot_be_awaited_on_the_next_one() -> None:
    future = closed().create_future()

    async def wait() -> None:
        await future

    def fails(loop: asyncio.AbstractEventLoop) -> None:
        with pytest.raises(RuntimeError, match="attached to a different loop"):
            loop.run_until_complete(wait())

    closed(fails)


def test_a_closed_loop_is_not_kept_alive() -> None:
    loop = weakref.ref(closed(run))
    gc.collect()
    assert loop() is None
    assert recycling._free


def leave_a_reader(loop: Any) -> None:
    one, other = socket.socketpair()
    loop.add_reader(one, print)
    loop.kept = one, other


def wake(loop: Any) -> None:
    loop.call_soon_threadsafe(print)


def handle_a_signal(loop: Any) -> None:
    loop.add_signal_handler(signal.SIGUSR1, print)


def replace_close(loop: Any) -> None:
    loop.close = loop.close


@pytest.mark.parametrize("use", [leave_a_reader, wake, handle_a_signal, replace_close])
def test_what_is_not_clean_is_closed_for_good(use: Callable[[Any], None]) -> None:
    loop = recycling.new_event_loop()
    receiving = parts_of(loop)[1]
    use(loop)
    recycling.close(loop)
    for one in getattr(loop, "kept", ()):
        one.close()
    assert loop.is_closed()
    assert recycling._free == []
    assert receiving.fileno() == -1


class Other(asyncio.SelectorEventLoop):
    """A loop of somebody's own."""


@pytest.mark.parametrize(
    "make", [Other, lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())]
)
def test_a_loop_of_somebody_s_own_is_closed_for_good(
    make: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    loop = make()
    recycling.close(loop)
    assert loop.is_closed()
    assert recycling._free == []


def test_whoever_makes_loops_otherwise_is_asked_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    closed()
    monkeypatch.setattr(asyncio, "new_event_loop", Other)
    loop = recycling.new_event_loop()
    assert type(loop) is Other
    loop.close()


def test_loops_that_are_open_at_a_time_share_nothing() -> None:
    closed()
    loops = [recycling.new_event_loop() for _ in range(3)]
    parts = [part for loop in loops for part in parts_of(loop)]
    assert len(set(map(id, parts))) == 9
    for loop in loops:
        recycling.close(loop)


def test_a_fork_has_no_parts() -> None:
    closed()
    child = os.fork()
    if child == 0:
        os._exit(len(recycling._free))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(recycling._free) == 1


def test_released_parts_are_closed() -> None:
    loop = recycling.new_event_loop()
    selector, receiving, sending = parts_of(loop)
    recycling.close(loop)
    recycling.release()
    assert (receiving.fileno(), sending.fileno(), selector.get_map()) == (-1, -1, None)
