"""What code can do to the loop it runs on, and to the others."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any, NoReturn

import anyio

from tests.faults.cell import ASYNCIO, Phase
from tests.faults.table.register import TOLD, fault

if TYPE_CHECKING:
    from tests.faults.site import Site

IN_THE_TEST = (Phase.BODY,)


@fault()
async def block_the_loop(site: Site) -> None:
    time.sleep(0.02)


@fault(says="Cannot close a running event loop", backends=ASYNCIO)
async def close_the_running_loop(site: Site) -> None:
    asyncio.get_running_loop().close()


@fault(
    backends=ASYNCIO,
    phases=IN_THE_TEST,
    suffers={"TestFault|suite_[bc]": "is closed|was closed|LS304"},
    costs=frozenset({"teardown"}),
    noise="closed|LS304",
)
async def close_the_loop_while_it_stands(site: Site) -> None:
    site.at_the_end(asyncio.get_running_loop().close)


@fault(backends=ASYNCIO)
async def stop_the_loop(site: Site) -> None:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0)


@fault(backends=ASYNCIO)
async def stop_the_loop_and_await_nothing(site: Site) -> None:
    asyncio.get_running_loop().stop()


@fault(backends=ASYNCIO, chosen=IN_THE_TEST)
async def set_another_loop(site: Site) -> None:
    other = asyncio.new_event_loop()
    site.at_the_end(other.close)
    asyncio.set_event_loop(other)


@fault(backends=ASYNCIO, chosen=IN_THE_TEST)
async def set_no_loop(site: Site) -> None:
    asyncio.set_event_loop(None)


@fault(backends=ASYNCIO, chosen=IN_THE_TEST)
async def set_another_policy(site: Site) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())


@fault(says=r"asyncio.run\(\) cannot be called from a running event loop", backends=ASYNCIO)
async def call_asyncio_run(site: Site) -> None:
    main = asyncio.sleep(0)
    try:
        asyncio.run(main)
    finally:
        main.close()


@fault(backends=("trio",), chosen=IN_THE_TEST)
async def call_asyncio_run_on_trio(site: Site) -> None:
    asyncio.run(asyncio.sleep(0))


@fault(chosen=IN_THE_TEST)
async def call_asyncio_run_in_a_thread(site: Site) -> None:
    thread = threading.Thread(target=lambda: asyncio.run(asyncio.sleep(0)))
    thread.start()
    thread.join()


@fault(says="Attempted to call run.* from inside a run", backends=("trio",), chosen=IN_THE_TEST)
async def call_trio_run(site: Site) -> None:
    import trio

    trio.run(trio.sleep, 0)


@fault(backends=("asyncio",), chosen=IN_THE_TEST)
async def call_trio_run_on_asyncio(site: Site) -> None:
    import trio

    trio.run(trio.sleep, 0)


@fault(says="Already running (asyncio|trio) in this thread", chosen=IN_THE_TEST)
async def call_anyio_run(site: Site) -> None:
    anyio.run(anyio.sleep, 0)


@fault(says="already running", backends=ASYNCIO, chosen=IN_THE_TEST)
async def call_run_until_complete(site: Site) -> None:
    loop = asyncio.get_running_loop()
    loop.run_until_complete(loop.create_future())


@fault(says="while another loop is running", backends=ASYNCIO, chosen=IN_THE_TEST)
async def run_another_loop(site: Site) -> None:
    other = asyncio.new_event_loop()
    try:
        other.run_until_complete(other.create_future())
    finally:
        other.close()


@fault(backends=ASYNCIO, chosen=IN_THE_TEST)
async def leave_the_loop_in_debug_mode(site: Site) -> None:
    asyncio.get_running_loop().set_debug(True)


def _raise(*args: object, **kwargs: object) -> NoReturn:
    raise ValueError("raised by a callback")


@fault(backends=ASYNCIO, chosen=IN_THE_TEST)
async def leave_an_exception_handler_that_raises(site: Site) -> None:
    asyncio.get_running_loop().set_exception_handler(_raise)


@fault(
    backends=ASYNCIO,
    phases=IN_THE_TEST,
    scopes=("function",),
)
async def leave_a_task_factory_that_raises(site: Site) -> None:
    asyncio.get_running_loop().set_task_factory(_raise)


@fault(
    backends=("asyncio",),
    phases=IN_THE_TEST,
    scopes=("session",),
    suffers={"session_loop": "raised by a callback"},
    noise="never awaited",
)
async def leave_a_task_factory_that_raises_on_a_shared_loop(site: Site) -> None:
    asyncio.get_running_loop().set_task_factory(_raise)


@fault(backends=("asyncio",), python=(3, 12))
async def leave_an_eager_task_factory(site: Site) -> None:
    asyncio.get_running_loop().set_task_factory(vars(asyncio)["eager_task_factory"])


@fault(backends=ASYNCIO, costs=frozenset({"threads"}))
async def leave_a_thread_that_calls_into_the_loop(site: Site) -> None:
    loop = asyncio.get_running_loop()
    called = threading.Event()

    def call() -> None:
        try:
            while True:
                loop.call_soon_threadsafe(called.set)
                time.sleep(0.001)
        except RuntimeError:
            pass  # the loop is closed

    threading.Thread(target=call).start()
    called.wait(0.01)


@fault(backends=ASYNCIO, chosen=IN_THE_TEST)
async def leave_a_signal_handler_on_the_loop(site: Site) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, print)


@fault(backends=("asyncio",), chosen=IN_THE_TEST)
async def close_a_socket_that_the_loop_watches(site: Site) -> None:
    one, other = socket.socketpair()
    asyncio.get_running_loop().add_reader(one, print)
    one.close()
    other.close()


@fault(
    says="LS315",
    at_the_end=True,
    options=TOLD,
    backends=ASYNCIO,
    phases=IN_THE_TEST,
    scopes=("session", "module", "class"),
)
async def leave_a_thread_in_the_executor(site: Site) -> None:
    end = threading.Event()
    site.at_the_end(end.set)
    asyncio.get_running_loop().run_in_executor(None, end.wait)


@fault(backends=ASYNCIO)
async def shut_the_executor_down(site: Site) -> None:
    await asyncio.get_running_loop().shutdown_default_executor()


@fault(says="LS312", at_the_end=True, options=TOLD, backends=ASYNCIO)
async def leave_a_timer(site: Site) -> None:
    asyncio.get_running_loop().call_later(60, print)


@fault(says="SystemExit", backends=ASYNCIO, phases=IN_THE_TEST)
async def call_sys_exit_in_a_callback(site: Site) -> None:
    asyncio.get_running_loop().call_soon(sys.exit, 3)
    await asyncio.sleep(0.001)


@fault(says="raised by a callback(.|\n)*LS306", backends=ASYNCIO, phases=IN_THE_TEST)
async def raise_in_a_callback(site: Site) -> None:
    asyncio.get_running_loop().call_soon(_raise)
    await asyncio.sleep(0)


@fault(says="warned by a callback(.|\n)*LS306", backends=ASYNCIO, phases=IN_THE_TEST)
async def warn_in_a_callback(site: Site) -> None:
    asyncio.get_running_loop().call_soon(warnings.warn, "warned by a callback")
    await asyncio.sleep(0)


@fault(
    says="died unobserved(.|\n)*LS305",
    backends=ASYNCIO,
    phases=IN_THE_TEST,
)
async def leave_a_task_that_raises(site: Site) -> None:
    async def die() -> None:
        raise ValueError("died unobserved")

    asyncio.ensure_future(die())
    await asyncio.sleep(0)
    await asyncio.sleep(0)


@fault(backends=ASYNCIO, chosen=IN_THE_TEST)
async def replace_call_soon(site: Site) -> None:
    loop: Any = asyncio.get_running_loop()
    if "call_soon" in getattr(loop, "__dict__", {"call_soon": None}):
        return
    original = loop.call_soon
    loop.call_soon = lambda *args, **kwargs: original(*args, **kwargs)


@fault(scopes=("function",), phases=IN_THE_TEST)
async def freeze_the_clock(site: Site) -> None:
    original, now = time.monotonic, time.monotonic()
    time.monotonic = lambda: now
    site.at_the_end(lambda: setattr(time, "monotonic", original))


@fault(backends=ASYNCIO, scopes=("function", "class"), phases=IN_THE_TEST)
async def replace_asyncio_sleep(site: Site) -> None:
    original: Any = asyncio.sleep
    site.at_the_end(lambda: setattr(asyncio, "sleep", original))
    asyncio.sleep = _raise
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


@fault(
    says="TrioInternalError|system task|LS304",
    backends=("trio",),
    phases=IN_THE_TEST,
    scopes=("function",),
    noise="TrioInternalError|LS304",
    costs=frozenset({"teardown"}),
    suffers={"TestFault::test_the_fault": "TrioInternalError"},
)
async def crash_a_system_task(site: Site) -> None:
    import trio

    async def crash() -> None:
        raise ValueError("a system task must not raise")

    trio.lowlevel.spawn_system_task(crash)
    await trio.sleep(0.001)


@fault(
    says="TrioInternalError|LS304",
    backends=("trio",),
    phases=IN_THE_TEST,
    scopes=("session", "module"),
    noise="TrioInternalError|LS304",
    costs=frozenset({"teardown"}),
    suffers={"TestFault|suite_[bc]": "TrioInternalError|is closed|was closed|LS304"},
)
async def raise_in_a_callback_of_a_shared_run(site: Site) -> None:
    import trio

    trio.lowlevel.current_trio_token().run_sync_soon(_raise)
    await trio.sleep(0.001)


@fault(
    says="is closed|was closed|LS303|Cancelled",
    backends=("trio",),
    phases=IN_THE_TEST,
    suffers={"TestFault|suite_[bc]": "is closed|was closed|LS30|Cancelled"},
)
async def cancel_the_nursery_it_runs_in(site: Site) -> None:
    import trio

    nursery = trio.lowlevel.current_task().parent_nursery
    assert nursery is not None
    nursery.cancel_scope.cancel()
    await trio.sleep(0.001)
