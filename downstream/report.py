"""What is written while the command works, and at its end."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from downstream.catalogue import Project
    from downstream.compare import Comparison, Difference
    from downstream.suites import Run

BASELINE = "(theirs)"
HEADING = ("project", "setting", "tests", "same", "differing", "ran", "seconds")
INDENT = " " * 4
LONGEST = 160

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Row:
    """One run: on their engine, which has nothing to be compared with, or on ours."""

    project: str
    setting: str
    run: Run
    comparison: Comparison | None = None


def say(text: str) -> None:
    """Write a line."""
    with _lock:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def complain(text: str) -> None:
    """Write a line where errors go."""
    with _lock:
        sys.stderr.write(f"{text}\n")


def listing(projects: Iterable[Project]) -> list[str]:
    """Describe the projects, those of the quick selection with a star."""
    lines = []
    for project in projects:
        star = "*" if project.ci else " "
        settings = ", ".join(setting.name for setting in project.settings)
        lines.append(f"{star} {project.name} {project.version} ({settings})")
        lines.append(f"{INDENT}{project.why}")
        lines += [f"{INDENT}without {each.test}: {each.reason}" for each in project.left_out]
    return lines


def table(rows: Sequence[Row]) -> list[str]:
    """Return one line for each run, under a heading."""
    cells = [HEADING, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADING))]
    return [_aligned(line, widths) for line in cells]


def details(rows: Iterable[Row]) -> list[str]:
    """Return every repeated test, every difference, and every listed one that is gone."""
    lines: list[str] = []
    for row in rows:
        place = f"{row.project}, {row.setting}"
        for test in row.run.repeated:
            lines.append(f"{place}: {test}")
            lines.append(f"{INDENT}listed as unsteady, had failed, and was run again")
        if row.comparison is None:
            continue
        for difference in row.comparison.differences:
            lines += _difference(place, difference)
        for known in row.comparison.gone:
            lines.append(f"{place}: {known.test}")
            lines.append(f"{INDENT}listed as {known.theirs} -> {known.ours}, and no longer so")
    return lines


def _cells(row: Row) -> tuple[str, ...]:
    run = row.run
    ran = str(run.taken) if run.sessions else "-"
    if row.comparison is None:
        counts = (str(len(run.record.outcomes)), "-", "-")
    else:
        compared = row.comparison
        counts = (str(compared.tests), str(compared.same), str(len(compared.differences)))
    return (row.project, row.setting, *counts, ran, f"{run.seconds:.1f}")


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    words = [word.ljust(width) for word, width in zip(line[:2], widths[:2], strict=True)]
    numbers = [word.rjust(width) for word, width in zip(line[2:], widths[2:], strict=True)]
    return "  ".join([*words, *numbers])


def _difference(place: str, difference: Difference) -> list[str]:
    lines = [f"{place}: {difference.test}"]
    lines.append(f"{INDENT}{difference.theirs} -> {difference.ours}")
    if difference.known is not None:
        lines.append(f"{INDENT}known: {difference.known.reason}")
    elif difference.message:
        first = difference.message.partition("\n")[0]
        shown = first if len(first) <= LONGEST else f"{first[:LONGEST]}..."
        lines.append(f"{INDENT}unexpected: {shown}")
    else:
        lines.append(f"{INDENT}unexpected")
    return lines
