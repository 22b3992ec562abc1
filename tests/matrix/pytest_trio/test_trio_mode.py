"""The mode in which no test and no fixture has to be marked."""

from __future__ import annotations

import pytest
import trio


@pytest.fixture
async def made() -> object:
    return trio.lowlevel.current_trio_token()


async def test_a_test_needs_no_mark(made: object, nursery: trio.Nursery) -> None:
    await trio.sleep(0)
    assert made is trio.lowlevel.current_trio_token()


def test_unmarked_tests_bear_the_mark(request: pytest.FixtureRequest) -> None:
    (test,) = (item for item in request.session.items if item.name == "test_a_test_needs_no_mark")
    assert test.get_closest_marker("trio") is not None
