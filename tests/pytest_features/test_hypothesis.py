"""`fresh_fixtures=True`: the fixtures of a test by Hypothesis are made afresh for each example."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("hypothesis")
pytest.importorskip("pytest_asyncio")
pytest.importorskip("pytest_trio")

from tests.vocabularies.suites import ALL, ASYNCIO, BESIDE, FROM_ANYIO, OWN, TRIO, Vocabulary

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

PLANNED = [*OWN, *ASYNCIO, *FROM_ANYIO]
each_vocabulary = pytest.mark.parametrize("vocabulary", PLANNED, ids=str)
own, own_trio = OWN[:2]
each_backend = pytest.mark.parametrize("vocabulary", [own, own_trio], ids=str)

GIVEN = """
    from hypothesis import Phase, HealthCheck, assume, given, settings, strategies as st

    few = settings(max_examples=3, deadline=None, database=None, phases=[Phase.generate])
    afresh = pytest.mark.loopscope(fresh_fixtures=True)
"""
FIXTURES = """
    COUNT = 0

    @fixture(scope="module")
    async def wide():
        event("wide up")
        yield here()
        event("wide down")

    @fixture
    async def client(wide):
        global COUNT
        COUNT += 1
        event(f"client {COUNT} up")
        assert here() is wide
        yield COUNT
        assert here() is wide
        event("client down")

    @pytest.fixture
    def handle(client):
        yield client
        event(f"handle {client} down")
"""


@pytest.fixture
def suite(suite: Suite) -> Suite:
    """An empty suite, run with the plugin of Hypothesis's as well: it makes the health check."""
    suite.without = tuple(name for name in BESIDE if name != "hypothesispytest")
    return suite


@each_vocabulary
def test_each_example_has_fixtures_of_its_own_and_the_wider_ones_are_shared(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        GIVEN
        + FIXTURES
        + """
    @afresh
    @async_test
    @few
    @given(x=st.integers())
    async def test_it(x, handle, client, wide):
        assert handle == client == COUNT
        assert here() is wide
        event(f"test {client}")
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    examples = [
        told
        for n in (1, 2, 3)
        for told in (f"client {n} up", f"test {n}", f"handle {n} down", "client down")
    ]
    assert suite.events == ["wide up", *examples, "wide down"]


@pytest.mark.parametrize("vocabulary", ALL, ids=str)
def test_the_mark_says_nothing_of_the_vocabulary(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(
        vocabulary,
        """
        @pytest.mark.loopscope(fresh_fixtures=False)
        @async_test
        async def test_it():
            assert library() == BACKEND
        """,
    )
    ran = suite.ran(*vocabulary.arguments, "--setup-show")
    ran.all_passed("test_it")
    owner = {"own": "loopscope", "asyncio": "pytest-asyncio", "trio": "pytest-trio"}
    family = vocabulary.name.partition("-")[0]
    assert f"OWNER    F {owner.get(family, family)}," in ran.out


def test_it_is_a_mark_of_ours_where_nobody_else_claims_the_test(suite: Suite) -> None:
    suite.module(
        own,
        """
        @pytest.mark.loopscope(fresh_fixtures=False)
        async def test_it():
            here()
        """,
    )
    suite.ran("--loopscope-mode=strict").all_passed("test_it")


@pytest.mark.parametrize("vocabulary", TRIO, ids=str)
def test_beside_pytest_trio_s_fixtures_each_example_has_a_run_of_its_own(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        GIVEN
        + """
    @pytest.fixture
    async def client():
        event("up")
        yield here()
        event("down")

    @afresh
    @async_test
    @few
    @given(x=st.integers())
    async def test_it(x, client):
        assert client is here()
        event("test")
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == ["up", "test", "down"] * 3


@pytest.mark.parametrize("vocabulary", ALL, ids=str)
def test_without_it_the_health_check_fails_and_names_it(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        GIVEN
        + """
    @fixture
    async def client():
        yield

    @async_test
    @few
    @given(x=st.integers())
    async def test_it(x, client):
        pass
    """,
    )
    ran = suite.ran(*vocabulary.arguments)
    assert ran.outcomes == {"test_it": "failed"}, ran.out
    text = ran.texts["test_it"]
    assert "FailedHealthCheck" in text
    assert "LS409 @pytest.mark.loopscope(fresh_fixtures=True) sets client up afresh" in text


def test_a_sync_fixture_that_uses_no_loop_is_not_made_afresh_and_that_is_told(
    suite: Suite,
) -> None:
    suite.module(
        own,
        GIVEN
        + """
    @pytest.fixture
    def plain():
        pass

    @pytest.fixture
    async def client():
        yield

    @afresh
    @few
    @given(x=st.integers())
    async def test_it(x, client, plain):
        pass
    """,
    )
    ran = suite.ran()
    assert ran.outcomes == {"test_it": "failed"}, ran.out
    text = ran.texts["test_it"]
    assert "FailedHealthCheck" in text
    assert "LS409 fresh_fixtures=True sets up afresh what is asynchronous" in text
    assert "not plain" in text


def test_a_test_with_sync_fixtures_only_has_hypothesis_s_own_words(suite: Suite) -> None:
    suite.module(
        own,
        GIVEN
        + """
    @pytest.fixture
    def plain():
        pass

    @few
    @given(x=st.integers())
    async def test_it(x, plain):
        pass
    """,
    )
    ran = suite.ran()
    assert "FailedHealthCheck" in ran.texts["test_it"]
    assert "LS409" not in ran.out


@each_backend
def test_the_settings_of_the_test_are_as_they_were(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(
        vocabulary,
        GIVEN
        + """
    @pytest.fixture
    async def client():
        yield

    @afresh
    @few
    @given(x=st.integers())
    async def test_it(x, client):
        pass

    def test_after():
        kept = test_it._hypothesis_internal_use_settings.suppress_health_check
        assert HealthCheck.function_scoped_fixture not in kept
    """,
    )
    suite.ran(*vocabulary.arguments, "-pno:randomly").all_passed("test_it", "test_after")


@each_backend
def test_a_failing_example_is_shrunk_and_each_one_is_torn_down(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        GIVEN
        + """
    @pytest.fixture
    async def client():
        event("up")
        yield
        event("down")

    @afresh
    @settings(deadline=None, database=None)
    @given(x=st.integers())
    async def test_it(x, client):
        assert x < 10
    """,
    )
    ran = suite.ran(*vocabulary.arguments)
    assert ran.outcomes == {"test_it": "failed"}, ran.out
    assert "x=10," in ran.texts["test_it"]
    assert "Flaky" not in ran.texts["test_it"]
    assert suite.events == ["up", "down"] * (len(suite.events) // 2)


@each_backend
def test_a_failing_teardown_fails_its_example(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(
        vocabulary,
        GIVEN
        + """
    @pytest.fixture
    async def client():
        seen = []
        yield seen
        assert seen[0] < 10, "of the teardown"

    @afresh
    @settings(deadline=None, database=None)
    @given(x=st.integers())
    async def test_it(x, client):
        client.append(x)

    async def test_next():
        event("next")
    """,
    )
    ran = suite.ran(*vocabulary.arguments)
    assert ran.outcomes == {"test_it": "failed", "test_next": "passed"}, ran.out
    text = ran.texts["test_it"]
    assert "of the teardown" in text
    assert "x=10," in text


@each_backend
def test_a_failing_example_with_a_failing_teardown_tells_both(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        GIVEN
        + """
    @pytest.fixture
    async def client():
        yield
        raise ValueError("of the teardown")

    @afresh
    @few
    @given(x=st.just(1))
    async def test_it(x, client):
        raise KeyError("of the test")
    """,
    )
    text = suite.ran(*vocabulary.arguments).texts["test_it"]
    assert "ValueError: of the teardown" in text
    assert "KeyError: 'of the test'" in text


@each_backend
def test_a_rejected_example_is_rejected_and_its_fixtures_are_torn_down(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        GIVEN
        + """
    @pytest.fixture
    async def client():
        event("up")
        yield
        event("down")

    @afresh
    @few
    @given(x=st.booleans())
    async def test_it(x, client):
        assume(x)
        assert x
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == ["up", "down"] * (len(suite.events) // 2) != []


@each_backend
def test_a_fixture_that_fails_fails_its_example(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(
        vocabulary,
        GIVEN
        + """
    COUNT = 0

    @pytest.fixture
    async def first():
        yield
        event("first down")

    @pytest.fixture
    async def client(first):
        global COUNT
        COUNT += 1
        if COUNT > 1:
            raise ValueError("of the setup")

    @afresh
    @few
    @given(x=st.integers())
    async def test_it(x, client):
        event("test")
    """,
    )
    ran = suite.ran(*vocabulary.arguments)
    assert ran.outcomes == {"test_it": "failed"}, ran.out
    assert "of the setup" in ran.texts["test_it"]
    assert suite.events[:3] == ["test", "first down", "first down"]
    assert suite.events.count("test") == 1


@each_backend
def test_a_method_its_setup_and_its_parameters(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(
        vocabulary,
        GIVEN
        + """
    class TestIt:
        async def setup_method(self):
            here(); event("setup")
            self.seen = []

        async def teardown_method(self):
            here(); event("teardown")

        @pytest.fixture
        async def client(self):
            return here()

        @pytest.mark.parametrize("parameter", [1, 2])
        @afresh
        @few
        @given(x=st.integers())
        async def test_it(self, x, parameter, client):
            assert self.seen == []
            self.seen.append(x)
            assert client is here()
            assert parameter in (1, 2)
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("TestIt::test_it[1]", "TestIt::test_it[2]")
    assert suite.events == ["setup", "teardown"] * 6


@each_backend
def test_what_an_example_asks_for_at_run_time_is_fresh_if_it_depends_on_what_is(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        GIVEN
        + FIXTURES
        + """
    @afresh
    @few
    @given(x=st.integers())
    async def test_it(x, client, loopscope):
        assert await loopscope.getfixture("handle") == client == COUNT
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert [one for one in suite.events if "handle" in one] == [
        "handle 1 down",
        "handle 2 down",
        "handle 3 down",
    ]


@each_backend
def test_an_override_and_what_it_overrides_are_both_fresh(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.write(
        {
            "conftest.py": """
            import pytest
            from events import event

            @pytest.fixture
            async def client():
                event("up")
                yield []
                event("down")
            """
        }
    )
    suite.module(
        vocabulary,
        GIVEN
        + """
    @pytest.fixture
    async def client(client):
        client.append("override")
        yield client
        event("override down")

    @afresh
    @few
    @given(x=st.integers())
    async def test_it(x, client):
        assert client == ["override"]
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == ["up", "override down", "down"] * 3


@each_backend
def test_a_sync_test_has_them_as_well(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(
        vocabulary,
        GIVEN
        + FIXTURES
        + """
    @afresh
    @few
    @given(x=st.integers())
    def test_it(x, client):
        event(f"test {client}")
    """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert [one for one in suite.events if "test" in one] == ["test 1", "test 2", "test 3"]


def test_a_test_without_examples_is_refused(suite: Suite) -> None:
    suite.module(
        own,
        """
        @pytest.mark.loopscope(fresh_fixtures=True)
        async def test_it():
            event("not run")

        async def test_other():
            event("other")
        """,
    )
    ran = suite.ran()
    assert ran.outcomes == {"test_it": "error", "test_other": "passed"}, ran.out
    assert "LS409 fresh_fixtures=True on test_it, which is no test by @given" in ran.out
    assert suite.events == ["other"]


def test_on_a_module_it_is_for_those_that_have_examples(suite: Suite) -> None:
    suite.module(
        own,
        GIVEN
        + FIXTURES
        + """
    pytestmark = afresh

    @few
    @given(x=st.integers())
    async def test_it(x, client):
        assert client == COUNT

    async def test_other(client):
        pass
    """,
    )
    suite.ran().all_passed("test_it", "test_other")
    assert "client 3 up" in suite.events
