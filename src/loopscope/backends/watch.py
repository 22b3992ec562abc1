"""What code on an asyncio loop makes that can outlive it: for whom, and by which line.

A loop is asked for everything through a few of its methods, whoever asks: `asyncio.create_task`, a
task group, a stream, a library. So those methods of one loop are wrapped, and each thing that they
make is noted together with its *owner*, which is a context variable that the host sets around each
step: tasks and callbacks inherit it, so that what a connection handler starts belongs to the
fixture that started the server, and not to the test that happens to run.

Notes hold nothing alive: what they are about is referred to weakly wherever it can be.
"""

from __future__ import annotations

import contextvars
import enum
import sys
import sysconfig
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable, Iterator
    from types import FrameType

OWNER: contextvars.ContextVar[object] = contextvars.ContextVar("loopscope_owner")
"""Whose code runs: what a step was done for."""


class Kind(enum.Enum):
    """What can be left behind."""

    TASK = "task"
    TIMER = "timer"
    ASYNC_GENERATOR = "async generator"
    TRANSPORT = "transport"
    SERVER = "server"
    EXECUTOR_JOB = "executor job"
    CHILD_PROCESS = "child process"


@dataclass(frozen=True, slots=True)
class Site:
    """A line of somebody's code: of the suite's if there is one, and whether it asked itself."""

    path: str
    line: int
    is_direct: bool = True


@dataclass(eq=False, slots=True)
class Made:
    """One thing that was made on a loop."""

    kind: Kind
    refer: Callable[[], Any]
    owner: object
    site: Site | None

    @property
    def is_left(self) -> bool:
        """Whether it is there, and goes on."""
        made = self.refer()
        return made is not None and _GOES_ON[self.kind](made)

    @property
    def error(self) -> BaseException | None:
        """What it died of, if it is a task and nobody has asked for its outcome."""
        task = self.refer() if self.kind is Kind.TASK else None
        if task is None or not task.done() or task.cancelled() or not _is_unobserved(task):
            return None
        # The private attribute tells without changing anything; this makes it say no from now on.
        error: BaseException | None = task.exception()
        return error


@dataclass(frozen=True, slots=True)
class Timer:
    """A callback that is due at some time of a loop's clock."""

    handle: asyncio.TimerHandle
    now: Callable[[], float]

    @property
    def seconds(self) -> float:
        """How long it is until it is due."""
        return 0.0 if self.handle.cancelled() else self.handle.when() - self.now()


@dataclass(eq=False, slots=True)
class Job:
    """A function that a thread of an executor is to run; its future knows nothing of the thread."""

    function: Callable[..., Any]
    runs: bool = False

    def __call__(self, *args: Any) -> Any:
        self.runs = True
        try:
            return self.function(*args)
        finally:
            self.runs = False


class Watch:
    """Notes what is made on one loop, until it is taken off."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._made: list[Made] = []
        self._prune_at = 64
        for method, note in self._methods().items():
            original = getattr(loop, method, None)
            if original is not None:
                setattr(loop, method, note(original))

    def take_off(self) -> None:
        """Give the loop its own methods back."""
        for method in self._methods():
            vars(self._loop).pop(method, None)
        self._made.clear()

    def made(self, owner: object = None) -> Iterator[Made]:
        """Yield what was made for `owner`, or for anybody, in the order in which it was made."""
        self._prune()
        for one in self._made:
            if owner is None or one.owner is owner:
                yield one

    def maker_of(self, task: object) -> Made | None:
        """Return what is known of a task, even if it is about to be forgotten."""
        found: Made | None = getattr(task, _ATTRIBUTE, None)
        return found

    def _methods(self) -> dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]]:
        return {
            "create_task": self._noting_tasks,
            "call_later": self._noting_timers,
            "call_at": self._noting_timers,
            "run_in_executor": self._noting_jobs,
            "_asyncgen_firstiter_hook": self._noting_generators,
            **dict.fromkeys(_OPENING, self._noting_what_is_opened),
        }

    def _note(self, kind: Kind, refer: Callable[[], Any], site: Site | None = None) -> Made:
        if len(self._made) >= self._prune_at:
            self._prune()
            self._prune_at = max(64, 2 * len(self._made))
        made = Made(kind, refer, OWNER.get(None), site or _calling_site())
        self._made.append(made)
        return made

    def _prune(self) -> None:
        self._made = [one for one in self._made if one.is_left or _may_have_died(one)]

    def _noting_tasks(self, create_task: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(create_task)
        def create(*args: Any, **kwargs: Any) -> Any:
            task = create_task(*args, **kwargs)
            try:
                setattr(task, _ATTRIBUTE, self._note(Kind.TASK, weakref.ref(task)))
            except (AttributeError, TypeError):
                pass  # a task factory may make what it likes
            return task

        return create

    def _noting_timers(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def later(*args: Any, **kwargs: Any) -> Any:
            handle = call(*args, **kwargs)
            # One of the two methods calls the other.
            last = self._made[-1].refer() if self._made else None
            if not (isinstance(last, Timer) and last.handle is handle):
                # Not weakly: uvloop's handles cannot be, and a timer is soon over.
                timer = Timer(handle, self._loop.time)
                self._note(Kind.TIMER, lambda: timer)
            return handle

        return later

    def _noting_jobs(self, run_in_executor: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(run_in_executor)
        def run(executor: Any, function: Any, *args: Any) -> Any:
            if executor is not None and not isinstance(executor, ThreadPoolExecutor):
                return run_in_executor(executor, function, *args)
            job = Job(function)
            self._note(Kind.EXECUTOR_JOB, lambda: job)
            return run_in_executor(executor, job, *args)

        return run

    def _noting_generators(self, first_iteration: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(first_iteration)
        def begun(generator: AsyncGenerator[Any, None]) -> Any:
            self._note(Kind.ASYNC_GENERATOR, weakref.ref(generator))
            return first_iteration(generator)

        return begun

    def _noting_what_is_opened(self, method: Callable[..., Any]) -> Callable[..., Any]:
        kind = _OPENING[method.__name__]

        @wraps(method)
        async def opening(*args: Any, **kwargs: Any) -> Any:
            # Before it waits: then the code that asked for it is further up the stack.
            site = _calling_site()
            opened = await method(*args, **kwargs)
            self._note(kind, _reference(opened[0] if isinstance(opened, tuple) else opened), site)
            return opened

        return opening


_ATTRIBUTE = "_loopscope_made"

_OPENING = {
    "create_connection": Kind.TRANSPORT,
    "create_unix_connection": Kind.TRANSPORT,
    "connect_accepted_socket": Kind.TRANSPORT,
    "create_datagram_endpoint": Kind.TRANSPORT,
    "connect_read_pipe": Kind.TRANSPORT,
    "connect_write_pipe": Kind.TRANSPORT,
    "create_server": Kind.SERVER,
    "create_unix_server": Kind.SERVER,
    "subprocess_exec": Kind.CHILD_PROCESS,
    "subprocess_shell": Kind.CHILD_PROCESS,
}


_GOES_ON: dict[Kind, Callable[[Any], bool]] = {
    Kind.TASK: lambda task: not task.done(),
    Kind.TIMER: lambda timer: timer.seconds > 0,
    Kind.ASYNC_GENERATOR: lambda generator: (
        generator.ag_frame is not None and not generator.ag_running
    ),
    Kind.TRANSPORT: lambda transport: not transport.is_closing(),
    Kind.SERVER: lambda server: bool(server.sockets),
    Kind.EXECUTOR_JOB: lambda job: job.runs,
    Kind.CHILD_PROCESS: lambda transport: transport.get_returncode() is None,
}


def _reference(thing: object) -> Callable[[], Any]:
    try:
        return weakref.ref(thing)
    except TypeError:
        return lambda: thing  # uvloop's transports are not to be referred to weakly


def _is_unobserved(task: Any) -> bool:
    # What asyncio itself logs "exception was never retrieved" by, once the task is collected.
    return bool(getattr(task, "_log_traceback", False))


def _may_have_died(made: Made) -> bool:
    task = made.refer() if made.kind is Kind.TASK else None
    return task is not None and task.done() and _is_unobserved(task)


_MACHINERY = ("asyncio", "uvloop")
_OURS = __name__.partition(".")[0]
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})


def _calling_site() -> Site | None:
    """Return the innermost line of the suite, or else of a library, that asks for something.

    The suite is what is not installed. Only the code of the step or callback under way counts,
    which is what lies between here and the next frame of ours or of the loop's.
    """
    frame: FrameType | None = sys._getframe(1)
    nearest: Site | None = None
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        package = module.partition(".")[0]
        if package == _OURS and module != __name__:
            break
        if package not in _MACHINERY and package != _OURS:
            path = frame.f_code.co_filename
            if not path.startswith(_LIBRARIES):
                return Site(path, frame.f_lineno, nearest is None)
            nearest = nearest or Site(path, frame.f_lineno, is_direct=False)
        frame = frame.f_back
    return nearest
