"""A page in plain text, and in Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loopscope.advise.blocks import Code, Heading, Line, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from loopscope.advise.blocks import Block

_DECORATOR = re.compile(r"(@[\w.]+(?:\([^)`|]*\))?)")
"""Whoever reads Markdown on a site for code would otherwise be mentioned as @pytest."""


def as_text(blocks: Iterable[Block]) -> str:
    """Return the page as plain text."""
    lines: list[str] = []
    for block in blocks:
        match block:
            case Heading(text):
                lines += ["", text]
            case Line(text, details):
                lines += [f"  {text}", *(f"      {detail}" for detail in details)]
            case Table(heads, rows):
                lines += (f"  {line}" for line in _columns(heads, rows))
            case Code(path, _, text):
                lines += [f"  {path}", *(f"      {line}".rstrip() for line in text.splitlines())]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def as_markdown(blocks: Iterable[Block]) -> str:
    """Return the page in Markdown."""
    lines: list[str] = ["# Async tests: advice"]
    in_list = False
    for block in blocks:
        is_line = isinstance(block, Line)
        if not (is_line and in_list):
            lines.append("")
        in_list = is_line
        match block:
            case Heading(text):
                lines.append(f"## {text}")
            case Line(text, details):
                lines += [f"- {_escaped(text)}", *(f"  - {_escaped(one)}" for one in details)]
            case Table(heads, rows):
                lines += _table(heads, rows)
            case Code(path, language, text):
                lines += [f"`{path}`:", "", f"```{language}", *text.splitlines(), "```"]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        yield "  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=True))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(map(_escaped, row))} |"


def _escaped(text: str) -> str:
    """Return `text` as Markdown that shows it as it is, decorators as code."""
    words = _DECORATOR.split(" ".join(text.split()))
    return "".join(f"`{word}`" if index % 2 else _plain(word) for index, word in enumerate(words))


def _plain(text: str) -> str:
    if text.startswith(("+ ", "- ")):
        text = f"\\{text}"  # no list in the list
        return text[:2] + _plain(text[2:])
    for character in "\\`*_|<[":
        text = text.replace(character, f"\\{character}")
    return text
