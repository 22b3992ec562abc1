"""What `request.addfinalizer` is given is awaited, if there is something to await."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("hypothesis")
pytest.importorskip("pytest_asyncio")
pytest.importorskip("pytest_trio")

from tests.vocabularies.suites import ASYNCIO, FROM_ANYIO, OWN, Vocabulary

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

# A test in the words of pytest-trio runs beside its fixtures, in a run that ends with it.
PLANNED = [*OWN, *ASYNCIO, *FROM_ANYIO]
each_vocabulary = pytest.mark.parametrize("vocabulary", PLANNED, ids=str)
each_scope = pytest.mark.parametrize("scope", ["function", "class", "module", "session"])
own, own_trio = OWN[:2]

RESOURCE = """
    from functools import partial

    class Resource:
        def __init__(self, name, loop=None):
            self.name, self.loop = name, loop

        async def aclose(self):
            assert self.loop in (None, here())
            event(f"close {self.name}")

        def close(self):
            with pytest.raises(RuntimeError):
                here()
            event(f"close {self.name} at once")

    async def close(resource):
        await resource.aclose()
"""


@each_vocabulary
@each_scope
@pytest.mark.parametrize("end", ["return 1", "yield 1; event('teardown')"], ids=["return", "yield"])
def test_those_of_an_async_fixture_are_awaited_in_order_on_its_loop(
    suite: Suite, vocabulary: Vocabulary, scope: str, end: str
) -> None:
    suite.module(
        vocabulary,
        RESOURCE
        + f"""
    @fixture(scope={scope!r})
    async def pool(request):
        first, second, third = (Resource(name, here()) for name in ("first", "second", "third"))
        request.addfinalizer(first.aclose)
        request.addfinalizer(Resource("sync").close)
        request.addfinalizer(lambda: second.aclose())
        request.addfinalizer(partial(close, third))
        {end}

    @async_test
    async def test_it(pool):
        event("test")
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    teardown = ["teardown"] if "yield" in end else []
    assert suite.events == [
        "test",
        *teardown,
        "close third",
        "close second",
        "close sync at once",
        "close first",
    ]


@each_vocabulary
def test_those_of_a_sync_fixture_are_awaited_on_the_loop_of_the_test(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        RESOURCE
        + """
    @pytest.fixture(autouse=True)
    def early(request):
        request.addfinalizer(Resource("early").aclose)

    @pytest.fixture
    def make(request):
        def resource(name):
            made = Resource(name, here())
            request.addfinalizer(made.aclose)
            return made
        yield resource
        event("teardown of make")

    @async_test
    async def test_it(make):
        make("first")
        make("second")
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == ["close second", "close first", "teardown of make", "close early"]


@each_vocabulary
def test_one_that_is_added_first_while_the_test_runs_is_awaited_before_the_loop_closes(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        RESOURCE
        + """
    @pytest.fixture
    def connect(request):
        return lambda: request.addfinalizer(Resource("it", here()).aclose)

    @async_test
    async def test_it(connect):
        connect()
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == ["close it"]


@each_vocabulary
@each_scope
def test_those_of_a_sync_fixture_are_awaited_on_the_loop_of_what_it_uses(
    suite: Suite, vocabulary: Vocabulary, scope: str
) -> None:
    suite.module(
        vocabulary,
        RESOURCE
        + f"""
    @fixture(scope={scope!r})
    async def loop():
        yield here()
        event("teardown of what it uses")

    @pytest.fixture(scope={scope!r})
    def pool(loop, request):
        request.addfinalizer(Resource("pool", loop).aclose)

    @async_test
    async def test_it(pool):
        event("test")
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == ["test", "close pool", "teardown of what it uses"]


@each_vocabulary
def test_those_of_the_test_itself_are_awaited_on_its_loop(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        RESOURCE
        + """
    @fixture
    async def used():
        yield
        event("teardown of used")

    @async_test
    async def test_it(request, used):
        request.addfinalizer(Resource("first", here()).aclose)
        request.addfinalizer(Resource("sync").close)
        request.addfinalizer(lambda: Resource("second", here()).aclose() if False else second())
        loop = here()

        async def second():
            assert here() is loop
            event("second")
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == ["second", "close sync at once", "close first", "teardown of used"]


@pytest.mark.parametrize("vocabulary", [v for v in PLANNED if v.has_sync_tests], ids=str)
def test_those_of_a_sync_test_are_awaited_on_the_loop_of_what_it_uses(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        RESOURCE
        + """
    @fixture
    async def loop():
        yield here()

    @sync_test
    def test_it(request, loop):
        request.addfinalizer(Resource("it", loop).aclose)
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == ["close it"]


@pytest.mark.parametrize("vocabulary", [own, own_trio], ids=str)
@pytest.mark.parametrize("fixture", ["def", "async def"])
def test_errors_are_errors_of_the_teardown_and_none_is_lost(
    suite: Suite, vocabulary: Vocabulary, fixture: str
) -> None:
    suite.module(
        vocabulary,
        f"""
        async def fail(text):
            raise ValueError(text)

        @pytest.fixture
        {fixture} pool(request):
            request.addfinalizer(lambda: event("the last"))
            request.addfinalizer(lambda: fail("one"))
            request.addfinalizer(lambda: fail("two"))

        async def test_it(pool):
            pass

        async def test_next():
            event("next")
        """,
    )
    ran = suite.ran(*vocabulary.arguments)
    assert ran.outcomes == {"test_it": "passed+error", "test_next": "passed"}, ran.out
    text = ran.texts["test_it"]
    assert "ValueError: one" in text
    assert "ValueError: two" in text
    assert suite.events == ["the last", "next"]


@pytest.mark.parametrize("vocabulary", [own, own_trio], ids=str)
@pytest.mark.parametrize("fixture", ["def", "async def"])
@pytest.mark.parametrize("scope", ["function", "module"])
def test_context_variables_are_seen_as_in_the_teardown_of_an_async_fixture(
    suite: Suite, vocabulary: Vocabulary, fixture: str, scope: str
) -> None:
    suite.module(
        vocabulary,
        f"""
        from contextvars import ContextVar

        var = ContextVar("var", default="none")

        @pytest.fixture(scope={scope!r})
        async def around():
            yield
            event(var.get())

        @pytest.fixture(scope={scope!r})
        {fixture} pool(request, around):
            async def finalize():
                event(var.get())

            request.addfinalizer(finalize)
            var.set("of the fixture")
            yield

        async def test_it(pool):
            assert var.get() == "of the fixture"
            var.set("of the test")
        """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    # A test and what lives as long as it share a context, as nested blocks do.
    seen = {"function": "of the test", "module": "of the fixture"}[scope]
    assert suite.events == [seen, seen]


@pytest.mark.parametrize("vocabulary", [own, own_trio], ids=str)
def test_a_token_of_an_async_fixture_can_be_reset(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(
        vocabulary,
        """
        from contextvars import ContextVar

        var = ContextVar("var", default="none")

        @pytest.fixture(scope="module")
        async def pool(request):
            async def finalize():
                var.reset(token)
                event(var.get())

            token = var.set("of the fixture")
            request.addfinalizer(finalize)
            yield

        async def test_it(pool):
            pass
        """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == ["none"]


@pytest.mark.parametrize("vocabulary", [own, own_trio, ASYNCIO[1]], ids=str)
def test_a_sync_fixture_wider_than_every_loop_is_told_of(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        """
        async def aclose():
            event("not run")

        @pytest.fixture(scope="module")
        def pool(request):
            request.addfinalizer(lambda: event("the last"))
            request.addfinalizer(aclose)

        async def test_it(pool):
            event("test")
        """,
    )
    ran = suite.ran(*vocabulary.arguments)
    assert ran.outcomes == {"test_it": "passed+error"}, ran.out
    text = ran.texts["test_it"]
    assert "LS407 aclose, a finalizer of pool, has to be awaited and has no loop" in text
    lines = (suite.root / "test_it.py").read_text().splitlines()
    assert f"test_it.py:{lines.index('async def aclose():') + 1} " in text
    assert "never awaited" not in ran.out
    assert suite.events == ["test", "the last"]


def test_the_fix_that_is_told_works(suite: Suite) -> None:
    suite.module(
        own,
        """
        async def aclose():
            here(); event("closed")

        @pytest.fixture(scope="module")
        async def pool():
            yield
            await aclose()

        async def test_it(pool):
            pass
        """,
    )
    suite.ran().all_passed("test_it")
    assert suite.events == ["closed"]


def test_a_test_on_no_loop_is_told_of_as_well(suite: Suite) -> None:
    suite.module(
        own,
        """
        async def aclose():
            event("not run")

        def test_sync(request):
            request.addfinalizer(aclose)

        async def test_async():
            pass
        """,
    )
    ran = suite.ran()
    assert ran.outcomes == {"test_sync": "passed+error", "test_async": "passed"}, ran.out
    assert "LS407 aclose, a finalizer of test_sync" in ran.texts["test_sync"]


def test_a_fixture_that_fails_has_its_finalizers_awaited(suite: Suite) -> None:
    suite.module(
        own,
        """
        async def aclose():
            here(); event("closed")

        @pytest.fixture
        def pool(request):
            request.addfinalizer(aclose)
            raise ValueError("mine")

        async def test_it(pool):
            pass
        """,
    )
    ran = suite.ran()
    assert ran.outcomes == {"test_it": "error"}, ran.out
    assert suite.events == ["closed"]


def test_what_is_added_while_a_fixture_is_torn_down_is_called_as_by_pytest(suite: Suite) -> None:
    suite.module(
        own,
        """
        @pytest.fixture
        def pool(request):
            yield
            request.addfinalizer(lambda: event("late"))

        async def test_it(pool):
            pass
        """,
    )
    suite.ran().all_passed("test_it")
    assert suite.events == ["late"]


@pytest.mark.parametrize("vocabulary", [own, own_trio], ids=str)
def test_a_fixture_asked_for_at_run_time_has_its_finalizers_awaited(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        RESOURCE
        + """
    @pytest.fixture
    def pool(request):
        request.addfinalizer(Resource("pool").aclose)

    async def test_it(loopscope):
        await loopscope.getfixture("pool")
        event("test")
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == ["test", "close pool"]
