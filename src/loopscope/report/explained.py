"""What `loopscope explain` says, as lines."""

from __future__ import annotations

import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING

from loopscope.core.graph import Kind
from loopscope.core.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Loop
    from loopscope.diagnose.explanation import Explanation
    from loopscope.diagnose.pages import Page

SHOWN = 5
"""How many loops of further instances are named."""


def code_page(page: Page) -> list[str]:
    """Return the lines of the page of a code; the first is a title."""
    row = page.row
    return [
        f"{row.code} {row.title}",
        f"of the family {row.code[:3]}, {page.family}",
        "",
        *_wrapped(row.meaning),
        "",
        "What is printed, for example:",
        "",
        *_indented(page.example.prints),
        "",
        "What to write instead:",
        "",
        *_indented(page.example.instead),
        "",
        f"loopscope_ignore = {row.code} in the ini file, or a line of it with a path behind "
        "the code, silences it."
        if row.can_be_ignored
        else "It cannot be ignored: what it is told of cannot run.",
    ]


def ladder_of(explanation: Explanation) -> list[str]:
    """Return the lines that explain a test or fixture; the first is a title."""
    vertex, loop = explanation.vertex, explanation.loop
    scope = f", {vertex.anchor.scope.word}-scoped" if vertex.kind is Kind.FIXTURE else ""
    lines = [f"{vertex.kind.value} {vertex.name}{scope}  ({vertex.origin})"]
    wrong = [f"{finding.code} {finding.title}" for finding in explanation.findings]
    if loop is None:
        none = _row("loop", ["none: it is synchronous, and so is all that it uses"])
        return [*lines, *none, *_row("wrong", wrong)]
    lines += _row("loop", [loop.name, *_company(explanation)])
    lines += _row("uses", list(_uses(explanation)))
    lines += _row("wrong", wrong)
    lines += _row("why", list(_why(explanation)))
    lines += _row("narrower", _narrower(explanation))
    return lines + _row("others", _others(explanation))


def _company(explanation: Explanation) -> Iterator[str]:
    tests, fixtures = explanation.tests, explanation.fixtures
    if tests + fixtures > 1:
        yield f"{_counted(tests, 'test')} and {_counted(fixtures, 'fixture')} live on it"


def _uses(explanation: Explanation) -> Iterator[str]:
    rows = [(f"{'  ' * used.depth}{used.vertex.name}", used) for used in explanation.uses]
    width = max((len(name) for name, _ in rows), default=0)
    scopes = max((len(used.vertex.anchor.scope.word) for _, used in rows), default=0)
    for name, used in rows:
        vertex = used.vertex
        elsewhere = "" if used.elsewhere is None else f"  on {used.elsewhere.name}"
        scope = f"{vertex.anchor.scope.word:<{scopes}}"
        yield f"{name:<{width}}  {scope}  {vertex.origin}{elsewhere}"


def _why(explanation: Explanation) -> Iterator[str]:
    path = explanation.path
    for one, other in pairwise(path):
        does = "uses" if other.id in one.uses else "is used by"
        yield f"{one.name} {does} {other.name} ({other.origin})"
    yield f"{path[-1].name} {explanation.because}"


def _narrower(explanation: Explanation) -> Sequence[str]:
    assert explanation.loop is not None
    if explanation.loop.anchor.scope is Scope.FUNCTION:
        return []
    return [f"{one.words}: {_place(one.loop)}" for one in explanation.narrower] or [
        "nothing that was tried: a use less, another scope, another declaration"
    ]


def _place(loop: Loop) -> str:
    return "a loop of its own" if loop.anchor.scope is Scope.FUNCTION else loop.name


def _others(explanation: Explanation) -> Sequence[str]:
    names = list(dict.fromkeys(loop.name for loop in explanation.others))
    if not names:
        return []
    what = "instance" if explanation.vertex.kind is Kind.FIXTURE else "variant"
    head = f"{_counted(len(explanation.others), f'more {what}')}, on"
    if len(names) == 1:
        return [f"{head} {names[0]}"]
    more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return [head, *names[:SHOWN], *more]


def candidates(found: Sequence[Sequence[Vertex]]) -> list[str]:
    """Return a line for each definition that a name may mean."""
    rows = [(str(same[0].origin), same[0]) for same in found]
    width = max(len(where) for where, _ in rows)
    return [f"{where:<{width}}  {one.kind.value} {one.name}" for where, one in rows]


def _row(label: str, lines: Sequence[str]) -> list[str]:
    heads = [label, *[""] * len(lines)]
    return [f"  {head:<10}{line}".rstrip() for head, line in zip(heads, lines, strict=False)]


def _indented(text: str) -> list[str]:
    return [f"    {line}".rstrip() for line in text.splitlines()]


def _wrapped(text: str, width: int = 88) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
