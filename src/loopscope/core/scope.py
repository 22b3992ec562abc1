"""Scopes, and the places in the collection tree that loops and fixtures are anchored at."""

from __future__ import annotations

import enum
from dataclasses import field
from typing import TYPE_CHECKING

from loopscope.core.value import value
from loopscope.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterator


class Scope(enum.IntEnum):
    """The five scopes of pytest, ordered: a wider scope compares greater."""

    FUNCTION = 0
    CLASS = 1
    MODULE = 2
    PACKAGE = 3
    SESSION = 4

    word: str
    """What pytest calls this scope."""

    def __init__(self, _: int) -> None:
        self.word = self._name_.lower()

    __hash__ = int.__hash__  # that of Enum is the hash of the name

    @classmethod
    def parse(cls, word: object, what: str = "scope") -> Scope:
        """Return the scope that pytest calls `word`.

        Raises:
            UnknownName: `word` is not one of pytest's five words; the message lists them.
        """
        if isinstance(word, str) and word in _WORDS:
            return _WORDS[word]
        raise UnknownName(what, word, tuple(scope.word for scope in cls))


_WORDS = {scope.word: scope for scope in Scope}


@value(frozen=True, slots=True)
class Anchor:
    """One place in the collection tree at one scope: this session, that module, this test.

    Anchors are equal when scope and node are. `parent` is the next wider place around this one.
    A chain from a test outwards has one anchor for every scope, and several for nested packages.
    """

    scope: Scope
    node: str
    parent: Anchor | None = field(default=None, compare=False, repr=False)

    def __hash__(self) -> int:
        return hash(self.node)  # which hardly ever is that of another scope as well

    def chain(self) -> Iterator[Anchor]:
        """Yield this anchor and every one around it, narrowest first."""
        anchor: Anchor | None = self
        while anchor is not None:
            yield anchor
            anchor = anchor.parent

    def encloses(self, other: Anchor) -> bool:
        """Say whether `other` is this place or lies within it."""
        anchor: Anchor | None = other
        while anchor is not None:
            if anchor is self or anchor == self:
                return True
            anchor = anchor.parent
        return False

    def at(self, scope: Scope) -> Anchor:
        """Return the nearest place of at least `scope` around this one (or this one itself)."""
        anchor = self
        while anchor.scope < scope and anchor.parent is not None:
            anchor = anchor.parent
        return anchor

    @property
    def outermost(self) -> Anchor:
        """The widest place around this one."""
        *_, last = self.chain()
        return last

    def __str__(self) -> str:
        return f"{self.scope.word} {self.node}" if self.node else self.scope.word


def common(first: Anchor, second: Anchor) -> Anchor:
    """Return the narrowest place that encloses both (the widest of `first` if there is none)."""
    if first.encloses(second):
        return first
    for anchor in first.chain():
        if anchor.encloses(second):
            return anchor
    return first.outermost
