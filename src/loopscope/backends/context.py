"""Running a coroutine inside a task, but in another context than the task's own."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Awaitable, Callable, Generator

T = TypeVar("T")


def await_in(context: contextvars.Context, action: Callable[[], Awaitable[T]]) -> Awaitable[T]:
    """Return an awaitable that runs `action()` in `context`, whatever task awaits it."""
    return cast("Awaitable[T]", _await_in(context, action))


@types.coroutine
def _await_in(
    context: contextvars.Context, action: Callable[[], Awaitable[Any]]
) -> Generator[Any, Any, Any]:
    __tracebackhide__ = True
    # PEP 380's expansion of `yield from`, with every resumption made through the context.
    iterator = context.run(lambda: action().__await__())
    resume: Callable[..., Any] = iterator.send
    sent: Any = None
    while True:
        try:
            yielded = context.run(resume, sent)
        except StopIteration as stop:
            return stop.value
        try:
            sent = yield yielded
            resume = iterator.send
        except GeneratorExit:
            context.run(iterator.close)
            raise
        except BaseException as exc:
            sent, resume = exc, iterator.throw
