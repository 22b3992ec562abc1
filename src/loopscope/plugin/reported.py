"""The phases of a test, and when they ended, from what is reported of them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from loopscope.trace.events import Phase
from loopscope.trace.quiet import PASSED, PHASES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

Reported: TypeAlias = tuple[str, str, str | None, float, float, float]
"""Name, outcome and error of a phase, when it was reported, how long it took, and when it ended by
the clock on the wall. A subtest is reported as one more call, before that of the whole test."""

_USUAL = tuple(part for name in PHASES for part in (name, PASSED, None))


def usual_ends(all_reported: Sequence[Reported]) -> tuple[float, float, float] | None:
    """Return when setup, call and teardown ended, if all has gone as it mostly goes."""
    if len(all_reported) != len(PHASES):
        return None
    (a, b, c, setup, _, _), (d, e, f, call, took, _), (g, h, i, teardown, also_took, _) = (
        all_reported
    )
    is_usual = (a, b, c, d, e, f, g, h, i) == _USUAL
    is_in_time = setup <= call - took and call <= teardown - also_took
    return (setup, call, teardown) if is_usual and is_in_time else None


def phases_of(all_reported: Sequence[Reported], began: float, ahead: float) -> tuple[Phase, ...]:
    """Return the phases of a test that `began` at a time.

    A phase is over when it is reported. But whoever runs tests again reports all phases of one when
    the last of them is over. Then it is over when pytest has seen it end, by the clock on the wall,
    which is `ahead` of ours.
    """
    are_late = any(
        after[0] != before[0] and before[3] > after[3] - after[4]
        for before, after in pairwise(all_reported)
    )
    return tuple(
        Phase(name, max(began, min(time, stopped - ahead)) if are_late else time, outcome, error)
        for name, outcome, error, time, _, stopped in all_reported
    )


def first_line_of(report: pytest.TestReport) -> str | None:
    """Return the first line of the error of a phase that has failed."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = report.longreprtext if crash is None else crash.message
    return str(text).splitlines()[0] if text else None
