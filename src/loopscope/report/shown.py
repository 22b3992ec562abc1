"""What each test has shown of its loop, in a few words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_OVER = "not over"
_PROVED, _REFUTED = "proved", "refuted"
_SKIPPED = "skipped"
_NOT_SET_UP = "failed in its setup"
_UNSEEN = "failed before its first line"
_NO_LOOP = "synchronous, as far as was seen"
_OWN = "on a loop of its own, which ended with the test"
_OPEN = "on a loop of somebody else's, which went on after the test"


def with_plan(phases: Mapping[str, str], *, is_seen: bool, is_refuted: bool) -> str:
    """Return what a test has shown whose loop is planned, by the outcomes of its phases."""
    setup, call = phases.get("setup"), phases.get("call")
    if setup != "passed":
        return _SKIPPED if setup == "skipped" else _NOT_SET_UP
    if call is None or not is_seen:
        return _SKIPPED if call == "skipped" else _UNSEEN
    return _REFUTED if is_refuted else _PROVED


def without_plan(loop: str | None, phases: Mapping[str, str], *, went_on: bool) -> str:
    """Return what is known of a test that is on no planned loop, and was seen on `loop`."""
    if "call" not in phases:
        return _SKIPPED if phases.get("setup") == "skipped" else _NOT_SET_UP
    if loop is None:
        return _NO_LOOP
    return _OPEN if went_on else _OWN


class Shown:
    """Counts tests by what they have shown; one that is run again counts as it came out last."""

    def __init__(self) -> None:
        self._results: dict[tuple[str, str | None], str] = {}

    def add(self, test: str, planned: str | None, result: str) -> None:
        """Take note of what a test has shown; `planned` is the loop that it is to run on."""
        self._results[test, planned] = result

    @property
    def tests(self) -> int:
        """How many tests did everything where it was planned."""
        return self._count(planned=True)[_PROVED]

    @property
    def unproved(self) -> Counter[str]:
        """How many tests are on a planned loop and have not shown it, by why."""
        counts = self._count(planned=True)
        del counts[_PROVED], counts[_REFUTED]
        return counts

    @property
    def others(self) -> Counter[str]:
        """How many tests are on no planned loop, by why."""
        return self._count(planned=False)

    def _count(self, *, planned: bool) -> Counter[str]:
        results = self._results.items()
        return Counter(result for (_, loop), result in results if (loop is not None) is planned)
