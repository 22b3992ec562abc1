"""How long something has been going on, and when to say so: at growing intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(slots=True)
class _Seen:
    what: object
    since: float
    due: float


class Waits:
    """Remembers since when it has seen what goes on; says so after `first` seconds, then again.

    What goes on lies within one another, outermost first, and is told apart by its identity.
    """

    def __init__(self, first: float) -> None:
        self.first = first
        self._seen: list[_Seen] = []

    def forget(self) -> None:
        """Begin anew: the time so far does not count."""
        self._seen.clear()

    def look(self, going_on: Sequence[object], now: float) -> tuple[object, float] | None:
        """Return what is to be told of now, and for how many seconds it has been going on.

        That is the innermost that has lasted long enough: the setup of a fixture rather than the
        test that it is for; but the test, if it has been through many short setups. After that
        there is silence for as long as it has lasted by then.
        """
        known = 0
        for seen, what in zip(self._seen, going_on, strict=False):
            if seen.what is not what:
                break
            known += 1
        self._seen[known:] = [_Seen(what, now, self.first) for what in going_on[known:]]
        for index in reversed(range(len(self._seen))):
            told = self._seen[index]
            lasted = now - told.since
            if lasted >= told.due:
                for seen in self._seen:
                    seen.due = max(seen.due, now - seen.since + lasted)
                return told.what, lasted
        return None
