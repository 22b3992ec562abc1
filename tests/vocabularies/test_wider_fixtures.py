"""A wider async fixture and a test that declares nothing share a loop, in every vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.vocabularies.suites import ALL

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite, Vocabulary

SHARED = """
@fixture(scope="session")
async def session():
    event("session up")
    yield here()
    event(f"session down {library()}")

@fixture(scope="module")
async def module(session):
    assert here() is session
    event("module up")
    yield here()
    assert here() is session
    event("module down")

@fixture
async def function(module):
    assert here() is module
    event("function up")
    yield here()
    assert here() is module
    event("function down")

@async_test
async def test_shares(session):
    assert here() is session
    event(f"shares {library()}")

class TestInAClass:
    @async_test
    async def test_shares_too(self, function, session):
        assert here() is function is session
        event("shares too")

@async_test
async def test_asks_for_nothing():
    event("asks for nothing")
"""


@pytest.mark.parametrize("vocabulary", ALL, ids=str)
def test_a_session_fixture_and_a_test_that_declares_nothing_share_a_loop(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, SHARED)
    suite.ran(*vocabulary.arguments).all_passed(
        "test_shares", "TestInAClass::test_shares_too", "test_asks_for_nothing"
    )
    assert suite.events == [
        "session up",
        f"shares {vocabulary.backend}",
        "module up",
        "function up",
        "shares too",
        "function down",
        "asks for nothing",
        "module down",
        f"session down {vocabulary.backend}",
    ]


LOOPS = """
@fixture(scope="module")
async def shared():
    yield here()

loops = {}

@async_test
async def test_first():
    loops["first"] = here()

@async_test
async def test_second():
    assert here() is not loops["first"]

@async_test
async def test_third(shared):
    loops["shared"] = here()
    assert here() is shared

@async_test
async def test_fourth(shared):
    assert here() is loops["shared"]
"""


@pytest.mark.parametrize("vocabulary", ALL, ids=str)
def test_a_test_that_shares_nothing_has_a_loop_to_itself(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, LOOPS)
    suite.ran(*vocabulary.arguments).all_passed(
        *(f"test_{name}" for name in ("first", "second", "third", "fourth"))
    )


TASK = """
import contextlib

@contextlib.asynccontextmanager
async def background():
    if BACKEND == "trio":
        import trio
        send, receive = trio.open_memory_channel(0)
        async with trio.open_nursery() as nursery:
            async def serve():
                async for reply in receive:
                    reply(here())
            nursery.start_soon(serve)
            async def ask():
                answered = trio.Event()
                answers = []
                def reply(value):
                    answers.append(value)
                    answered.set()
                await send.send(reply)
                await answered.wait()
                return answers[0]
            yield ask
            nursery.cancel_scope.cancel()
    else:
        queue = asyncio.Queue()
        async def serve():
            while True:
                (await queue.get()).set_result(here())
        task = asyncio.create_task(serve())
        async def ask():
            future = here().create_future()
            await queue.put(future)
            return await future
        yield ask
        task.cancel()

@fixture(scope="session")
async def server():
    async with background() as ask:
        yield ask

@async_test
async def test_one(server):
    assert await server() is here()

@async_test
async def test_two(server):
    assert await server() is here()
"""


@pytest.mark.parametrize("vocabulary", ALL, ids=str)
def test_the_background_task_of_a_session_fixture_answers_every_test(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, TASK)
    suite.ran(*vocabulary.arguments).all_passed("test_one", "test_two")


SYNC = """
@fixture(scope="session")
async def session():
    event(f"up {library()}")
    yield here()
    event("down")

@sync_test
def test_sync(session):
    event("sync")
    with pytest.raises(RuntimeError):
        here()

@async_test
async def test_async(session):
    assert here() is session
"""


@pytest.mark.parametrize("vocabulary", [one for one in ALL if one.has_sync_tests], ids=str)
def test_a_sync_test_is_given_the_fixture_that_the_async_tests_share(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, SYNC)
    suite.ran(*vocabulary.arguments).all_passed("test_sync", "test_async")
    assert suite.events == [f"up {vocabulary.backend}", "sync", "down"]
