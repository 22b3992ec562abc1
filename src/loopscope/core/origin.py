"""Where something was written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Origin:
    """A place in the user's source: a path relative to the root directory and a line from 1.

    There is one for each test of a suite, and hardly any of them is ever read.
    """

    __slots__ = ("_find", "_found")

    def __init__(self, path: str, line: int) -> None:
        self._find: Callable[[], Origin] | None = None
        self._found = path, line

    @classmethod
    def read_later(cls, find: Callable[[], Origin]) -> Origin:
        """Return the origin that `find` will return when somebody first wants to know."""
        origin = cls.__new__(cls)
        origin._find = find
        return origin

    def _place(self) -> tuple[str, int]:
        if self._find is not None:
            self._found, self._find = self._find()._place(), None
        return self._found

    @property
    def path(self) -> str:
        """The path of the file."""
        return self._place()[0]

    @property
    def line(self) -> int:
        """The line, from 1."""
        return self._place()[1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin) and self._place() == other._place()

    def __hash__(self) -> int:
        return hash(self._place())

    def __repr__(self) -> str:
        return f"Origin(path={self.path!r}, line={self.line})"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"
