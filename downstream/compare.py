"""Two runs of one suite, test by test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from downstream.differences import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from downstream.differences import Known
    from downstream.records import Record


@dataclass(frozen=True, slots=True)
class Difference:
    """A test whose outcome is not the same on both engines."""

    test: str
    theirs: str
    ours: str
    message: str
    known: Known | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of running a suite on both engines."""

    tests: int
    differences: tuple[Difference, ...]
    gone: tuple[Known, ...]

    @property
    def same(self) -> int:
        """Return how many tests had the same outcome."""
        return self.tests - len(self.differences)

    @property
    def unexpected(self) -> tuple[Difference, ...]:
        """Return the differences that nobody listed."""
        return tuple(each for each in self.differences if each.known is None)

    @property
    def as_expected(self) -> bool:
        """Say whether there are the listed differences and no others."""
        return not self.unexpected and not self.gone


def compare(theirs: Record, ours: Record, known: Iterable[Known]) -> Comparison:
    """Return every difference, and the known ones that did not occur."""
    known = tuple(known)
    tests = dict.fromkeys([*theirs.outcomes, *ours.outcomes])
    differences = []
    for test in tests:
        pair = theirs.outcomes.get(test, MISSING), ours.outcomes.get(test, MISSING)
        if pair[0] != pair[1]:
            reason = next((each for each in known if each.matches(test, *pair)), None)
            message = ours.messages.get(test) or theirs.messages.get(test, "")
            differences.append(Difference(test, *pair, message, reason))
    # Not by which entry was picked above: where two entries cover a test, both have occurred.
    gone = tuple(
        each
        for each in known
        if not any(each.matches(found.test, found.theirs, found.ours) for found in differences)
    )
    return Comparison(len(tests), tuple(differences), gone)
