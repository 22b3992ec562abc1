"""A scope task with what a test does to it."""

from __future__ import annotations

import contextvars
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from loopscope.backends.base import Entry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from loopscope.backends.base import Host, Outcome

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

T = TypeVar("T")


class Boom(Exception):
    """What goes wrong in these tests."""


class Place:
    """A place in the collection tree, as a host sees it: one scope task, and fixtures by name."""

    def __init__(self, host: Host, name: str = "module", *, hidden: bool = True) -> None:
        self.host = host
        self.context = contextvars.copy_context()
        self.task = host.task(name, self.context, hidden=hidden)
        self.entries: dict[str, Entry] = {}

    def try_enter(
        self,
        fixture: Callable[[], AsyncGenerator[Any, None]],
        needs: Callable[[Entry], bool] = lambda entry: True,
    ) -> Outcome[Any]:
        """Set `fixture` up, under the name of the function."""
        entry = Entry(fixture.__name__, fixture())
        self.entries[entry.key] = entry
        return self.host.enter(self.task, entry, needs)

    def enter(self, fixture: Callable[[], AsyncGenerator[Any, None]]) -> Any:
        """Set `fixture` up and return its value."""
        return value(self.try_enter(fixture))

    def leave(self, name: str) -> Outcome[None]:
        """Tear the fixture of that name down."""
        return self.host.leave(self.task, self.entries[name])

    def run(self, action: Callable[..., Awaitable[T]], *args: Any, **options: Any) -> Outcome[T]:
        """Run a step; `options` are those of `Host.run`."""
        return self.host.run(self.task, partial(action, *args), **options)

    @property
    def open(self) -> list[str]:
        """The names of the fixtures that are open, outermost first."""
        return [entry.key for entry in self.task.stack]


def value(outcome: Outcome[T]) -> Any:
    """Return the value of a step that nothing is wrong with."""
    if outcome.error is not None:
        raise outcome.error
    assert outcome.cause is None
    assert outcome.crashes == ()
    return outcome.value


def leaf(error: BaseException | None) -> BaseException | None:
    """Return the one error in a group, at any depth."""
    while isinstance(error, BaseExceptionGroup):
        (error,) = error.exceptions
    return error
