"""The loops of one process that are open, and whether one may be opened when it is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from loopscope.report.violations import OPENED_AGAIN, UNPLANNED_LOOP

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from loopscope.trace.events import LoopClosed, LoopOpened


class OpenLoops:
    """The names of the loops that are open; `planned` are those that the plan has."""

    def __init__(self, planned: Collection[str]) -> None:
        self._planned = planned
        self._open: set[str] = set()
        self._opened: Counter[str] = Counter()
        self._closed_after: dict[str, int] = {}

    def __contains__(self, loop: object) -> bool:
        return loop in self._open

    def __iter__(self) -> Iterator[str]:
        return iter(self._open)

    def opens(self, event: LoopOpened, begun: Sequence[str], test: str | None) -> list[str]:
        """Open a loop, and return what is wrong with that.

        Args:
            event: which loop, and where it is.
            begun: the ids of all tests that have begun so far.
            test: the id of the one that is under way.
        """
        loop, node = event.loop, event.node or ""
        wrong = []
        # One that is in no plan may be of what the test under way has asked for.
        if loop not in self._planned and not (test is not None and _is_inside(test, node)):
            wrong.append(UNPLANNED_LOOP)
        if loop in self._open or not self._may_open(event, begun):
            wrong.append(OPENED_AGAIN)
        self._open.add(loop)
        self._opened[loop] += 1
        return wrong

    def _may_open(self, event: LoopOpened, begun: Sequence[str]) -> bool:
        """Say whether a loop is opened for the first time, or its scope has been left since."""
        times, node = self._opened[event.loop], event.node or ""
        if not times:
            return True
        if event.scope == "function":
            return times < begun.count(node.rstrip("'"))
        since = begun[self._closed_after.get(event.loop, 0) :]
        return any(not _is_inside(test, node) for test in since)

    def closes(self, event: LoopClosed, begun: int) -> bool:
        """Close a loop, when so many tests have begun; say whether it was open."""
        was_open = event.loop in self._open
        self._open.discard(event.loop)
        self._closed_after[event.loop] = begun
        return was_open


def _is_inside(test: str, node: str) -> bool:
    """Say whether a test is at a node of the collection tree, or below it."""
    return not node or test == node.rstrip("'") or test.startswith((f"{node}::", f"{node}/"))
