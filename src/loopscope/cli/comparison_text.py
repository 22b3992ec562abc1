"""A comparison in the terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from loopscope.cli.terminal import console, count, seconds, section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loopscope.report.compare import Comparison, Move, Pace

_NAMED = 5
_LISTED = 20
_KNOWN = {"planned": "", "seen": "not as planned"}


def show(comparison: Comparison) -> None:
    """Print `comparison`."""
    out = console()
    moved = Counter(move.kind for move in comparison.moved)
    parts = [f"{count(number, kind)} moved" for kind, number in moved.items()]
    parts += [
        f"{len(changes)} {words}"
        for changes, words in (
            (comparison.appeared, "appeared"),
            (comparison.vanished, "vanished"),
            (comparison.outcomes, "ended otherwise"),
            (comparison.slower, "slower"),
            (comparison.faster, "faster"),
        )
        if changes
    ]
    out.print(", ".join(parts) or "No difference", style="bold")
    section(out, "Moved", list(_moves(comparison.moved)), "loop old new what", _LISTED)
    for title, changes in (("Appeared", comparison.appeared), ("Vanished", comparison.vanished)):
        section(out, title, [(one.kind, one.name) for one in changes], limit=_LISTED)
    section(
        out,
        "Ended otherwise",
        [(one.old, one.new, one.test, one.error or "") for one in comparison.outcomes],
        "old new test error",
        _LISTED,
    )
    for title, paces in (("Slower", comparison.slower), ("Faster", comparison.faster)):
        section(out, title, list(_paces(paces)), ">old >new >times kind name", _LISTED)


def _moves(moves: Iterable[Move]) -> Iterator[tuple[str, str, str, str]]:
    """Yield one row for all that moved from one loop to another."""
    together: dict[tuple[str, str, str], dict[str, int]] = {}
    for move in moves:
        way = f"{move.direction} {_KNOWN[move.known]}".strip()
        key = way, str(move.old or "no loop"), str(move.new or "no loop")
        names = together.setdefault(key, {})
        names[move.name] = names.get(move.name, 0) + 1
    for key, names in together.items():
        told = [f"{name} x{times}" if times > 1 else name for name, times in names.items()]
        more = [f"and {len(told) - _NAMED} more"] if len(told) > _NAMED else []
        yield (*key, "\n".join([*told[:_NAMED], *more]))


def _paces(paces: Iterable[Pace]) -> Iterator[tuple[str, str, str, str, str]]:
    for pace in paces:
        ratio = "" if pace.ratio is None else f"x{pace.ratio:.2f}"
        yield seconds(pace.old), seconds(pace.new), ratio, pace.kind, pace.name
