"""Where something was written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Origin:
    """A place in the user's source: a path relative to the root directory and a line from 1."""

    __slots__ = ("_found",)

    def __init__(self, path: str, line: int) -> None:
        self._found: tuple[str, int] | None = path, line

    def _place(self) -> tuple[str, int]:
        assert self._found is not None
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
        path, line = self._place()
        return f"{path}:{line}"


class UnreadOrigin(Origin):
    """The place of `what`, which `find` returns when somebody first wants to know.

    Each test of a suite has one, and hardly any of them is ever read.
    """

    __slots__ = ("_find", "_what")

    def __init__(self, find: Callable[[Any], Origin], what: object) -> None:
        self._find = find
        self._what = what
        self._found = None

    def _place(self) -> tuple[str, int]:
        if self._found is None:
            self._found = self._find(self._what)._place()
        return self._found
