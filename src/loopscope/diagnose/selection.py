"""Codes and families of codes, as a user names those to be told or not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.diagnose.catalog import CODES, FAMILIES
from loopscope.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopscope.diagnose.catalog import Finding


def parse_codes(words: Iterable[str]) -> tuple[str, ...]:
    """Return the codes and families in `words`, in each of which several are parted by commas.

    Raises:
        UnknownName: there is no such code; the message lists the families and the codes.
    """
    names = [name.strip().upper() for word in words for name in word.split(",") if name.strip()]
    for name in names:
        if not re.fullmatch(r"LS\d{0,3}", name) or not any(code.startswith(name) for code in CODES):
            raise UnknownName("code", name, (*FAMILIES, *CODES))
    return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which findings are to be told: all, or those selected, without those ignored."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def of(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return those of `findings` that are to be told."""
        return [
            finding
            for finding in findings
            if (not self.select or finding.code.startswith(self.select))
            and not finding.code.startswith(self.ignore)
        ]
