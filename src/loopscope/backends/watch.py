"""What code on an asyncio loop makes that can outlive it: for whom, and by which line.

A loop is asked for everything through a few of its methods, whoever asks: `asyncio.create_task`, a
task group, a stream, a library. So those methods are wrapped, on each loop by itself, and each
thing that they make is noted together with its *owner*, which is a context variable that the host
sets around each step: tasks and callbacks inherit it, so that what a connection handler starts
belongs to the fixture that started the server, and not to the test that happens to run.

A suite may patch the same methods, of the loop or of its class, before or after us, and gets what
it would get without us: ours look up at each call what they stand before.

Notes hold nothing alive: what they are about is referred to weakly wherever it can be.
"""

from __future__ import annotations

import contextvars
import enum
import inspect
import os
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from types import MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

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


class Site(NamedTuple):
    """A line that asked for something: the suite's own, or a library's where there is none.

    `is_direct` says that no library stood between the line and the loop.
    """

    path: str
    line: int
    is_direct: bool = True


@dataclass(eq=False, slots=True)
class Made:
    """One thing that was made on a loop.

    `heir` is whoever keeps it since its owner has come to an end; what is `given_up` will not end,
    whatever is done.
    """

    kind: Kind
    refer: Callable[[], Any]
    owner: object
    site: Site | None
    heir: object = None
    given_up: bool = False

    @property
    def is_left(self) -> bool:
        """Whether it is there, and goes on."""
        thing = self.refer()
        return thing is not None and not self.given_up and _GOES_ON[self.kind](thing)

    @property
    def has_died(self) -> bool:
        """Whether it is a task that ended with an error which nobody has asked for."""
        if self.kind is not Kind.TASK or self.given_up:
            return False
        task = self.refer()
        # What asyncio itself logs "exception was never retrieved" by, once the task is collected.
        return task is not None and task.done() and getattr(task, "_log_traceback", False)


class Timer(NamedTuple):
    """A callback that is due at some time of a loop's clock."""

    handle: asyncio.TimerHandle
    now: Callable[[], float]

    @property
    def seconds(self) -> float:
        """How long it is until it is due."""
        return 0.0 if self.handle.cancelled() else self.handle.when() - self.now()


@dataclass(eq=False)
class Job:
    """A function that a thread of an executor is to run.

    The loop's own `future` for it is done as soon as it is cancelled, whatever the thread does.
    """

    function: Callable[..., Any]
    runs: bool = False
    future: Callable[[], asyncio.Future[Any] | None] = lambda: None

    def __call__(self, *args: Any) -> Any:
        __tracebackhide__ = True
        self.runs = True
        try:
            return self.function(*args)
        finally:
            self.runs = False


class Watch:
    """Notes what is made on one loop, until it is taken off.

    Of a generator that begins, `is_known` says whether it is looked after otherwise. Some of what
    was `noted` may be over by now.

    The methods without a docstring stand before those of the loop that have their names.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        is_known: Callable[[object], bool] | None = None,
    ) -> None:
        self._loop = loop
        self._is_known = is_known or _is_known
        self.noted: list[Made] = []
        self._prune_at = _MANY
        self._is_setting_timer = False
        attributes, kind = vars(loop), type(loop)
        standing = _STANDING.get(kind)
        if standing is None:
            standing = _STANDING[kind] = tuple(
                (name, vars(Watch)[name]) for name in _METHODS if hasattr(kind, name)
            )
        self._ours = {name: MethodType(function, self) for name, function in standing}
        replaced = attributes.keys() & self._ours.keys()
        self._before = {name: attributes[name] for name in replaced}
        attributes.update(self._ours)

    def take_off(self) -> None:
        """Give the loop its own methods back, except those that somebody has replaced since."""
        attributes = vars(self._loop)
        for name, own in self._ours.items():
            if name in attributes and attributes[name] is own:
                if name in self._before:
                    attributes[name] = self._before[name]
                else:
                    del attributes[name]
        self.noted.clear()
        # Each of them holds this, as does whoever is asked: let nothing wait for the collector.
        self._ours.clear()
        self._is_known = _is_known

    def made(self) -> Iterator[Made]:
        """Yield what was made, and still goes on or has died, in the order in which it was made."""
        self._prune()
        yield from self.noted

    def maker_of(self, task: object) -> Made | None:
        """Return what is known of a task, even if it is about to be forgotten."""
        found: Made | None = getattr(task, _ATTRIBUTE, None)
        return found

    def create_task(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        task = self._original("create_task")(*args, **kwargs)
        try:
            setattr(task, _ATTRIBUTE, self._note(Kind.TASK, weakref.ref(task)))
        except (AttributeError, TypeError):
            pass  # a task factory may make what it likes
        return task

    def call_later(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        return self._set_timer("call_later", args, kwargs)

    def call_at(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        return self._set_timer("call_at", args, kwargs)

    def _set_timer(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        __tracebackhide__ = True
        if self._is_setting_timer:
            return self._original(method)(*args, **kwargs)  # one of the two calls the other
        self._is_setting_timer = True
        try:
            handle = self._original(method)(*args, **kwargs)
        finally:
            self._is_setting_timer = False
        callback = kwargs.get("callback", args[1] if len(args) > 1 else None)
        module = str(getattr(callback, "__module__", ""))
        # Those of `asyncio.sleep` and its like end with whoever waits for them. Only a `timeout()`
        # may be left open, and would cancel whatever its task does by then.
        if not module.startswith("asyncio.") or module == "asyncio.timeouts":
            self._note(Kind.TIMER, partial(_timer, reference(handle), self._loop.time))
        return handle

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        __tracebackhide__ = True
        run = self._original("run_in_executor")
        is_thread = executor is None or isinstance(executor, ThreadPoolExecutor)
        if not is_thread or not callable(func) or inspect.iscoroutinefunction(func):
            return run(executor, func, *args)
        job = Job(func)
        future = run(executor, job, *args)
        job.future = reference(future)
        # Only its thread holds it, from now on.
        self._note(Kind.EXECUTOR_JOB, weakref.ref(job))
        return future

    def _asyncgen_firstiter_hook(self, agen: AsyncGenerator[Any, None]) -> None:
        if not self._is_known(agen):
            self._note(Kind.ASYNC_GENERATOR, weakref.ref(agen))
        self._original("_asyncgen_firstiter_hook")(agen)

    def _original(self, name: str) -> Callable[..., Any]:
        """Return what the method would be if we did not stand before it."""
        found = self._before.get(name)
        if found is None:
            kind = type(self._loop)
            found = next(vars(base)[name] for base in kind.__mro__ if name in vars(base))
            bind = getattr(type(found), "__get__", None)
            if bind is not None:
                found = bind(found, self._loop, kind)
        original: Callable[..., Any] = found
        return original

    def _note(self, kind: Kind, refer: Callable[[], Any], site: Site | None = None) -> Made:
        if len(self.noted) >= self._prune_at:
            self._prune()
            self._prune_at = max(_MANY, 2 * len(self.noted))
        made = Made(kind, refer, OWNER.get(None), site or _calling_site())
        self.noted.append(made)
        return made

    def _prune(self) -> None:
        self.noted = [one for one in self.noted if one.is_left or one.has_died]


def _is_known(generator: object) -> bool:
    return False


def _opening(method: str, kind: Kind) -> Callable[..., Any]:
    """Return the method of `Watch` that stands before one which opens something."""

    async def opening(self: Watch, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        # Before it waits: then the code that asked for it is further up the stack.
        site = _calling_site()
        opened = await self._original(method)(*args, **kwargs)
        self._note(kind, reference(opened[0] if isinstance(opened, tuple) else opened), site)
        return opened

    opening.__name__ = method
    return opening


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
for _method, _kind in _OPENING.items():
    setattr(Watch, _method, _opening(_method, _kind))

_METHODS = (
    "create_task",
    "call_later",
    "call_at",
    "run_in_executor",
    "_asyncgen_firstiter_hook",
    *_OPENING,
)
_STANDING: dict[type, tuple[tuple[str, Callable[..., Any]], ...]] = {}
"""Those of the methods that a class of loops has, each with what stands before it."""
_ATTRIBUTE = "_loopscope_made"
_MANY = 64

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


def reference(thing: Any) -> Callable[[], Any]:
    """Return what gives `thing`, and keeps it alive only if it cannot be referred to weakly."""
    try:
        return weakref.ref(thing)
    except TypeError:
        return lambda: thing  # there is no other way to uvloop's child processes


def _timer(refer: Callable[[], Any], now: Callable[[], float]) -> Timer | None:
    handle = refer()
    return None if handle is None else Timer(handle, now)


class _Party(enum.Enum):
    """Whose a file is."""

    OURS = enum.auto()
    LOOP = enum.auto()
    LIBRARY = enum.auto()
    SUITE = enum.auto()


_OURS = os.path.dirname(os.path.dirname(__file__)) + os.sep
_STDLIB = os.path.dirname(os.__file__) + os.sep
_INSTALLED = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))


@cache
def _party(path: str) -> _Party:
    if path.startswith(_OURS):
        return _Party.OURS
    if path.startswith(f"{_STDLIB}asyncio{os.sep}"):
        return _Party.LOOP
    # What has no file is generated by a library: by dataclasses, say.
    if path.startswith(("<", _STDLIB, *_libraries())) or any(name in path for name in _INSTALLED):
        return _Party.LIBRARY
    return _Party.SUITE


@cache
def _libraries() -> tuple[str, ...]:
    """Return where libraries are installed: not before somebody asks, since it takes a while."""
    import sysconfig

    return tuple({sysconfig.get_path(name) + os.sep for name in ("purelib", "platlib")})


def is_of_the_suite(path: str) -> bool:
    """Say whether the file is part of what is tested, or of its tests: it is not installed."""
    return _party(path) is _Party.SUITE


def _calling_site() -> Site | None:
    """Return the innermost line of the suite, or else of a library, that asks for something.

    Only the code of the step or callback under way counts, which is what lies between this module
    and the next frame of ours: behind that lies whoever turns the loop.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    library: Site | None = None
    while frame is not None:
        path = frame.f_code.co_filename
        party = _party(path)
        if party is _Party.SUITE:
            return Site(path, frame.f_lineno, library is None)
        if party is _Party.OURS:
            break
        if party is _Party.LIBRARY and library is None:
            library = Site(path, frame.f_lineno, is_direct=False)
        frame = frame.f_back
    return library
