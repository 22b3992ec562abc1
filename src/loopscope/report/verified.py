"""What `loopscope verify` has found out: a proof of the plan, and a comparison with another run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.report.outcomes import RANK

if TYPE_CHECKING:
    from loopscope.report.outcomes import OutcomeComparison, Outcomes
    from loopscope.report.proof import Proof


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found out; `proof` is None if another engine ran, `comparison` if nothing was asked.

    `versions` and `outcomes` are of the run that was verified, `against` of the other one.
    """

    judged: str
    versions: dict[str, str]
    outcomes: dict[str, int]
    proof: Proof | None
    against: dict[str, str] | None = None
    comparison: OutcomeComparison | None = None

    @property
    def is_refuted(self) -> bool:
        """Whether something was otherwise than planned, or than in the other run."""
        return bool(
            (self.proof is not None and self.proof.violations)
            or (self.comparison is not None and self.comparison.differences)
        )

    @property
    def is_open(self) -> bool:
        """Whether something that was asked could not be answered."""
        return self.proof is not None and bool(self.proof.gaps)

    @property
    def verdict(self) -> str:
        """All of it in a few words."""
        said = []
        if self.proof is not None:
            found = len(self.proof.violations)
            said.append(
                _counted(found, "violation")
                if found
                else "not proved to the end"
                if self.proof.gaps
                else "proved"
                if self.proof.tests
                else "nothing on a planned loop"
            )
        if self.comparison is not None:
            found = len(self.comparison.differences)
            said.append(_counted(found, "difference") if found else "equal")
        return ", ".join(said) or "nothing was compared"


def counted_outcomes(outcomes: Outcomes) -> dict[str, int]:
    """Return how many tests have come to what, in the order of what can come of a test."""
    counts = Counter(test.outcome for test in outcomes.tests.values())
    return {word: counts[word] for word in RANK if counts[word]}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
