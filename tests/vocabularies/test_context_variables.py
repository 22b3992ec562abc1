"""What a fixture sets in its context is seen below it and nowhere else, in every vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.vocabularies.suites import ALL

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite, Vocabulary

SET_IN_FIXTURES = """
from contextvars import ContextVar

var = ContextVar("var", default="unset")
other = ContextVar("other", default="unset")

@fixture(scope="module")
async def by_module():
    token = var.set("module")
    yield
    assert var.get() == "module"
    var.reset(token)
    event(f"module reset to {var.get()}")

@pytest.fixture
def by_sync():
    token = other.set("sync")
    yield
    assert other.get() == "sync"
    other.reset(token)
    event(f"sync reset to {other.get()}")

@fixture
async def by_async(by_sync, by_module):
    assert (var.get(), other.get()) == ("module", "sync")
    tokens = [(one, one.set("async")) for one in (var, other)]
    yield
    for one, token in tokens:
        assert one.get() == "async"
        one.reset(token)
    event(f"async reset to {var.get()} {other.get()}")

@async_test
async def test_sees_what_both_kinds_of_fixture_set(by_sync, by_module):
    assert (var.get(), other.get()) == ("module", "sync")
    var.set("left by a test")
    other.set("left by a test")

@async_test
async def test_is_not_reached_by_the_last_test(by_module):
    assert (var.get(), other.get()) == ("module", "unset")

@async_test
async def test_sees_the_nearest_value(by_async):
    assert (var.get(), other.get()) == ("async", "async")

@async_test
async def test_is_not_reached_by_a_fixture_that_is_gone(by_module):
    assert (var.get(), other.get()) == ("module", "unset")
"""


@pytest.mark.parametrize("vocabulary", ALL, ids=str)
def test_what_fixtures_set_is_seen_below_them_and_reset_by_them(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, SET_IN_FIXTURES)
    suite.ran(*vocabulary.arguments).all_passed(
        "test_sees_what_both_kinds_of_fixture_set",
        "test_is_not_reached_by_the_last_test",
        "test_sees_the_nearest_value",
        "test_is_not_reached_by_a_fixture_that_is_gone",
    )
    assert suite.events == [
        "sync reset to unset",
        "async reset to module sync",
        "sync reset to unset",
        "module reset to unset",
    ]


SYNC_TESTS = """
from contextvars import ContextVar

var = ContextVar("var", default="unset")

@pytest.fixture
def by_sync(by_async):
    assert var.get() == "async"
    token = var.set("sync")
    yield
    assert var.get() == "sync"
    var.reset(token)

@fixture
async def by_async():
    token = var.set("async")
    yield
    assert var.get() == "async"
    var.reset(token)
    event(f"reset to {var.get()}")

@sync_test
def test_sees_an_async_fixture(by_async):
    assert var.get() == "async"

@sync_test
def test_sees_the_nearest_value(by_sync):
    assert var.get() == "sync"

@async_test
async def test_sees_a_sync_fixture_over_an_async_one(by_sync):
    assert var.get() == "sync"

def test_sees_nothing_of_them():
    assert var.get() == "unset"
"""


@pytest.mark.parametrize("vocabulary", [one for one in ALL if one.has_sync_tests], ids=str)
def test_a_sync_test_sees_what_its_fixtures_set(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(vocabulary, SYNC_TESTS)
    suite.ran(*vocabulary.arguments).all_passed(
        "test_sees_an_async_fixture",
        "test_sees_the_nearest_value",
        "test_sees_a_sync_fixture_over_an_async_one",
        "test_sees_nothing_of_them",
    )
    assert suite.events == ["reset to unset"] * 3


SHARED_LOOP = """
from contextvars import ContextVar

var = ContextVar("var", default="unset")

@fixture(scope="session")
async def loop():
    yield here()

@pytest.mark.parametrize("number", range(3))
@async_test
async def test_leaves_a_value(loop, number):
    assert here() is loop
    assert var.get() == "unset"
    var.set(number)

class TestInAClass:
    @async_test
    async def test_finds_nothing(self, loop):
        assert here() is loop
        assert var.get() == "unset"
"""


@pytest.mark.parametrize("vocabulary", ALL, ids=str)
def test_nothing_leaks_between_tests_that_share_a_loop(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, SHARED_LOOP)
    suite.ran(*vocabulary.arguments).all_passed(
        *(f"test_leaves_a_value[{number}]" for number in range(3)),
        "TestInAClass::test_finds_nothing",
    )
