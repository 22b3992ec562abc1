"""A fixture that is asked for by name, by whom and when, in every vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("hypothesis")
pytest.importorskip("pytest_asyncio")
pytest.importorskip("pytest_trio")

from tests.vocabularies.suites import ALL, ASYNCIO, FROM_ANYIO, OWN, Vocabulary

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

each_vocabulary = pytest.mark.parametrize("vocabulary", ALL, ids=str)
PLANNED = [*OWN, *ASYNCIO, *FROM_ANYIO]

FIXTURES = """
    @fixture
    async def client():
        event("up")
        yield here()
        event("down")

    @pytest.fixture
    def handle(client):
        return client

    @pytest.fixture
    def dynamic(request):
        return request.getfixturevalue("client")

    def refused(request, name):
        with pytest.raises(Exception) as caught:
            request.getfixturevalue(name)
        event(str(caught.value).splitlines()[0].partition(" asks ")[2] or repr(caught.value))
"""
LS404 = "for the async fixture client while the loop is running"


@each_vocabulary
@pytest.mark.parametrize("name", ["client", "handle", "dynamic"])
def test_running_code_that_asks_by_a_call_is_told_what_to_await(
    suite: Suite, vocabulary: Vocabulary, name: str
) -> None:
    suite.module(
        vocabulary,
        FIXTURES
        + f"""
    @async_test
    async def test_it(request):
        refused(request, {name!r})
        event("test")
    """,
    )
    ran = suite.ran(*vocabulary.arguments)
    ran.all_passed("test_it")
    assert suite.events == [LS404, "test"]
    assert "never awaited" not in ran.out


@each_vocabulary
@pytest.mark.parametrize("name", ["client", "handle", "dynamic"])
def test_what_it_is_told_to_await_works(suite: Suite, vocabulary: Vocabulary, name: str) -> None:
    suite.module(
        vocabulary,
        FIXTURES
        + f"""
    @async_test
    async def test_it(request, loopscope):
        refused(request, {name!r})
        assert await loopscope.getfixture({name!r}) is here()
        assert request.getfixturevalue({name!r}) is here()  # it is set up by now
        event("test")
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == [LS404, "up", "test", "down"]


@pytest.mark.parametrize("vocabulary", PLANNED, ids=str)
def test_an_async_fixture_that_asks_by_a_call_is_told_as_well(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        FIXTURES
        + """
    @fixture
    async def asking(request, loopscope):
        refused(request, "client")
        yield await loopscope.getfixture("client")

    @async_test
    async def test_it(asking):
        assert asking is here()
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == [LS404, "up", "down"]


@pytest.mark.parametrize("vocabulary", PLANNED, ids=str)
@pytest.mark.parametrize("scope", ["function", "class", "module", "session"])
def test_a_sync_fixture_may_ask_for_an_async_one_before_the_test(
    suite: Suite, vocabulary: Vocabulary, scope: str
) -> None:
    suite.module(
        vocabulary,
        f"""
        @fixture(scope={scope!r})
        async def client():
            event("up")
            yield here()
            event("down")

        @pytest.fixture(scope={scope!r})
        def asking(request):
            yield request.getfixturevalue("client")
            event("asking down")

        @async_test
        async def test_it(asking):
            assert asking is here()
        """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == ["up", "asking down", "down"]


@pytest.mark.parametrize("vocabulary", [v for v in PLANNED if v.has_sync_tests], ids=str)
def test_a_sync_test_may_ask_for_an_async_one(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(
        vocabulary,
        """
        @fixture
        async def client():
            event(library())
            yield 1
            event("down")

        @sync_test
        def test_it(request):
            assert request.getfixturevalue("client") == 1
        """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == [vocabulary.backend, "down"]
