"""What measurements come to."""

from __future__ import annotations

import pytest

from benchmarks.figures import Line, Times, above, line, times, whole
from benchmarks.goals import Goal, goals
from benchmarks.processes import Measure
from tests.benchmarks.made import counts, results, seconds


def test_times_are_the_least_against_the_least_of_sync_and_of_ours() -> None:
    taken = results(
        seconds("trivial", "sync", 1.2, 1.0, 1.1),
        seconds("trivial", "loopscope", 2.0),
        seconds("trivial", "anyio", 3.0, 4.5, 4.0),
    )
    assert times(taken, "trivial", "anyio") == Times(3.0, 4.0, 3.0, 2000.0, 1.5)


def test_a_trio_plugin_is_set_against_ours_on_trio() -> None:
    taken = results(
        seconds("trivial", "sync", 1.0),
        seconds("trivial", "loopscope", 2.0),
        seconds("trivial", "loopscope-trio", 4.0),
        seconds("trivial", "pytest-trio", 6.0),
    )
    found = times(taken, "trivial", "pytest-trio")
    assert found is not None
    assert found.against == 1.5


def test_a_trio_plugin_is_set_against_ours_where_nothing_is_async() -> None:
    names = {"sync": 1.0, "loopscope": 2.0, "pytest-trio": 6.0}
    taken = results(*(seconds("installed", name, value) for name, value in names.items()))
    found = times(taken, "installed", "pytest-trio")
    assert found is not None
    assert found.against == 3.0


@pytest.mark.parametrize("missing", ["sync", "anyio"])
def test_there_are_no_times_of_what_was_not_measured(missing: str) -> None:
    other = {"sync": "anyio", "anyio": "sync"}[missing]
    assert times(results(seconds("trivial", other, 1.0)), "trivial", "anyio") is None


def test_a_count_is_so_much_for_the_process_and_so_much_a_test() -> None:
    small, large = reversed(counts("trivial", "sync", 1e9, 2e6))
    assert line([small, large]) == Line(1e9, 2e6)


def test_a_count_above_sync_is_the_difference_of_both_parts() -> None:
    taken = results(*counts("trivial", "sync", 10, 2), *counts("trivial", "anyio", 30, 5))
    assert above(taken, "trivial", "anyio", Measure.INSTRUCTIONS) == Line(20, 3)
    assert above(taken, "trivial", "anyio", Measure.CALLS) is None


def test_whole_processes_are_compared_at_the_largest_size() -> None:
    taken = results(*counts("installed", "sync", 100, 1), *counts("installed", "anyio", 0, 2))
    assert whole(taken, "installed", "anyio", Measure.INSTRUCTIONS) == 600 / 400


def test_a_goal_is_met_up_to_its_limit() -> None:
    assert str(Goal("it", 1.15, 1.15)).endswith("  met")
    assert str(Goal("it", 2.3, 1.15)).endswith("  NOT MET, 2.00 times")


def test_there_is_a_goal_for_each_measurement_that_it_needs() -> None:
    taken = results(seconds("trivial", "sync", 1.0), seconds("trivial", "loopscope", 1.1))
    (goal,) = goals(taken)
    assert (goal.title, goal.measured, goal.limit) == (
        "trivial, loopscope: ratio to sync",
        1.1,
        1.15,
    )
    assert list(goals(results())) == []
