"""Async fixtures of unittest's test cases: they are set up, and it is told what they cannot do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("hypothesis")
pytest.importorskip("pytest_asyncio")
pytest.importorskip("pytest_trio")

from loopscope.report.ladder import NO_LOOPS
from tests.vocabularies.suites import ASYNCIO, OWN, Vocabulary

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

each_vocabulary = pytest.mark.parametrize("vocabulary", [*OWN[:2], *ASYNCIO], ids=str)
each_scope = pytest.mark.parametrize("scope", ["function", "class", "module", "session"])
own, own_trio = OWN[:2]
asyncio_strict, asyncio_auto = ASYNCIO

CASES = """
    import unittest

    @fixture(scope={scope!r}, autouse=True)
    async def wide(request):
        here(); event("wide up")
        yield
        here(); event("wide down")

    class TestIsolated(unittest.IsolatedAsyncioTestCase):
        async def asyncSetUp(self):
            self.loop = asyncio.get_running_loop()

        async def test_async(self):
            assert asyncio.get_running_loop() is self.loop
            event("async")

        def test_sync(self):
            event("sync")

    class TestPlain(unittest.TestCase):
        def test_plain(self):
            event("plain")
"""
NAMES = ("TestIsolated::test_async", "TestIsolated::test_sync", "TestPlain::test_plain")


@each_vocabulary
@each_scope
def test_a_fixture_is_set_up_around_the_test_cases_and_it_is_told_that_loops_differ(
    suite: Suite, vocabulary: Vocabulary, scope: str
) -> None:
    suite.module(vocabulary, CASES.format(scope=scope))
    ran = suite.ran(*vocabulary.arguments)
    ran.all_passed(*NAMES)
    times = {"function": 3, "class": 2}.get(scope, 1)
    assert (suite.events.count("wide up"), suite.events.count("wide down")) == (times, times)
    assert (suite.events[0], suite.events[-1]) == ("wide up", "wide down")

    lines = (suite.root / "test_it.py").read_text().splitlines()
    fixture = next(n for n, text in enumerate(lines, 1) if text.startswith("@fixture"))
    case = lines.index("class TestIsolated(unittest.IsolatedAsyncioTestCase):") + 1
    told = ran.out.index("LS202 wide does not share the loop of TestIsolated\n")
    assert told < ran.out.index("test_it.py ...")  # before the first test
    assert f"test_it.py:{fixture} " in ran.out
    assert f"test_it.py:{case} " in ran.out
    assert ran.out.count("LS202") == 1
    assert "TestPlain  an" not in ran.out


@pytest.mark.parametrize("vocabulary", ASYNCIO, ids=str)
@each_scope
def test_a_suite_for_pytest_asyncio_keeps_its_outcomes(
    suite: Suite, vocabulary: Vocabulary, scope: str
) -> None:
    suite.module(vocabulary, CASES.format(scope=scope))
    theirs = [one for one in vocabulary.arguments if "loopscope" not in one]
    as_there = f"-oasyncio_default_fixture_loop_scope={scope}"
    there = suite.ran("-pno:loopscope", as_there, *theirs, apart=True)
    events = suite.events
    here = suite.ran(*vocabulary.arguments)
    assert (here.outcomes, suite.events) == (there.outcomes, events), here.out
    assert dict.fromkeys(NAMES, "passed") == there.outcomes


def test_a_class_that_is_no_test_case_shares_the_loop(suite: Suite) -> None:
    """The fix that LS202 names."""
    source = (
        CASES.format(scope="module")
        .replace("request", "")
        .replace("yield", "LOOPS.append(here()); yield")
    )
    source = source.replace("(unittest.IsolatedAsyncioTestCase)", "").replace(
        "async def asyncSetUp", "async def setup_method"
    )
    source = source.replace('event("async")', "assert here() is LOOPS[0]")
    suite.module(own, f"    LOOPS = []\n{source}")
    ran = suite.ran()
    ran.all_passed(*NAMES)
    assert "LS202" not in ran.out


def test_what_is_set_up_in_async_set_up_is_on_the_loop_of_the_test(suite: Suite) -> None:
    """The other fix that LS202 names."""
    suite.module(
        own,
        """
        import unittest

        class TestIsolated(unittest.IsolatedAsyncioTestCase):
            async def asyncSetUp(self):
                self.made = asyncio.get_running_loop().create_future()
                self.addAsyncCleanup(self.clean_up)

            async def clean_up(self):
                event(await self.made)

            async def test_it(self):
                self.made.set_result("awaited")
        """,
    )
    ran = suite.ran()
    ran.all_passed("TestIsolated::test_it")
    assert "LS202" not in ran.out
    assert suite.events == ["awaited"]


@pytest.mark.parametrize("vocabulary", [own, own_trio, asyncio_auto], ids=str)
def test_a_method_of_the_class_may_be_the_fixture(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(
        vocabulary,
        """
        import unittest

        class TestIsolated(unittest.IsolatedAsyncioTestCase):
            @fixture(autouse=True)
            async def around(self, request):
                here()
                self.value = request.node.name
                yield
                event(f"after {self.value}")

            async def test_it(self):
                event(self.value)
        """,
    )
    suite.ran(*vocabulary.arguments).all_passed("TestIsolated::test_it")
    assert suite.events == ["test_it", "after test_it"]


def test_a_fixture_of_many_classes_is_told_of_once(suite: Suite) -> None:
    classes = "".join(
        f"""
        class Test{number}(unittest.IsolatedAsyncioTestCase):
            async def test_it(self):
                pass
        """
        for number in range(9)
    )
    suite.module(
        own,
        f"""
        import unittest

        @pytest.fixture(autouse=True)
        async def around():
            yield
        {classes}""",
    )
    ran = suite.ran()
    assert set(ran.outcomes.values()) == {"passed"}
    assert "LS202 around does not share the loop of Test0 and 8 more" in ran.out
    assert ran.out.count("LS202") == 1


def test_a_fixture_that_fails_is_an_error_of_the_test_case(suite: Suite) -> None:
    suite.module(
        own,
        """
        import unittest

        @pytest.fixture(autouse=True)
        async def around():
            raise ValueError("mine")

        class TestIsolated(unittest.IsolatedAsyncioTestCase):
            async def test_it(self):
                event("not run")
        """,
    )
    ran = suite.ran()
    assert ran.outcomes == {"TestIsolated::test_it": "error"}
    assert "ValueError: mine" in ran.texts["TestIsolated::test_it"]
    assert suite.events == []


def test_an_async_function_of_the_module_is_awaited_around_test_cases(suite: Suite) -> None:
    suite.module(
        own,
        """
        import unittest

        async def setUpModule():
            here(); event("up")

        async def tearDownModule():
            here(); event("down")

        async def setup_function():
            event("not for methods")

        class TestPlain(unittest.TestCase):
            def test_it(self):
                event("test")
        """,
    )
    suite.ran().all_passed("TestPlain::test_it")
    assert suite.events == ["up", "test", "down"]


def test_without_async_fixtures_nothing_is_planned_for_test_cases(suite: Suite) -> None:
    suite.module(
        own,
        """
        import unittest

        @pytest.fixture
        async def unused():
            yield

        class TestIsolated(unittest.IsolatedAsyncioTestCase):
            async def test_it(self):
                pass
        """,
    )
    ran = suite.ran("--loopscope-ladder")
    ran.all_passed("TestIsolated::test_it")
    assert "LS202" not in ran.out
    assert NO_LOOPS in ran.out
