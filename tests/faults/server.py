"""A process that has imported everything, and forks into a pytest process on request.

To start Python and to import pytest and the backends takes several times as long as the run of a
small suite. A fork of this process, which has no threads and has run no loop, is as new as one that
was just started. Requests and answers are lines of JSON on its stdin and stdout.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from typing import NoReturn

CLOSED = "closed"
"""Instead of the path of stdout."""

_IMPORTED = (
    "_pytest.unraisableexception",
    "anyio._backends._asyncio",
    "anyio._backends._trio",
    "loopscope.backends.asyncio",
    "loopscope.backends.trio",
    "loopscope.plugin.entry",
    "pytest_timeout",
    "tests.faults.probe",
    "uvloop",
)


@dataclass(frozen=True)
class Request:
    """What to run, where, and for how many seconds at most."""

    arguments: list[str]
    environment: dict[str, str]
    directory: str
    stdout: str
    stderr: str
    limit: float


@dataclass(frozen=True)
class Answer:
    """How it ended: the exit code (that of a signal is negative), or not in time.

    `strays` says that a process outlived the one that started it.
    """

    code: int
    hung: bool
    strays: bool


def serve() -> list[str] | None:
    """Answer requests until there are no more; in the process that is to do one, return that."""
    for line in sys.stdin:
        request = Request(**json.loads(line))
        pid = os.fork()
        if pid == 0:
            _prepare(request)
            return request.arguments
        print(json.dumps(asdict(_wait(pid, request.limit))), flush=True)
    return None


def _prepare(request: Request) -> None:
    os.setsid()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for fd, path in ((0, os.devnull), (1, request.stdout), (2, request.stderr)):
        if path == CLOSED:
            os.close(fd)
            sys.stdout = None  # as Python starts then
            continue
        opened = os.open(path, flags if fd else os.O_RDONLY, 0o600)
        os.dup2(opened, fd)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    os.chdir(request.directory)
    os.environ.update(request.environment)


class _TooLong(Exception):
    pass


def _ring(signum: int, frame: object) -> NoReturn:
    raise _TooLong


def _wait(pid: int, limit: float) -> Answer:
    signal.signal(signal.SIGALRM, _ring)
    hung = False
    try:
        signal.setitimer(signal.ITIMER_REAL, limit)
        _, status = os.waitpid(pid, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except _TooLong:
        hung = True
        os.kill(pid, signal.SIGABRT)  # faulthandler then says where it was
        _, status = os.waitpid(pid, 0)
    strays = True
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        strays = False
    return Answer(os.waitstatus_to_exitcode(status), hung, strays)


def main() -> NoReturn:
    """Import what the runs need, and serve."""
    import pytest
    from _pytest.config import default_plugins

    plugins = [f"_pytest.{name}" for name in default_plugins]
    for module in (*plugins, *_IMPORTED):
        with contextlib.suppress(ImportError):
            __import__(module)
    inspect.getmodule(main.__code__)  # it looks through all modules, once
    gc.collect()
    gc.freeze()  # or each run would look through all of this for garbage, several times
    print("ready", flush=True)
    arguments = serve()
    if arguments is None:
        raise SystemExit(0)
    raise SystemExit(pytest.main(arguments))


if __name__ == "__main__":
    main()
