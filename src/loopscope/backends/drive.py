"""Awaiting user code so that it can be given up: left where it stands, and never resumed.

A cancellation is a request, and code may refuse it: catch it and go on, or wait for something that
catches it. Left alone, such code would go on in the background of whatever the loop is turned for
next. A `Drive` stands between a task and the code that it awaits, and passes on every resumption.
Once the code is abandoned, it is resumed with nothing but `Abandoned`, which is no `Exception` and
no cancellation; if it refuses that as well, a few times, it is not resumed at all. The task goes
on, and still holds open what is to be torn down in it.
"""

from __future__ import annotations

import types
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Awaitable, Callable, Generator

    from loopscope.backends.task import ScopeTask

T = TypeVar("T")

ATTEMPTS = 10
"""How often code is told that it is abandoned."""
LAST_ATTEMPT = 3
"""How often code may be abandoned before the loop is given up with it."""


def keep(resumable: object) -> None:
    """Never free something that must not be resumed, not even when the process exits.

    Python resumes a coroutine that nobody keeps, to close it; what knows no end may spin there for
    ever.
    """
    import ctypes  # some builds of Python have none, and few runs need it

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(resumable))


class Abandoned(BaseException):
    """What abandoned code is resumed with."""


class Drive:
    """One piece of user code that `task` awaits."""

    __slots__ = ("_attempts", "is_abandoned", "task")

    def __init__(self, task: ScopeTask) -> None:
        self.task = task
        self.is_abandoned = False
        self._attempts = 0

    def run(
        self, action: Callable[[], Awaitable[T]], context: contextvars.Context | None = None
    ) -> Awaitable[T]:
        """Return an awaitable that runs `action()`, in `context` or in that of the task."""
        driven: Any = _driven(self, action, context)
        awaitable: Awaitable[T] = driven
        return awaitable

    def abandon(self) -> None:
        """Resume the code with `Abandoned` only, the next time that its task is resumed."""
        self.is_abandoned = True

    def may_resume(self) -> bool:
        """Count the attempts to make abandoned code end."""
        self._attempts += 1
        return self._attempts <= ATTEMPTS


@types.coroutine
def _driven(
    drive: Drive, action: Callable[[], Awaitable[Any]], context: contextvars.Context | None
) -> Generator[Any, Any, Any]:
    __tracebackhide__ = True
    call = _call if context is None else context.run
    # Known by these names to `call_graph`, which has no other way to what is awaited here.
    driven = call(action)
    iterator: Any = driven if isinstance(driven, Coroutine) else call(driven.__await__)
    # PEP 380's expansion of `yield from`, with every resumption made through the context.
    resume: Callable[..., Any] = iterator.send
    sent: Any = None
    while True:
        try:
            yielded = call(resume, sent)
        except StopIteration as stop:
            return stop.value
        try:
            sent = yield yielded
            resume = iterator.send
        except GeneratorExit:
            call(iterator.close)
            raise
        except BaseException as exc:
            sent, resume = exc, iterator.throw
        if drive.is_abandoned and drive.task.may_abandon(sent):
            if not drive.may_resume():
                keep(iterator)
                raise Abandoned
            sent, resume = Abandoned(), iterator.throw


DRIVEN = _driven.__code__


def _call(function: Callable[..., T], *args: Any) -> T:
    __tracebackhide__ = True
    return function(*args)
