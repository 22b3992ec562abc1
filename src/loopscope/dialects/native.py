"""Our own vocabulary: the mark `loopscope` and the decorator `loopscope.fixture`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from loopscope.core.declared import Declared
from loopscope.core.graph import Kind
from loopscope.core.scope import Scope
from loopscope.dialects.spelling import Spelling, listed, quoted
from loopscope.dialects.vocabulary import RUNNER_FIXTURE, Choice, Dialect, Test
from loopscope.errors import DeclarationError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from loopscope.core.plan import Policy

MARK = "loopscope"
MARK_ARGUMENTS = ("scope", "backend")
_ATTRIBUTE = "__loopscope_declared__"


def parse_mark(
    args: Sequence[object], kwargs: Mapping[str, object], known_backends: Sequence[str]
) -> Declared:
    """Return what `@pytest.mark.loopscope(*args, **kwargs)` declares.

    Raises:
        DeclarationError: an argument that the mark does not have, or a positional one.
        UnknownName: a scope or backend that does not exist; the message lists the valid ones.
    """
    valid = ", ".join(MARK_ARGUMENTS)
    if args:
        raise DeclarationError(
            f"mark.{MARK} takes keyword arguments only ({valid}), not {args[0]!r}"
        )
    for name in kwargs:
        if name not in MARK_ARGUMENTS:
            raise DeclarationError(f"mark.{MARK} has no argument {name!r}. Valid: {valid}.")
    scope = kwargs.get("scope")
    backend = kwargs.get("backend", ())
    backends = (backend,) if isinstance(backend, str) else backend
    if not isinstance(backends, (tuple, list)):
        raise UnknownName("backend", backends, tuple(known_backends))
    for name in backends:
        if name not in known_backends:
            raise UnknownName("backend", name, tuple(known_backends))
    return Declared(None if scope is None else Scope.parse(scope), tuple(backends))


class Words(Spelling):
    """How our own vocabulary is written."""

    mark_name = MARK
    decorator_name = "loopscope.fixture"
    arguments: ClassVar = {Kind.TEST: "scope", Kind.FIXTURE: "loop_scope"}

    def _backends(self, names: Sequence[str]) -> str | None:
        if not all(name.isidentifier() for name in names):
            return None  # a backend with options, which another vocabulary has words for
        return f"backend={quoted(names[0]) if len(names) == 1 else listed(names)}"


def declare(function: Callable[..., Any], declared: Declared) -> None:
    """Attach `declared` to a fixture function."""
    setattr(function, _ATTRIBUTE, declared)


def declared_on(function: Callable[..., Any]) -> Declared | None:
    """Return what `declare` attached to `function`, or None."""
    found: Declared | None = getattr(function, _ATTRIBUTE, None)
    return found


class Native(Dialect):
    """Our own dialect, in which every other suite may be written as well."""

    name = "loopscope"
    spelling = Words()
    mark = MARK
    plugin = "loopscope"
    allows_mismatch = False

    def __init__(
        self,
        config: pytest.Config,
        policy: Policy,
        *,
        is_auto: bool,
        backends: tuple[str, ...],
        known_backends: tuple[str, ...],
    ) -> None:
        super().__init__(config, policy)
        self.is_auto = self.takes_bare_fixtures = is_auto
        self.backends = backends
        self._known_backends = known_backends

    def claims(self, test: Test) -> bool:
        return not test.is_async and RUNNER_FIXTURE in test.fixtures

    def declared_by(self, test: Test) -> Declared:
        mark = test.item.get_closest_marker(MARK)
        if mark is None:
            return Declared()
        return parse_mark(mark.args, mark.kwargs, self._known_backends)

    def declared_on(self, function: Callable[..., Any]) -> Declared | None:
        return declared_on(function)

    def variants(self, test: Test) -> Sequence[Any]:
        backends = self.declared_by(test).backends or self.backends
        if len(backends) == 1:
            return ()
        return [pytest.param(backend, id=backend) for backend in backends]

    def choice(self, test: Test) -> Choice:
        chosen = test.parameters.get(self.variant)
        if chosen is None:
            chosen = (*self.declared_by(test).backends, *self.backends)[0]
        return Choice.of(chosen)
