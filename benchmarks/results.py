"""What was measured, as data and as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from benchmarks.errors import BenchmarkError
from benchmarks.processes import Measure

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Run:
    """A suite in an idiom with so many tests, and what each of its rounds took."""

    suite: str
    idiom: str
    tests: int
    measure: Measure
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class About:
    """Where, when and of what results are."""

    date: str
    machine: str
    python: str
    versions: dict[str, str]
    revision: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """All that one invocation measured."""

    about: About
    runs: tuple[Run, ...]

    def of(self, suite: str, idiom: str, measure: Measure) -> list[Run]:
        """Return these runs, the smallest suite first."""
        found = [
            run
            for run in self.runs
            if (run.suite, run.idiom, run.measure) == (suite, idiom, measure)
        ]
        return sorted(found, key=lambda run: run.tests)


def save(results: Results, path: Path) -> None:
    """Write the results as JSON."""
    runs = [{**asdict(run), "measure": run.measure.value} for run in results.runs]
    data = {"format": FORMAT, "about": asdict(results.about), "runs": runs}
    text = json.dumps(data, indent=1, ensure_ascii=False)
    path.write_text(_short_lists(text) + "\n", encoding="utf-8")


def load(path: Path) -> Results:
    """Read results.

    Raises:
        BenchmarkError: there is no such file, or it is none of ours.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise BenchmarkError(f"{path}: format {data['format']} is not {FORMAT}")
        runs = tuple(
            Run(**{**run, "measure": Measure(run["measure"]), "values": tuple(run["values"])})
            for run in data["runs"]
        )
        return Results(About(**data["about"]), runs)
    except OSError as exc:
        raise BenchmarkError(f"{path}: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError) as exc:
        raise BenchmarkError(f"{path} is not a file of results: {exc}") from None


def _short_lists(text: str) -> str:
    """Put lists of numbers on one line each."""
    return re.sub(
        r"\[\s+([-\d.e,\s]+?)\s+\]",
        lambda found: f"[{', '.join(part.strip() for part in found[1].split(','))}]",
        text,
    )
