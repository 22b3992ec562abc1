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


def recommend(
    evidence: Evidence,
    backends: Backends,
    fixtures: Sequence[Lifetime],
    rows: Sequence[Row],
    mend: InAsyncio | None = None,
) -> Recommendation:
    """Return which engine to choose.

    Args:
        evidence: what is known of the suite.
        backends: those it needs.
        fixtures: how long its fixtures live.
        rows: what each engine would be to it.
        mend: what rids it of its findings, where several plugins run it and all stay.
    """
    by_name = {row.engine: row for row in rows}
    current = tuple(name for name in evidence.vocabularies if name in by_name)
    if not current:
        return Recommendation((), True, ("there is no async test: nothing has to be chosen",), ())
    wrong = _wrong(evidence, current, by_name)
    if not wrong and not backends.untested:
        reasons = [
            f"it runs {count(sum(evidence.vocabularies.values()), 'async test')} on the loops "
            "that they need: nothing is found",
            *_fits(backends),
        ]
        return Recommendation(
            current, True, tuple(reasons), tuple(_gains(fixtures, evidence.vocabularies))
        )
    if mend is not None and not backends.untested and not mend.obstacles and mend.edits <= FEW:
        reasons = [*wrong, f"{count(mend.edits, 'change')} mend it, and all else stays as it is"]
        return Recommendation(
            current, True, tuple(reasons), tuple(_gains(fixtures, evidence.vocabularies))
        )
    chosen, because = _choose(backends, by_name, current, wrong)
    row = by_name[chosen]
    reasons = [*wrong, *_untested(backends), *because]
    against = [*row.obstacles, *_costs(row, fixtures, current)]
    return Recommendation((chosen,), current == (chosen,), tuple(reasons), tuple(against))


def _wrong(evidence: Evidence, current: Sequence[str], rows: dict[str, Row]) -> list[str]:
    """Return what is wrong with the suite as it is run today."""
    found = []
    findings = len({(one.code, one.where) for one in evidence.document.findings})
    if findings:
        found.append(f"{count(findings, 'finding')} in it as it is: loopscope check")
    for name in current:
        row = rows[name]
        if name == PYTEST_ASYNCIO:
            found += [one for one in row.obstacles if "held open" in one or " holds " in one]
        if name == ANYIO and current == (ANYIO,) and row.edits:
            found.append("an async fixture is wider than anyio_backend, which pytest refuses")
    return found


def _choose(
    backends: Backends, rows: dict[str, Row], current: Sequence[str], wrong: Sequence[str]
) -> tuple[str, list[str]]:
    """Return the engine to choose, and why that one."""
    if backends.untested and not rows[ANYIO].obstacles:
        edits = rows[ANYIO].edits
        return ANYIO, [f"anyio's plugin runs each test on both, for {count(edits, 'change')}"]
    if len(current) == 1 and not rows[current[0]].obstacles and wrong:
        edits = rows[current[0]].edits
        if edits <= FEW:
            return current[0], [f"{count(edits, 'change')} of the suite mend it, and no new plugin"]
        return LOOPSCOPE, [
            f"to mend it by hand takes {edits} changes; loops that are planned, none"
        ]
    return LOOPSCOPE, [_only(rows, current)]


def _only(rows: dict[str, Row], current: Sequence[str]) -> str:
    blocked = [rows[name].obstacles[0] for name in current if rows[name].obstacles]
    if blocked:
        return f"what it has cannot do that: {blocked[0]}"
    return "it runs all vocabularies of the suite on one plan"


def _untested(backends: Backends) -> list[str]:
    return [f"no test runs on {name}, which is needed" for name in backends.untested]


def _fits(backends: Backends) -> list[str]:
    names = " and ".join(backends.needed)
    return [f"the backend it needs is what it has: {names}"]


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
        against.append(f"{len(current)} plugins share it, and no fixture is for tests of both")
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


def _costs(row: Row, fixtures: Sequence[Lifetime], current: Sequence[str]) -> list[str]:
    """Return what speaks against an engine."""
    costs = []
    if row.engine not in current:
        costs.append(f"{row.engine} would be new to the suite")
    if row.engine == LOOPSCOPE:
        costs.append("a plugin that replaces the others' engines: try it by loopscope verify first")
    if row.engine == PYTEST_ASYNCIO and row.edits:
        costs.append(_BY_HAND)
    wide = [one for one in fixtures if one.is_wide]
    if row.engine == ANYIO and wide:
        costs.append(f"while {wide[0].name} ({wide[0].where}) lives, all tests share its loop")
    if row.engine == PYTEST_TRIO:
        costs.append("no async fixture can be shared between tests")
    return costs
