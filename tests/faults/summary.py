"""What the terminal shows of the fault table: how much of it ran, and what was lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

PROPERTY = "fault"
OPTION = "--faults"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        OPTION,
        choices=("some", "all"),
        default="some",
        help="of the table of faults, run some cells, in which scopes and backends take turns, or "
        "the full product",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ran = [
        (outcome, name)
        for outcome, reports in terminalreporter.stats.items()
        for report in reports
        for key, name in getattr(report, "user_properties", ())
        if key == PROPERTY and report.when == "call"
    ]
    if ran:
        terminalreporter.line(summary(ran))


def summary(ran: Iterable[tuple[str, str]]) -> str:
    """Return the line for cells that ran, each an outcome and the name of its fault."""
    ran = list(ran)
    counts = Counter(outcome for outcome, _ in ran)
    lost = counts["failed"] + counts["xpassed"]
    faults = len({name for _, name in ran})
    parts = [f"faults: {len(ran)} cells of {faults} faults"]
    if counts["xfailed"]:
        parts.append(f"{counts['xfailed']} with a defect that is known")
    parts.append(f"{lost} LOST SOMETHING" if lost else "nothing lost")
    return ", ".join(parts)
