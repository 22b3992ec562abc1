"""What concerns the whole process: children, descriptors, directories, hooks of the interpreter."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import warnings
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import anyio

from tests.faults.cell import Phase
from tests.faults.table.register import fault

if TYPE_CHECKING:
    from types import FrameType

    from tests.faults.site import Site

IN_THE_TEST = (Phase.BODY,)


@fault()
async def fork(site: Site) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


@fault(phases=IN_THE_TEST)
async def fork_by_multiprocessing(site: Site) -> None:
    process = multiprocessing.get_context("fork").Process(target=abs, args=(1,))
    process.start()
    process.join()
    assert process.exitcode == 0
    process.close()


@fault()
async def kill_a_child(site: Site) -> None:
    async with await anyio.open_process(["sleep", "60"]) as process:
        process.kill()
        assert await process.wait() == -signal.SIGKILL


def _exhaust(held: ExitStack) -> None:
    """Open sockets until there are no descriptors left, of a few that there may be."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(map(int, os.listdir("/proc/self/fd")))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 8, hard))
    held.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
    try:
        while True:
            held.enter_context(socket.socket())
    except OSError:
        pass


@fault(scopes=("function", "class"))
async def use_all_descriptors_up(site: Site) -> None:
    held = ExitStack()
    _exhaust(held)
    site.at_the_end(held.close)
    await site.breathe()


@fault(says="Too many open files", like_sync=True)
async def run_out_of_descriptors(site: Site) -> None:
    with ExitStack() as held:
        _exhaust(held)
        held.enter_context(socket.socket())


@fault(like_sync=True, options=("--log-file=/dev/full",), phases=IN_THE_TEST)
async def log_onto_a_full_disk(site: Site) -> None:
    logging.getLogger("fault").error("logged")


@fault(like_sync=True, chosen=IN_THE_TEST)
async def leave_another_directory(site: Site) -> None:
    os.chdir("/")


@fault(like_sync=True, chosen=IN_THE_TEST)
async def leave_a_directory_that_is_gone(site: Site) -> None:
    gone = site.directory / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()


@fault(like_sync=True, chosen=IN_THE_TEST)
async def leave_no_environment(site: Site) -> None:
    current = os.environ["PYTEST_CURRENT_TEST"]
    os.environ.clear()
    os.environ["PYTEST_CURRENT_TEST"] = current


@fault(like_sync=True, chosen=IN_THE_TEST)
async def leave_the_garbage_collector_off(site: Site) -> None:
    gc.disable()


@fault(like_sync=True, chosen=IN_THE_TEST)
async def freeze_the_garbage_collector(site: Site) -> None:
    gc.freeze()


def _trace(frame: FrameType, event: str, arg: object) -> Any:
    return _trace


@fault(like_sync=True, chosen=IN_THE_TEST)
async def leave_a_tracer(site: Site) -> None:
    sys.settrace(_trace)


@fault(like_sync=True, chosen=IN_THE_TEST)
async def leave_a_profiler(site: Site) -> None:
    sys.setprofile(_trace)


@fault(like_sync=True, chosen=IN_THE_TEST)
async def leave_other_warnings_filters(site: Site) -> None:
    warnings.resetwarnings()


@fault(like_sync=True, chosen=IN_THE_TEST)
async def switch_logging_off(site: Site) -> None:
    logging.shutdown()
    logging.disable(logging.CRITICAL)


@fault(like_sync=True, chosen=IN_THE_TEST)
async def leave_interrupts_ignored(site: Site) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@fault(like_sync=True, chosen=IN_THE_TEST)
async def leave_a_wakeup_descriptor(site: Site) -> None:
    signal.set_wakeup_fd(-1)


@fault(like_sync=True, chosen=IN_THE_TEST)
async def leave_no_hook_for_unraisable_errors(site: Site) -> None:
    sys.unraisablehook = print


@fault(like_sync=True, chosen=IN_THE_TEST)
async def leave_no_hooks_for_async_generators(site: Site) -> None:
    sys.set_asyncgen_hooks(None, None)


@fault(like_sync=True, chosen=IN_THE_TEST)
async def close_stdout(site: Site) -> None:
    sys.stdout.close()


@fault(like_sync=True, chosen=IN_THE_TEST)
async def leave_a_thread_that_ends(site: Site) -> None:
    end = threading.Event()
    threading.Thread(target=end.wait, daemon=True).start()
    site.at_the_end(end.set)


@fault(says="in a thread", like_sync=True)
async def raise_in_a_thread(site: Site) -> None:
    def fail() -> None:
        raise ValueError("in a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


@fault(
    like_sync=True,
    phases=IN_THE_TEST,
    costs=frozenset({"teardown", "end"}),
)
async def end_the_process(site: Site) -> None:
    os._exit(9)
