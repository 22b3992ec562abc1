"""Edits of one text, as data: what stands where is replaced by what.

Places are offsets in UTF-8. What no edit names stays as it is, to the byte.
"""

from __future__ import annotations

import re
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


def without(
    text: bytes, spans: Sequence[tuple[int, int]], dropped: set[int], end: int
) -> list[Edit]:
    """Return the edits that drop some of a list of items, with their commas.

    `spans` are those of all items, and `end` is where the bracket is that closes the list. Comments
    between items stay.
    """
    if len(dropped) == len(spans) and b"#" not in text[spans[0][0] : end]:
        return [Edit(spans[0][0], end)]
    edits = []
    kept = [index for index in range(len(spans)) if index not in dropped]
    for index in sorted(dropped):
        start, stop = spans[index]
        comma = re.compile(rb"\s*,[ \t]*").match(text, stop, end)
        before = text.rfind(b"\n", 0, start) + 1
        rest = b"" if comma is None else text[comma.end() : comma.end() + 2]
        if not text[before:start].strip() and (comma is None or rest[:1] in (b"\n", b"\r", b"#")):
            # On lines of its own: these go, or what is left of them is a comment.
            over = stop if comma is None else comma.end()
            newline = re.compile(rb"\r?\n").match(text, over)
            edits.append(Edit(before, newline.end()) if newline else Edit(start, over))
        elif any(one > index for one in kept) and comma is not None:
            following = re.compile(rb"\s*(?!\s|#)").match(text, comma.end(), end)
            edits.append(Edit(start, following.end() if following else comma.end()))
        elif index and b"\n" not in text[spans[index - 1][1] : start]:
            edits.append(Edit(spans[index - 1][1], stop))
        else:
            edits.append(Edit(start, stop if comma is None else comma.end()))
    return edits
