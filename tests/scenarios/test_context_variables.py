"""Row 8: context variables that fixtures and tests set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.scenarios.rows import scenario
from tests.vocabularies.suites import ALL

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite, Vocabulary

SETTING = """
from contextvars import ContextVar

by_async, by_sync = ContextVar("by_async", default=None), ContextVar("by_sync", default=None)

def seen():
    return by_async.get(), by_sync.get()

@fixture(scope="session")
async def connection():
    token = by_async.set("connection")
    yield here()
    by_async.reset(token)
    event(f"session {seen()}")

@pytest.fixture(scope="module")
def tenant():
    token = by_sync.set("tenant")
    yield
    by_sync.reset(token)
    event(f"module {seen()}")

@fixture
async def transaction(connection, tenant):
    assert seen() == ("connection", "tenant")
    tokens = by_async.set("transaction"), by_sync.set("its own")
    yield
    assert seen() == ("transaction", "its own")
    by_async.reset(tokens[0])
    by_sync.reset(tokens[1])
    event(f"function {seen()}")

@async_test
async def test_sees_sync_and_async_fixtures(connection, tenant):
    assert here() is connection
    assert seen() == ("connection", "tenant")
    by_async.set("leaked")
    by_sync.set("leaked")

@async_test
async def test_sees_the_nearest_of_them(transaction):
    assert seen() == ("transaction", "its own")

@async_test
async def test_sees_nothing_of_another_test(connection, tenant):
    assert here() is connection
    assert seen() == ("connection", "tenant")
"""


@scenario(8, ALL)
def test_what_fixtures_set_is_seen_below_them_reset_by_them_and_leaks_nowhere(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, SETTING)
    suite.ran(*vocabulary.arguments).all_passed(
        "test_sees_sync_and_async_fixtures",
        "test_sees_the_nearest_of_them",
        "test_sees_nothing_of_another_test",
    )
    # What is torn down last was set up first: the session's fixture by the first test.
    assert suite.events == [
        "function ('connection', 'tenant')",
        "module ('connection', None)",
        "session (None, None)",
    ]
