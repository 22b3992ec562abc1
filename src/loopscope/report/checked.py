"""What is wrong with a suite, once for each mistake.

A test with parameters, or a fixture of several modules, makes the same mistake several times. Its
author makes it once, in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loopscope.core.origin import Origin
from loopscope.core.plan import plan
from loopscope.core.policy import Policy
from loopscope.core.rules import check
from loopscope.diagnose.catalog import Finding, finding_for
from loopscope.diagnose.plan_file import plain_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from loopscope.diagnose.plan_file import Document


@dataclass(frozen=True, slots=True)
class Mistake:
    """A finding, and how often it is made: by how many tests or instances of fixtures."""

    finding: Finding
    times: int = 1

    def __str__(self) -> str:
        lines = [str(self.finding)]
        if self.times > 1:
            lines.append(f"  also  {_counted(self.times - 1, 'more')} at the same lines")
        lines.append(f"  more  loopscope explain {self.finding.code}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Checked:
    """What `loopscope check` has to say of a suite; `judged` is as what."""

    judged: str
    document: Document
    mistakes: tuple[Mistake, ...]
    planned_away: int = 0
    """How many of them would not be there if loopscope planned the loops."""

    @property
    def summary(self) -> str:
        """One line that says how much was found, and in what."""
        found = _counted(len(self.mistakes), "finding") if self.mistakes else "no findings"
        return f"{found} in {_counted(self.document.number_of_async_tests, 'async test')}"

    @property
    def advice(self) -> str | None:
        """One line that says what loopscope would make of it, if that is less."""
        if not self.planned_away:
            return None
        left = len(self.mistakes) - self.planned_away
        return (
            f"on loops that loopscope plans, {left or 'none'} would be left: "
            "loopscope check --as planned"
        )

    def as_plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "format": "loopscope check",
            "version": 1,
            "judged": self.judged,
            "versions": self.document.versions,
            "tests": self.document.tests,
            "async_tests": self.document.number_of_async_tests,
            "planned_away": self.planned_away,
            "findings": [
                {**plain_finding(mistake.finding), "times": mistake.times}
                for mistake in self.mistakes
            ],
        }


def checked(
    judged: str,
    document: Document,
    findings: Iterable[Finding],
    locate: Callable[[str], str] = str,
) -> Checked:
    """Return what there is to say of `findings`, which are of `document`.

    Args:
        judged: as what the suite was judged: "declared" or "planned".
        document: what was collected.
        findings: those of its findings that are to be told.
        locate: makes of a path in the document one that a reader can open.
    """
    times: dict[object, list[Finding]] = {}
    for finding in findings:
        times.setdefault(_key(finding), []).append(finding)
    away = 0
    if judged == "declared" and times:
        suite = document.plan.suite
        left = {_key(finding_for(found)) for found in check(plan(suite, Policy.PLANNED))}
        made = {_key(finding_for(found)) for found in check(document.plan)}
        away = sum(key in made and key not in left for key in times)
    # Sorted, since a plugin such as pytest-randomly may shuffle what is collected.
    mistakes = [Mistake(_located(min(same, key=str), locate), len(same)) for same in times.values()]
    mistakes.sort(key=lambda mistake: (_place(mistake.finding), str(mistake.finding)))
    return Checked(judged, document, tuple(mistakes), away)


def _place(finding: Finding) -> tuple[str, int]:
    """Return the end that a finding names last, which is what it is about."""
    if not finding.where:
        return ("", 0)
    origin = finding.where[-1][0]
    return (origin.path, origin.line)


def _key(finding: Finding) -> object:
    """Return what two findings have in common that are about one mistake."""
    places = tuple(origin for origin, _, _ in finding.where)
    return (finding.code, places) if places else finding


def _located(finding: Finding, locate: Callable[[str], str]) -> Finding:
    return finding._replace(
        where=tuple(
            (Origin(locate(origin.path), origin.line), name, text)
            for origin, name, text in finding.where
        ),
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 or noun == "more" else f"{number} {noun}s"
