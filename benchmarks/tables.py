"""The measurements as tables in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.figures import above, times, whole
from benchmarks.idioms import IDIOMS, SYNC, Loops
from benchmarks.processes import Measure
from benchmarks.suites import SUITES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.results import Results
    from benchmarks.suites import Suite

SUMMARY = ("loopscope", "pytest-asyncio", "anyio", "loopscope-trio", "pytest-trio")
NOTHING = "–"


def about(results: Results) -> str:
    """Return the sentences that say where, when and of what the results are."""
    said = results.about
    named = ("pytest", *(name for idiom in IDIOMS.values() for name in idiom.requires))
    versions = ", ".join(
        f"{name} {said.versions[name]}"
        for name in dict.fromkeys(named)
        if name in said.versions and name != "pytest-loopscope"
    )
    text = f"Measured on {said.date} at {said.revision}: {said.python}, {versions}; {said.machine}."
    return f"{text} {said.note}".rstrip()


def summary(results: Results) -> str:
    """Return one table of all suites: the ratio to sync, and the µs a test above it."""
    heads = [IDIOMS[name].title for name in SUMMARY]
    rows = []
    for suite in SUITES.values():
        cells = [_short(results, suite, name) for name in SUMMARY]
        if sum(cell != NOTHING for cell in cells) > 1 and suite.tests > 1:
            rows.append([suite.title, *cells])
    return markdown(["", *heads], rows)


def full(results: Results) -> str:
    """Return a table for each suite, each under a heading."""
    parts = []
    for suite in SUITES.values():
        rows = [
            row
            for idiom in IDIOMS.values()
            if (row := _row(results, suite, idiom.name)) is not None
        ]
        if rows:
            parts.append(f"### {_heading(suite)}\n\n{markdown(_columns(suite), rows)}")
    return "\n\n".join(parts)


def _heading(suite: Suite) -> str:
    title = f"{suite.title[0].upper()}{suite.title[1:]}"
    return title if suite.tests == 1 else f"{title}: {suite.tests:,} tests"


def _columns(suite: Suite) -> list[str]:
    unit = "ms" if suite.tests == 1 else "µs a test"
    columns = ["", "user + system", "ratio to sync", f"{unit} above sync", "times loopscope's"]
    if suite.counted is not None:
        columns.append("million instructions a test above sync")
    if suite.loops is Loops.NONE and suite.counted is not None:
        columns.append("ratio of instructions to sync")
    return columns


def _row(results: Results, suite: Suite, idiom: str) -> list[str] | None:
    taken = times(results, suite.name, idiom)
    if taken is None:
        return None
    sync = idiom == SYNC.name
    scale = 1e-3 if suite.tests == 1 else 1
    row = [
        IDIOMS[idiom].title,
        f"{taken.least:.2f} s ({taken.median:.2f} s)",
        f"{taken.ratio:.2f}",
        NOTHING if sync else f"{taken.above * scale:.0f}",
        NOTHING if taken.against is None else f"{taken.against:.2f}",
    ]
    if suite.counted is not None:
        counted = above(results, suite.name, idiom, Measure.INSTRUCTIONS)
        row.append(NOTHING if counted is None or sync else f"{counted.per_test / 1e6:.2f}")
    if suite.loops is Loops.NONE and suite.counted is not None:
        ratio = whole(results, suite.name, idiom, Measure.INSTRUCTIONS)
        row.append(NOTHING if ratio is None else f"{ratio:.3f}")
    return row


def _short(results: Results, suite: Suite, idiom: str) -> str:
    taken = times(results, suite.name, idiom)
    return NOTHING if taken is None else f"{taken.ratio:.2f} ({taken.above:.0f})"


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in lines)
