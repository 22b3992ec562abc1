"""Which engine to choose, why, and what speaks against it.

What runs well is kept: an engine is never changed for its own sake. Where something is wrong and a
few lines mend it, those are to be written. Only then is another engine the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.advise.evidence import ANYIO, LOOPSCOPE, PYTEST_ASYNCIO, PYTEST_TRIO
from loopscope.advise.matrix import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.advise.backends import Backends
    from loopscope.advise.evidence import Evidence
    from loopscope.advise.in_asyncio import InAsyncio
    from loopscope.advise.lifetimes import Lifetime
    from loopscope.advise.matrix import Row
    from loopscope.diagnose.catalog import Finding

_BY_HAND = "what is declared has to be kept in step by hand as fixtures change"

FEW = 10
"""How many places somebody is asked to change before another engine is the smaller change."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The engines to run the suite on, whether those are the ones it has, and the reasons."""

    engines: tuple[str, ...]
    keeps: bool
    reasons: tuple[str, ...]
    against: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line that says what is recommended."""
        names = " and ".join(self.engines) or "nothing"
        return f"Recommended: {'keep ' if self.keeps and self.engines else ''}{names}"


def recommend(
    evidence: Evidence,
    backends: Backends,
    fixtures: Sequence[Lifetime],
    rows: Sequence[Row],
    *,
    fails: Sequence[str] = (),
    mend: InAsyncio | None = None,
) -> Recommendation:
    """Return which engine to choose.

    Args:
        evidence: what is known of the suite.
        backends: those it needs.
        fixtures: how long its fixtures live.
        rows: what each engine would be to it.
        fails: what cannot work on the plugins that would run it.
        mend: what rids it of its findings, where several plugins run it and all stay.
    """
    by_name = {row.engine: row for row in rows}
    current = tuple(name for name in evidence.vocabularies if name in by_name)
    if not current:
        return Recommendation((), True, ("there is no async test: nothing has to be chosen",), ())
    findings = [one for one in evidence.document.findings if is_about_loops(one)]
    wrong = [one for one in fails if any(one in by_name[name].fails for name in current)]
    if findings:
        lines = len({(one.code, tuple(one.where)) for one in findings})
        wrong.insert(0, f"{count(lines, 'finding')} about loops: loopscope check")
    keeps = None
    if not wrong and not backends.untested:
        tests = count(sum(evidence.vocabularies.values()), "async test")
        names = " and ".join(backends.needed)
        keeps = [
            f"no mistake is found in the loops of {tests}",
            f"the backend it needs is what it has: {names}",
        ]
    elif mend is not None and not (backends.untested or mend.obstacles) and mend.edits <= FEW:
        keeps = [*wrong, f"{count(mend.edits, 'change')} mend it, and all else stays as it is"]
    others = _others(evidence)
    if keeps is not None:
        against = (*others, *_gains(fixtures, evidence.vocabularies))
        return Recommendation(current, True, tuple(keeps), against)
    chosen, because = _choose(backends, by_name, current, wrong)
    row = by_name[chosen]
    reasons = (*wrong, *(f"no test runs on {one}, which is needed" for one in backends.untested))
    against = (*others, *row.obstacles, *_costs(row, backends, fixtures, current))
    return Recommendation((chosen,), current == (chosen,), (*reasons, because), against)


def is_about_loops(finding: Finding) -> bool:
    """Say whether a finding is one that loop scopes can mend: others stay on any engine."""
    return finding.code.startswith("LS1")


def _others(evidence: Evidence) -> list[str]:
    left = [one for one in evidence.document.findings if not is_about_loops(one)]
    if not left:
        return []
    codes = ", ".join(dict.fromkeys(one.code for one in left))
    return [f"{count(len(left), 'finding')} that no engine mends: {codes}, see loopscope check"]


def _choose(
    backends: Backends, rows: dict[str, Row], current: Sequence[str], wrong: Sequence[str]
) -> tuple[str, str]:
    """Return the engine to choose, and why that one."""
    anyio = rows[ANYIO]
    if backends.untested and not anyio.obstacles:
        changes = count(anyio.edits, "change")
        return ANYIO, f"anyio's plugin runs each test on both, for {changes} of the suite"
    if len(current) == 1 and not rows[current[0]].obstacles and wrong:
        edits = rows[current[0]].edits
        if 0 < edits <= FEW:
            return current[0], f"{count(edits, 'change')} of the suite mend it, and no new plugin"
        return LOOPSCOPE, f"by hand it takes {edits} changes; on loops that are planned, none"
    blocked = [rows[name].obstacles[0] for name in current if rows[name].obstacles]
    if blocked:
        return LOOPSCOPE, f"what it has cannot do it: {blocked[0]}"
    return LOOPSCOPE, "it runs all vocabularies of the suite on one plan"


def _gains(fixtures: Sequence[Lifetime], vocabularies: dict[str, int]) -> list[str]:
    """Return what another engine would have to offer all the same."""
    current, against = list(vocabularies), []
    held = [one for one in fixtures if one.holds]
    if PYTEST_ASYNCIO in current and held:
        against.append(
            f"{held[0].name} ({held[0].where}) holds {held[0].holds[0]} open over its yield, and "
            "pytest-asyncio's tests are not cancelled by it: anyio's and loopscope's are"
        )
    if len(current) > 1:
        against.append(
            f"{len(current)} plugins share it, and no async fixture serves tests of both"
        )
    if LOOPSCOPE in vocabularies:
        against.append(
            f"{count(vocabularies[LOOPSCOPE], 'test')} without a mark: no other plugin runs what "
            "bears none"
        )
    wide = [one for one in fixtures if one.is_wide]
    if PYTEST_ASYNCIO in current and wide:
        against.append(_BY_HAND)
    if not wide:
        against.append(
            "no async fixture is wider than a test: one that is made so later has to be declared, "
            "or planned"
        )
    if ANYIO in current and wide:
        against.append(
            f"while {wide[0].name} ({wide[0].where}) lives, every test shares its loop, also those "
            "that do not use it"
        )
    return against


def _costs(
    row: Row, backends: Backends, fixtures: Sequence[Lifetime], current: Sequence[str]
) -> list[str]:
    """Return what speaks against an engine."""
    costs = []
    if row.engine not in current:
        costs.append(f"{row.engine} would be new to the suite")
    if row.engine == LOOPSCOPE:
        costs.append("a plugin that replaces the others' engines: try it by loopscope verify first")
        if backends.untested:
            costs.append("loopscope_backends is for tests without another plugin's mark")
    if row.engine == PYTEST_ASYNCIO and row.edits:
        costs.append(_BY_HAND)
    wide = [one for one in fixtures if one.is_wide]
    if row.engine == ANYIO and wide:
        costs.append(f"while {wide[0].name} ({wide[0].where}) lives, all tests share its loop")
    alone = sum(one.times for one in backends.facts if one.is_for_asyncio_alone)
    if row.engine == ANYIO and alone and backends.untested:
        costs.append(
            f"{count(alone, 'use')} of what is for asyncio alone would break on trio: step 4"
        )
    if row.engine == PYTEST_TRIO:
        costs.append("no async fixture can be shared between tests")
    return costs
