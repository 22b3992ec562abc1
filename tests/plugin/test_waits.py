"""What is told of what has been going on for long, and when."""

from __future__ import annotations

import pytest

from loopscope.plugin.waits import Waits

TEST, FIXTURE, OTHER = "test", "fixture", "other"


def told(first: float, *looks: tuple[float, list[str]]) -> list[tuple[float, object, float]]:
    """Look at what goes on at each time, and return what was told when."""
    waits = Waits(first)
    found = [(now, waits.look(going_on, now)) for now, going_on in looks]
    return [(now, *one) for now, one in found if one is not None]


def test_nothing_is_told_of_what_is_over_in_time() -> None:
    looks = ((now, [f"test {now // 9}"]) for now in range(100))
    assert told(10, *looks) == []


def test_intervals_grow() -> None:
    looks = ((now, [TEST]) for now in range(700))
    assert [when for when, _, _ in told(10, *looks)] == [10, 20, 40, 80, 160, 320, 640]


def test_the_innermost_that_lasts_is_told_of() -> None:
    looks = ((now, [TEST] if now < 5 else [TEST, FIXTURE]) for now in range(14))
    # The test has lasted long enough first; then there is silence for as long.
    assert told(10, *looks) == [(10, TEST, 10)]
    looks = ((now, [TEST, FIXTURE]) for now in range(14))
    assert told(10, *looks) == [(10, FIXTURE, 10)]


def test_many_short_ones_add_up_to_the_one_around_them() -> None:
    looks = ((now, [TEST, f"fixture {now // 3}"]) for now in range(25))
    assert told(10, *looks) == [(10, TEST, 10), (20, TEST, 20)]


def test_another_one_has_time_of_its_own() -> None:
    looks = ((now, [FIXTURE if now < 12 else OTHER]) for now in range(25))
    assert told(10, *looks) == [(10, FIXTURE, 10), (22, OTHER, 10)]


@pytest.mark.parametrize("again", [[TEST], [object()]], ids=["same", "another"])
def test_nothing_in_between_begins_anew(again: list[str]) -> None:
    looks = [(0, [TEST]), (9, [TEST]), (9.5, []), (10, again), (19, again), (20, again)]
    assert [when for when, _, _ in told(10, *looks)] == [20]


def test_what_is_forgotten_begins_anew() -> None:
    waits = Waits(10)
    waits.look([TEST], 0)
    waits.forget()
    assert waits.look([TEST], 15) is None
    assert waits.look([TEST], 25) == (TEST, 10)
