"""Lanes: what belongs into which, and in which row of it, so that nothing covers anything else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from loopscope.core.scope import Scope
from loopscope.report.model import Bar, Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LOOPS, TASKS, FIXTURES, TESTS, FINDINGS = "loops", "tasks", "fixtures", "tests", "findings"
MOST_ROWS = 200
"""Of a lane. A browser has an end to how large a picture may be; from here on, bars overlap."""

_KINDS = (FINDINGS, LOOPS, TASKS, FIXTURES, TESTS)
_SCOPES = tuple(scope.word for scope in sorted(Scope, reverse=True))


class Key(NamedTuple):
    """What lanes are told apart by; `scope` is None where nobody knows it, or there is none."""

    kind: str
    scope: str | None = None
    backend: str | None = None

    @property
    def label(self) -> str:
        """How the lane is called."""
        known = self.scope or ("observed" if self.kind == LOOPS else None)
        words = [self.kind] if self.kind == TESTS or known is None else [known, self.kind]
        return " ".join(words) + (f" [{self.backend}]" if self.backend else "")

    @property
    def rank(self) -> int:
        """Where the lane's scope stands, from the widest to the narrowest."""
        return _SCOPES.index(self.scope) if self.scope in _SCOPES else -1


class Piece(NamedTuple):
    """Bars that share a row from `begin` to `end`; those of one `name` like to share it, too."""

    key: Key
    begin: float
    end: float
    name: str
    bars: tuple[Callable[[int, int], Bar], ...]


@dataclass
class _Rows:
    ends: list[float] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def take(self, piece: Piece) -> int:
        free = [row for row, end in enumerate(self.ends) if end <= piece.begin]
        row = next((row for row in free if self.names[row] == piece.name), None)
        if row is None:
            row = free[0] if free else len(self.ends)
        if row == MOST_ROWS:
            row = self.ends.index(min(self.ends))
        if row == len(self.ends):
            self.ends.append(0.0)
            self.names.append("")
        self.ends[row], self.names[row] = piece.end, piece.name
        return row


def arrange(
    pieces: Iterable[Piece], process: str, first: int = 0, also: Iterable[Key] = ()
) -> tuple[list[Lane], list[Bar], dict[Key, int]]:
    """Return the lanes of one process, the bars in them, and the number of each lane.

    Args:
        pieces: what is to be drawn.
        process: the name of the process.
        first: the number of its first lane.
        also: lanes that are needed for something other than bars.
    """
    by_key: dict[Key, list[Piece]] = {key: [] for key in also}
    for piece in pieces:
        by_key.setdefault(piece.key, []).append(piece)
    keys = sorted(by_key, key=lambda key: (key.rank, _KINDS.index(key.kind), key.backend or ""))
    depths = {rank: depth for depth, rank in enumerate(_present(keys))}
    lanes: list[Lane] = []
    bars: list[Bar] = []
    numbers: dict[Key, int] = {}
    for key in keys:
        number = numbers[key] = first + len(lanes)
        rows = _Rows()
        for piece in sorted(by_key[key], key=lambda piece: (piece.begin, -piece.end)):
            row = rows.take(piece)
            bars += [make(number, row) for make in piece.bars]
        depth = depths.get(key.rank, 0)
        lanes.append(Lane(key.label, key.kind, depth, process, max(1, len(rows.ends))))
    return lanes, bars, numbers


def _present(keys: Iterable[Key]) -> Iterator[int]:
    yield from sorted({key.rank for key in keys if key.rank >= 0})
