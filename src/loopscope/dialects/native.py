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

    from loopscope.core.policy import Policy

MARK = "loopscope"
LEAK_POLICIES = ("ignore", "warn", "error")
_ATTRIBUTE = "__loopscope_declared__"


def _valid_scope(value: object, known_backends: Sequence[str]) -> object:
    return None if value is None else Scope.parse(value)


def _valid_backends(value: object, known_backends: Sequence[str]) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, (tuple, list)):
        raise UnknownName("backend", names, tuple(known_backends))
    for name in names:
        if name not in known_backends:
            raise UnknownName("backend", name, tuple(known_backends))
    return tuple(names)


def _valid_seconds(value: object, known_backends: Sequence[str]) -> float:
    """Return a time limit; 0 stands for none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise DeclarationError(f"timeout is a number of seconds, 0 for no limit, not {value!r}")
    return float(value)


def _valid_policy(value: object, known_backends: Sequence[str]) -> object:
    if value not in LEAK_POLICIES:
        raise UnknownName("leaks", value, LEAK_POLICIES)
    return value


def _valid_switch(value: object, known_backends: Sequence[str]) -> bool:
    if not isinstance(value, bool):
        raise DeclarationError(f"fresh_fixtures is True or False, not {value!r}")
    return value


_ARGUMENTS: dict[str, Callable[[object, Sequence[str]], object]] = {
    "scope": _valid_scope,
    "backend": _valid_backends,
    "timeout": _valid_seconds,
    "leaks": _valid_policy,
    "fresh_fixtures": _valid_switch,
}
MARK_ARGUMENTS = tuple(_ARGUMENTS)
OF_ANY_TEST = frozenset({"timeout", "leaks", "fresh_fixtures"})
"""What the mark may say of a test in whatever vocabulary it is written: whose it is, they do not
say."""


def parse_arguments(
    args: Sequence[object], kwargs: Mapping[str, object], known_backends: Sequence[str]
) -> dict[str, Any]:
    """Return the arguments of `@pytest.mark.loopscope(*args, **kwargs)`, as what they mean.

    Raises:
        DeclarationError: an argument that the mark does not have, a positional one, or a value that
            makes no sense.
        UnknownName: a scope, backend or policy that does not exist; the message lists the valid
            ones.
    """
    valid = ", ".join(MARK_ARGUMENTS)
    if args:
        raise DeclarationError(
            f"mark.{MARK} takes keyword arguments only ({valid}), not {args[0]!r}"
        )
    for name in kwargs:
        if name not in _ARGUMENTS:
            raise DeclarationError(f"mark.{MARK} has no argument {name!r}. Valid: {valid}.")
    return {name: _ARGUMENTS[name](value, known_backends) for name, value in kwargs.items()}


def argument_of(item: pytest.Item, name: str, known_backends: Sequence[str]) -> Any:
    """Return what the nearest mark that has the argument `name` says, None if there is none.

    Raises:
        LoopscopeError: as `parse_arguments` does.
    """
    for mark in item.iter_markers(MARK):
        if name in mark.kwargs:
            return parse_arguments(mark.args, mark.kwargs, known_backends)[name]
    return None


def declared_in(arguments: Mapping[str, Any]) -> Declared:
    """Return what the arguments of a mark declare of the loop."""
    return Declared(arguments.get("scope"), arguments.get("backend", ()))


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
        always_planned: bool = False,
    ) -> None:
        super().__init__(config, policy)
        # To observe is to ask what the others do: what is in our words is ours to plan even then.
        self.always_planned = always_planned
        self.is_auto = self.takes_bare_fixtures = is_auto
        self.backends = backends
        self.known_backends = known_backends

    @classmethod
    def is_told_by(cls, mark: pytest.Mark) -> bool:
        says_more = not mark.kwargs or not set(mark.kwargs) <= OF_ANY_TEST
        return super().is_told_by(mark) and says_more

    def claims(self, test: Test) -> bool:
        return not test.is_async and RUNNER_FIXTURE in test.fixtures

    def declared_by(self, test: Test) -> Declared:
        for mark in test.item.iter_markers(MARK):
            arguments = parse_arguments(mark.args, mark.kwargs, self.known_backends)
            if "scope" in arguments or "backend" in arguments:
                return declared_in(arguments)
        return Declared()

    def declared_on(self, function: Callable[..., Any]) -> Declared | None:
        return declared_on(function)

    def varies(self, collector: pytest.Collector) -> bool:
        return len(self.backends) > 1

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
