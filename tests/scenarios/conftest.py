"""A suite for each test, with every plugin installed; and the rows that are not done yet."""

from __future__ import annotations

import pytest

pytest.importorskip("anyio")
pytest.importorskip("hypothesis")
pytest.importorskip("pytest_asyncio")
pytest.importorskip("pytest_timeout")
pytest.importorskip("pytest_trio")

from tests.pytest_features.inner import shield
from tests.scenarios.rows import MARK
from tests.vocabularies.suites import Suite

# By row: the tests that fail as yet. They are strict: whoever makes them pass takes the line out.
ROWS_IN_WORK: dict[int, tuple[str, ...]] = {
    6: ("test_a_task_that_dies_unobserved_fails_the_test_that_started_it",),
    7: (
        "test_a_task_left_running_is_cancelled_and_warned_of_by_the_line_that_created_it",
        "test_what_is_left_is_ignored_or_fails_the_test_as_asked_for_and_is_cancelled_in_both",
        "test_what_is_allowed_to_be_left_lives_on_and_is_not_told_of",
    ),
    9: (
        "test_the_mark_of_pytest_timeout_cancels_the_test_and_tells_what_it_was_at",
        "test_our_own_mark_sets_a_limit_with_and_without_pytest_timeout",
    ),
    15: ("test_async_xunit_methods_are_awaited_on_the_loop_of_the_tests",),
    16: ("test_an_async_hook_is_refused_by_its_name_and_line",),
    17: ("test_an_async_autouse_fixture_of_a_unittest_case_is_told_of",),
    19: ("test_a_second_interrupt_ends_a_teardown_that_hangs_and_the_rest_is_torn_down",),
    20: ("test_function_scoped_fixtures_are_made_afresh_for_each_example_when_asked_for",),
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{MARK}(number, plugin, library): the row that a test covers, in whose words."
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        mark = item.get_closest_marker(MARK)
        if mark is None:
            continue
        number = mark.args[0]
        if getattr(item, "originalname", None) in ROWS_IN_WORK.get(number, ()):
            item.add_marker(pytest.mark.xfail(strict=True, reason=f"row {number} is in work"))


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """An empty suite, in a directory of its own."""
    shield(monkeypatch)
    return Suite(pytester, monkeypatch)
