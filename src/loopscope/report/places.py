"""Where something ran, in words that mean the same in another run."""

from __future__ import annotations

from dataclasses import dataclass

SHARED = "shared"
"""The scope of a loop that was only observed, and that several tests ran on."""

WIDTHS = ("function", SHARED, "class", "module", "package", "session")
"""The scopes of loops, the narrowest first."""


@dataclass(frozen=True, slots=True)
class Place:
    """A loop by the scope and the node that it is anchored at, and by its backend.

    The loop of one test has no node: each test has its own. The backend is "" where it is unknown.
    """

    backend: str
    scope: str
    node: str = ""

    def __str__(self) -> str:
        where = "a loop of its own" if self.scope == "function" else self.scope
        if self.scope == SHARED:
            where = "a loop that others share"
        backend = f"[{self.backend}]" if self.backend else ""
        return " ".join(filter(None, (where, self.node, backend)))


def direction(old: Place | None, new: Place | None) -> str:
    """Say how a loop changed: it is "wider", "narrower", or "another"."""
    if old is None or new is None or len({old.backend, new.backend} - {""}) > 1:
        return "another"
    before, after = _width(old), _width(new)
    if before is None or after is None or before == after:
        return "another"
    return "wider" if after > before else "narrower"


def _width(place: Place) -> int | None:
    return WIDTHS.index(place.scope) if place.scope in WIDTHS else None
