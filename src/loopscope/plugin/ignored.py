"""The lines of the ini file that say what is not to be told, read and matched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import pytest

from loopscope.diagnose.catalog import CODES, FAMILIES
from loopscope.errors import UnknownName
from loopscope.plugin.silence import OPTION

if TYPE_CHECKING:
    from collections.abc import Iterable

IGNORABLE = tuple(code for code, row in CODES.items() if row.can_be_ignored)


def read(config: pytest.Config, lines: Iterable[str]) -> tuple[Rule, ...]:
    """Read the lines of the ini file.

    Raises:
        pytest.UsageError: a line that names no code that can be ignored.
    """
    rules = []
    for line in lines:
        try:
            rules.append(Rule.parse(line))
        except UnknownName as exc:
            raise pytest.UsageError(_problem(config, line, exc)) from None
    return tuple(rule for rule in rules if rule is not None)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the ini file: what begins with `code`, in these places or everywhere."""

    code: str
    places: tuple[str, ...] = ()

    @classmethod
    def parse(cls, line: str) -> Rule | None:
        """Read a line; None if there is nothing in it but a comment.

        Raises:
            UnknownName: there is no such code, or none that can be ignored.
        """
        code, *places = line.partition("#")[0].split() or [""]
        if not code:
            return None
        if re.fullmatch(r"LS\d{1,3}", code) and any(_is_of(known, code) for known in IGNORABLE):
            return cls(code, tuple(places))
        raise UnknownName("code to ignore", code, (*_families(), *IGNORABLE))

    def covers(self, code: str, node: str) -> bool:
        """Say whether nothing is to be told of `code` at a node id."""
        if not _is_of(code, self.code) or not CODES[code].can_be_ignored:
            return False
        return not self.places or any(_is_at(node, place) for place in self.places)


def _is_of(code: str, family: str) -> bool:
    return code.startswith(family)


def _families() -> Iterable[str]:
    return (name for name in FAMILIES if any(_is_of(code, name) for code in IGNORABLE))


def _is_at(node: str, place: str) -> bool:
    """Say whether a node id is at or below a place."""
    if "::" in place:
        return node == place or node.startswith((f"{place}::", f"{place}["))
    path = node.partition("::")[0]
    place = place.removeprefix("./")
    return fnmatchcase(path, place) or fnmatchcase(path, f"{place.rstrip('/')}/*")


def _problem(config: pytest.Config, line: str, error: UnknownName) -> str:
    """Say what is wrong with a line, and in which file it stands."""
    where = OPTION if config.inipath is None else f"{config.inipath.name}: {OPTION}"
    code = str(error.given)
    title = CODES[code].title if code in CODES else FAMILIES.get(code)
    if title is None:
        return f"{where}: {line!r}: {error}"
    return (
        f"{where}: {line!r}: {code} ({title}) cannot be ignored: what it is told of cannot run. "
        f"Valid: {', '.join(error.valid)}."
    )
