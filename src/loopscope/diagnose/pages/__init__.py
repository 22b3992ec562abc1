"""The page of each code: what it means, what is printed of it, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.diagnose.catalog import CODES, FAMILIES
from loopscope.diagnose.pages import endings, leaks, lifetimes, loop_scopes, words
from loopscope.errors import UnknownName

if TYPE_CHECKING:
    from loopscope.diagnose.catalog import Code
    from loopscope.diagnose.pages.cast import Example

EXAMPLES: dict[str, Example] = {
    **loop_scopes.EXAMPLES,
    **lifetimes.EXAMPLES,
    **leaks.EXAMPLES,
    **endings.EXAMPLES,
    **words.EXAMPLES,
}
"""An example of each code."""


@dataclass(frozen=True, slots=True)
class Page:
    """All that there is to say of a code."""

    row: Code
    family: str
    example: Example


def page(code: str) -> Page:
    """Return the page of a code.

    Raises:
        UnknownName: there is no such code; the message lists those that there are.
    """
    name = code.upper()
    if name not in CODES:
        raise UnknownName("code", code, tuple(CODES))
    return Page(CODES[name], FAMILIES[name[:3]], EXAMPLES[name])
