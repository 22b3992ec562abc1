"""Rows 12 and 13: a fixture asked for in running code, and code run from a synchronous test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scenarios.rows import scenario
from tests.vocabularies.suites import ALL, ASYNCIO, FROM_ANYIO, OWN

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite, Vocabulary

DYNAMIC = """
import anyio

@fixture
async def client():
    await anyio.sleep(0)
    event("up")
    yield here()
    event("down")

@async_test
async def test_asks(request):
    request.getfixturevalue("client")

@async_test
async def test_awaits(loopscope):
    client = await loopscope.getfixture("client")
    assert client is here()
    assert await loopscope.getfixture("client") is client

@async_test
async def test_asks_and_then_awaits(request, loopscope):
    with pytest.raises(Exception, match="LS404"):
        request.getfixturevalue("client")
    assert await loopscope.getfixture("client") is here()
"""


# Not pytest-trio's: there a fixture is a placeholder until the test runs, which has it set up.
@scenario(12, (*OWN, *ASYNCIO, *FROM_ANYIO))
def test_a_dynamic_request_in_running_code_says_what_to_await_and_that_works(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, DYNAMIC)
    # Nothing that was never awaited is left behind, either: warnings are errors.
    ran = suite.ran(*vocabulary.arguments)
    assert ran.outcomes == {
        "test_asks": "failed",
        "test_awaits": "passed",
        "test_asks_and_then_awaits": "passed",
    }, ran.out
    assert suite.events == ["up", "down"] * 2
    assert "LS404 test_asks asks for the async fixture client" in ran.texts["test_asks"]
    assert 'await loopscope.getfixture("client")' in ran.texts["test_asks"]


SYNC = """
import anyio

class Client:
    def __init__(self, loop):
        self.loop = loop

    async def get(self, path, **query):
        await anyio.sleep(0)
        assert here() is self.loop
        return path

@fixture(scope="{scope}")
async def client():
    yield Client(here())

@sync_test
def test_sync(client, loopscope):
    assert loopscope.run(client.get, "/health") == "/health"
    assert loopscope.backend == BACKEND

@async_test
async def test_async(client):
    assert await client.get("/health") == "/health"

@sync_test
def test_sync_again(client, loopscope):
    assert loopscope.run(client.get, "/health") == "/health"
"""


@scenario(13, [vocabulary for vocabulary in ALL if vocabulary.has_sync_tests])
@pytest.mark.parametrize("scope", ["function", "module", "session"])
@pytest.mark.parametrize("order", ["sync first", "async first"])
def test_a_sync_test_calls_its_client_on_the_loop_of_the_fixture_in_any_order(
    suite: Suite, vocabulary: Vocabulary, scope: str, order: str
) -> None:
    suite.module(vocabulary, SYNC.format(scope=scope))
    names = ["test_sync", "test_async", "test_sync_again"]
    chosen = names if order == "sync first" else names[1:]
    ids = [f"test_it.py::{name}" for name in chosen]
    suite.ran(*vocabulary.arguments, *ids).all_passed(*chosen)
