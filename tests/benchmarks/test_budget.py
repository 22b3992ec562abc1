"""Calls are held against what was agreed, with a margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import budget
from benchmarks.budget import BUDGET, IDIOMS, SUITES, TRIO, Verdict
from benchmarks.errors import BenchmarkError
from benchmarks.idioms import IDIOMS as ALL
from benchmarks.processes import Measure
from benchmarks.suites import SUITES as ALL_SUITES
from tests.benchmarks.made import counts, results

if TYPE_CHECKING:
    from pathlib import Path


def test_entries_are_calls_a_test_above_sync_and_those_of_the_start() -> None:
    taken = results(
        *counts("trivial", "sync", 1000, 200, Measure.CALLS),
        *counts("trivial", "loopscope", 1700, 350, Measure.CALLS),
        *counts("installed", "sync", 1000, 200, Measure.CALLS),
        *counts("installed", "loopscope", 1600, 201, Measure.CALLS),
    )
    assert budget.entries(taken) == {
        "trivial, loopscope": 150,
        "installed, loopscope": 1,
        "start-up": 600,
    }


@pytest.mark.parametrize(
    ("calls", "agreed", "holds", "word"),
    [
        (100, 100, True, ""),
        (130, 100, True, ""),
        (131, 100, False, "too many"),
        (70, 100, True, "fewer than agreed"),
        (5, 0, True, ""),
        (6, 0, False, "too many"),
    ],
)
def test_a_quarter_more_passes_and_not_a_call_beyond(
    calls: float, agreed: float, holds: bool, word: str
) -> None:
    verdict = Verdict("trivial, loopscope", calls, agreed)
    assert (verdict.holds, verdict.word) == (holds, word)


def test_what_was_never_agreed_has_no_budget() -> None:
    (verdict,) = budget.judge({"new": 100.0}, {"old": 100.0})
    assert not verdict.holds


def test_the_nearest_release_of_python_counts(tmp_path: Path) -> None:
    path = tmp_path / "budget.json"
    for python, calls in (("3.13", 2.0), ("3.9", 1.0)):
        budget.agree(path, python, {"a": calls})
    found = [budget.read(path, python)["a"] for python in ("3.9", "3.10", "3.12", "3.14")]
    assert found == [1.0, 1.0, 2.0, 2.0]


def test_agreeing_keeps_what_was_agreed_for_other_releases(tmp_path: Path) -> None:
    path = tmp_path / "budget.json"
    budget.agree(path, "3.12", {"a": 1.0})
    budget.agree(path, "3.13", {"a": 2.0})
    budget.agree(path, "3.13", {"a": 3.0})
    assert (budget.read(path, "3.12"), budget.read(path, "3.13")) == ({"a": 1.0}, {"a": 3.0})


@pytest.mark.parametrize("text", ["", "{}", "[]"])
def test_a_budget_that_says_nothing_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "budget.json"
    path.write_text(text)
    with pytest.raises(BenchmarkError, match=r"budget\.json"):
        budget.read(path, "3.13")


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_our_own_budget_has_every_entry(python: str) -> None:
    expected = {
        *(f"{suite}, loopscope" for suite in SUITES),
        *(f"{suite}, loopscope-trio" for suite in TRIO),
        "start-up",
    }
    assert set(budget.read(BUDGET, python)) == expected
    assert set(SUITES) <= set(ALL_SUITES)
    assert set(IDIOMS) <= set(ALL)
