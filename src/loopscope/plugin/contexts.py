"""Context variables that follow the scopes.

Every place in the collection tree that fixtures are set up at has a context of its own, made as a
copy of what stands around it. What a fixture sets, synchronous or not, is *given* by its place: it
is seen in the contexts of the places below, and in the context that pytest itself runs in, until
the place ends. What a test sets stays in the test's own context.
"""

from __future__ import annotations

from contextvars import Context, ContextVar, Token, copy_context
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from loopscope.core.scope import Anchor

T = TypeVar("T")
Values = dict["ContextVar[Any]", Any]
Tokens = list[tuple["ContextVar[Any]", "Token[Any]"]]


class ScopeContexts:
    """The contexts of the places that are alive."""

    def __init__(self) -> None:
        self._contexts: dict[Anchor, Context] = {}
        self._given: dict[Anchor, Values] = {}
        self._shown: dict[ContextVar[Any], Token[Any]] = {}
        self._inside = 0

    def get(self, anchor: Anchor) -> Context | None:
        """Return the context of a place, as it stands, if the place has one."""
        return self._contexts.get(anchor)

    def begin(self, anchor: Anchor) -> Context:
        """Make the context of a place that has none, and return it."""
        context = self._contexts[anchor] = copy_context()
        for variable, value in self._given_around(anchor).items():
            context.run(variable.set, value)
        return context

    def giving(self, anchor: Anchor, context: Context) -> AbstractContextManager[None]:
        """Give, at the end of a block, what the block changed in `context`."""
        return _Giving(self, anchor, context)

    def run(
        self,
        anchor: Anchor,
        context: Context,
        function: Callable[..., T],
        *args: Any,
        **kwargs: Any,
    ) -> T:
        """Call `function` in `context`, and give at `anchor` what it changes."""
        __tracebackhide__ = True
        with self.giving(anchor, context):
            self._inside += 1
            try:
                return context.run(function, *args, **kwargs)
            finally:
                self._inside -= 1

    def end(self, anchor: Anchor) -> None:
        """Forget the place, and take back what it gave."""
        self._contexts.pop(anchor, None)
        if self._given.pop(anchor, None):
            self._show()

    def give(self, anchor: Anchor, source: Context, before: Context) -> None:
        """Give at a place what is otherwise in `source` than it was `before`."""
        given = self._given.setdefault(anchor, {})
        around = self._given_around(anchor)
        nothing = object()
        for variable, value in source.items():
            if before.get(variable, nothing) is value or around.get(variable, nothing) is value:
                continue
            given[variable] = value
            for place, context in self._contexts.items():
                if context is not source and anchor.encloses(place):
                    context.run(variable.set, value)
        for variable in before:
            if variable not in source:
                given.pop(variable, None)
        self._show()

    def _given_around(self, anchor: Anchor) -> Values:
        """Return what a place sees of what is given at it and around it."""
        seen: Values = {}
        if self._given:
            for place in reversed(list(anchor.chain())):
                seen.update(self._given.get(place, {}))
        return seen

    def _show(self) -> None:
        """Set in the current context what is given by all places that are alive, and no more."""
        seen: Values = {}
        for place in sorted(self._given, key=lambda place: -place.scope):
            seen.update(self._given[place])
        nothing = object()
        if self._inside:
            # A fixture that another one asked for while it ran: that one's context is the current
            # one, and is gone before there is anything to take back.
            for variable, value in seen.items():
                if variable.get(nothing) is not value:
                    variable.set(value)
            return
        for variable in [variable for variable in self._shown if variable not in seen]:
            variable.reset(self._shown.pop(variable))
        for variable, value in seen.items():
            if variable.get(nothing) is not value:
                token = variable.set(value)
                self._shown.setdefault(variable, token)


class _Giving:
    """See `FollowedBy` for why it is a class."""

    __slots__ = ("_anchor", "_before", "_context", "_contexts")

    def __init__(self, contexts: ScopeContexts, anchor: Anchor, context: Context) -> None:
        self._contexts = contexts
        self._anchor = anchor
        self._context = context

    def __enter__(self) -> None:
        self._before = self._context.copy()

    def __exit__(self, *_: object) -> None:
        if self._context != self._before:
            self._contexts.give(self._anchor, self._context, self._before)


def adopt(source: Context, target: Context) -> Tokens:
    """Set in `target` what `source` has otherwise; return how to take that back."""
    nothing = object()
    return [
        (variable, target.run(variable.set, value))
        for variable, value in source.items()
        if target.get(variable, nothing) is not value
    ]


def take_back(target: Context, tokens: Tokens) -> None:
    """Take back what `adopt` has set in `target`."""
    for variable, token in reversed(tokens):
        target.run(variable.reset, token)
