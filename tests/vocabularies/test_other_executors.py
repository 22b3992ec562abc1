"""A suite that runs its async tests by itself is left alone, with every plugin installed."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.vocabularies.suites import HERE

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

# As trio's own suite does: each test is called in a run of its own, on the clock that it asks for.
RUN = f"""
{HERE}
import functools
import inspect
import trio
import trio.testing

def called_by_the_suite(function):
    @functools.wraps(function)
    def run(**arguments):
        clocks = [one for one in arguments.values() if isinstance(one, trio.abc.Clock)]
        event("run by the suite")
        trio.run(functools.partial(function, **arguments), clock=clocks[0] if clocks else None)
    return run

@pytest.fixture
def mock_clock():
    return trio.testing.MockClock()

@pytest.fixture
def autojump_clock():
    return trio.testing.MockClock(autojump_threshold=0)
"""

EXECUTORS = {
    "swapped while it is called": """
        @pytest.hookimpl(tryfirst=True)
        def pytest_pyfunc_call(pyfuncitem):
            if inspect.iscoroutinefunction(pyfuncitem.obj):
                pyfuncitem.obj = called_by_the_suite(pyfuncitem.obj)
    """,
    "swapped when it is set up": """
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_setup(item):
            if inspect.iscoroutinefunction(item.obj):
                item.obj = called_by_the_suite(item.obj)
    """,
    "swapped once all are collected": """
        def pytest_collection_modifyitems(items):
            for item in items:
                if inspect.iscoroutinefunction(item.obj):
                    item.obj = called_by_the_suite(item.obj)
    """,
    "swapped when it is collected": """
        def pytest_itemcollected(item):
            if inspect.iscoroutinefunction(item.obj):
                item.obj = called_by_the_suite(item.obj)
    """,
    "called in its turn": """
        def pytest_pyfunc_call(pyfuncitem):
            if inspect.iscoroutinefunction(pyfuncitem.obj):
                names = pyfuncitem._fixtureinfo.argnames
                arguments = {name: pyfuncitem.funcargs[name] for name in names}
                called_by_the_suite(pyfuncitem.obj)(**arguments)
                return True
    """,
    "called first": """
        @pytest.hookimpl(tryfirst=True)
        def pytest_pyfunc_call(pyfuncitem):
            if inspect.iscoroutinefunction(pyfuncitem.obj):
                names = pyfuncitem._fixtureinfo.argnames
                arguments = {name: pyfuncitem.funcargs[name] for name in names}
                called_by_the_suite(pyfuncitem.obj)(**arguments)
                return True
    """,
    "an item of its own": """
        class Ours(pytest.Function):
            def runtest(self):
                names = self._fixtureinfo.argnames
                called_by_the_suite(self.obj)(**{name: self.funcargs[name] for name in names})

        def pytest_pycollect_makeitem(collector, name, obj):
            if collector.istestfunction(obj, name) and inspect.iscoroutinefunction(obj):
                return Ours.from_parent(collector, name=name)
    """,
}

TESTS = f"""
{HERE}
import trio

@pytest.fixture
def letter():
    yield "a"
    event("a down")

async def test_plain():
    assert library() == "trio"
    assert trio.lowlevel.current_root_task() is not None
    event("plain")

async def test_a_clock(autojump_clock):
    await trio.sleep(60)
    assert trio.lowlevel.current_clock() is autojump_clock
    event("clock")

class TestInAClass:
    async def test_a_fixture(self, letter):
        await trio.sleep(0)
        assert type(self).__name__ == "TestInAClass"
        event(letter)

async def test_that_fails():
    async with trio.open_nursery():
        raise ZeroDivisionError

def test_sync():
    with pytest.raises(RuntimeError):
        here()
"""


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_tests_are_called_by_the_suite_and_by_nobody_else(
    suite: Suite, executor: str, mode: str
) -> None:
    suite.write({"conftest.py": RUN + dedent(EXECUTORS[executor]), "test_it.py": TESTS})
    ran = suite.ran(f"--loopscope-mode={mode}")
    outcomes = dict(ran.outcomes)
    assert outcomes.pop("test_that_fails") == "failed", ran.out
    assert "ExceptionGroup" in ran.texts["test_that_fails"]
    assert set(outcomes.values()) == {"passed"}, ran.out
    runs = [one for one in suite.events if one == "run by the suite"]
    told = [one for one in suite.events if one != "run by the suite"]
    assert len(runs) == len(outcomes)  # one that fails, and one that is not async
    assert told == ["plain", "clock", "a", "a down"]


FIXTURES_TOO = f"""
{HERE}
import functools
import inspect

LOOP = asyncio.new_event_loop()

@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef, request):
    function = fixturedef.func
    if inspect.iscoroutinefunction(function):
        @functools.wraps(function)
        def run(*args, **kwargs):
            event(f"{{fixturedef.argname}} by the suite")
            return LOOP.run_until_complete(function(*args, **kwargs))
        fixturedef.func = run

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if inspect.iscoroutinefunction(pyfuncitem.obj):
        names = pyfuncitem._fixtureinfo.argnames
        arguments = {{name: pyfuncitem.funcargs[name] for name in names}}
        event(f"{{pyfuncitem.name}} by the suite")
        LOOP.run_until_complete(pyfuncitem.obj(**arguments))
        return True

def pytest_sessionfinish():
    LOOP.close()
"""

TESTS_WITH_FIXTURES = f"""
{HERE}

@pytest.fixture(scope="module")
async def made():
    return here()

async def test_is_on_the_loop_of_the_suite(made):
    assert made is here()
"""


def test_an_engine_that_is_off_leaves_async_fixtures_to_the_suite(suite: Suite) -> None:
    # Fixtures are set up before anyone can know who is going to call the test. For a suite that
    # sets them up by itself there is a switch.
    suite.write({"conftest.py": FIXTURES_TOO, "test_it.py": TESTS_WITH_FIXTURES})
    suite.ran("--loopscope-mode=strict").all_passed("test_is_on_the_loop_of_the_suite")
    assert suite.events == ["made by the suite", "test_is_on_the_loop_of_the_suite by the suite"]


UNITTEST = f"""
{HERE}
import unittest

class Test(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.loop = here()

    async def test_on_the_loop_of_the_case(self):
        assert here() is self.loop
        event("case")

class Plain(unittest.TestCase):
    def test_runs_something(self):
        asyncio.run(asyncio.sleep(0))
"""


@pytest.mark.parametrize("arguments", [(), ("--asyncio-mode=auto",), ("--anyio-mode=auto",)])
def test_cases_of_unittest_are_left_to_it(suite: Suite, arguments: tuple[str, ...]) -> None:
    suite.write({"test_it.py": UNITTEST})
    suite.ran(*arguments).all_passed(
        "Test::test_on_the_loop_of_the_case", "Plain::test_runs_something"
    )
    assert suite.events == ["case"]
