"""Edits of one text, as data: what stands where is replaced by what.

Places are offsets in UTF-8. What no edit names stays as it is, to the byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace what stands from `start` to `end`; what is only inserted has both at one place."""

    start: int
    end: int
    text: str = ""

    def covers(self, start: int, end: int) -> bool:
        """Say whether what stands there is replaced."""
        return self.start <= start and end <= self.end and self.start < self.end


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """Something that was left to the author, at a line of a file."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def apply(text: bytes, edits: Iterable[Edit]) -> bytes:
    """Return `text` after all of `edits`; what lies within another edit goes with that."""
    parts = []
    done = 0
    for edit in sorted(dict.fromkeys(edits), key=_in_order):
        if edit.start < done:
            continue
        parts += [text[done : edit.start], edit.text.encode()]
        done = edit.end
    return b"".join([*parts, text[done:]])


def _in_order(edit: Edit) -> tuple[int, bool, int]:
    # What is inserted where something else is replaced stands before that.
    return edit.start, edit.start != edit.end, -edit.end


def without(spans: Sequence[tuple[int, int]], dropped: set[int], end: int) -> list[Edit]:
    """Return the edits that drop some of a list of items, with their commas.

    `spans` are those of all items, and `end` is where the bracket is that closes the list.
    """
    if len(dropped) == len(spans):
        return [Edit(spans[0][0], end)] if spans else []
    edits = []
    kept = [index for index in range(len(spans)) if index not in dropped]
    for index in sorted(dropped):
        following = next((one for one in kept if one > index), None)
        if following is not None:
            edits.append(Edit(spans[index][0], spans[index + 1][0]))
        else:
            edits.append(Edit(spans[index - 1][1], spans[index][1]))
    return edits
