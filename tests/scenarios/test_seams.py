"""Rows 15, 16, 17 and 20: async code where pytest, unittest and Hypothesis expect synchronous."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.scenarios.rows import scenario
from tests.vocabularies.suites import ALL, ASYNCIO, OWN

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite, Vocabulary

XUNIT = """
import anyio

async def tell(what):
    await anyio.lowlevel.checkpoint()
    event(what)

loops = {}

async def setup_module():
    loops["module"] = here()
    await tell("module up")

async def teardown_module():
    assert here() is loops["module"]
    await tell("module down")

async def setup_function():
    loops["function"] = here()
    await tell("function up")

async def teardown_function():
    await tell("function down")

@async_test
async def test_function():
    assert here() is loops["function"] is loops["module"]
    await tell("function")

class TestInAClass:
    @classmethod
    async def setup_class(cls):
        cls.loop = here()
        await tell("class up")

    @classmethod
    async def teardown_class(cls):
        assert here() is cls.loop
        await tell("class down")

    async def setup_method(self):
        assert here() is self.loop
        self.connection = here()
        await tell("method up")

    async def teardown_method(self):
        assert here() is self.connection
        await tell("method down")

    @async_test
    async def test_method(self):
        assert here() is self.connection is self.loop
        await tell("method")
"""


@scenario(15, (OWN[0], OWN[1], ASYNCIO[1]))
def test_async_xunit_methods_are_awaited_on_the_loop_of_the_tests(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, XUNIT)
    ran = suite.ran(*vocabulary.arguments)
    ran.all_passed("test_function", "TestInAClass::test_method")
    inner = ["method up", "method", "method down"]
    assert suite.events == [
        *("module up", "function up", "function", "function down"),
        *("class up", *inner, "class down"),
        "module down",
    ]


HOOKS = {
    "pytest_runtest_setup": "item",
    "pytest_configure": "config",
    "pytest_collection_modifyitems": "session, config, items",
    "pytest_sessionfinish": "session",
}


@scenario(16, (OWN[0], *ASYNCIO))
@pytest.mark.parametrize("hook", HOOKS)
def test_an_async_hook_is_refused_by_its_name_and_line(
    suite: Suite, vocabulary: Vocabulary, hook: str
) -> None:
    conftest = f"import asyncio\n\n\nasync def {hook}({HOOKS[hook]}):\n    await asyncio.sleep(0)\n"
    suite.write({"conftest.py": conftest})
    suite.module(vocabulary, "@async_test\nasync def test_it():\n    event('ran')\n")
    ran = suite.ran(*vocabulary.arguments, apart=True)
    assert ran.code == pytest.ExitCode.USAGE_ERROR, ran.out
    assert suite.events == []
    assert f"LS406 {hook}" in ran.out or re.search(rf"LS406 .*\b{hook}\b", ran.out), ran.out
    assert "conftest.py:4" in ran.out
    assert "never awaited" not in ran.out


CASE = """
import unittest

{module}

class Case(unittest.IsolatedAsyncioTestCase):
    {inside}

    async def test_case(self):
        event("ran")

@async_test
async def test_ours():
    event("ours")
"""
OF_THE_MODULE = """
@fixture(autouse=True)
async def prepared():
    yield
"""
OF_THE_CLASS = """
    @fixture(autouse=True)
    async def prepared(self):
        yield
"""


@scenario(17, (OWN[0], *ASYNCIO))
@pytest.mark.parametrize("where", ["module", "inside"])
def test_an_async_autouse_fixture_of_a_unittest_case_is_told_of(
    suite: Suite, vocabulary: Vocabulary, where: str
) -> None:
    fixtures = {"module": "", "inside": ""}
    fixtures[where] = {"module": OF_THE_MODULE, "inside": OF_THE_CLASS}[where]
    suite.module(vocabulary, CASE.format(**fixtures))
    ran = suite.ran(*vocabulary.arguments, apart=True)
    lines = (suite.root / "test_it.py").read_text(encoding="utf-8").splitlines()
    line = next(number for number, line in enumerate(lines, 1) if "@fixture(autouse" in line)
    assert "LS202" in ran.out, ran.out
    assert "prepared" in ran.out
    assert f"test_it.py:{line}" in ran.out
    assert "Case" in ran.out
    assert ran.outcomes["test_ours"] == "passed", ran.out
    assert "never awaited" not in ran.out


GIVEN = """
import anyio
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

few = settings(max_examples=3, database=None, derandomize=True, phases=[Phase.generate])

@fixture(scope="session")
async def pool():
    event("pool up")
    yield here()
    event("pool down")

@fixture(scope="module")
async def schema(pool):
    event("schema up")
    yield pool
    event("schema down")

@fixture
async def row(schema):
    assert here() is schema
    event("row up")
    await anyio.lowlevel.checkpoint()
    yield []
    assert here() is schema
    event("row down")

{mark}
@async_test
@few
@given(number=st.integers())
async def test_it(row, pool, number):
    assert here() is pool
    # A row of its own: no other example has been here.
    assert row == []
    row.append(number)
    await anyio.lowlevel.checkpoint()
    event("example")
"""
FRESH = "@pytest.mark.loopscope(fresh_fixtures=True)"
ON_ONE_LOOP = [vocabulary for vocabulary in ALL if not vocabulary.name.startswith("trio")]


@scenario(20, ON_ONE_LOOP)
def test_function_scoped_fixtures_are_made_afresh_for_each_example_when_asked_for(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, GIVEN.format(mark=FRESH))
    ran = suite.ran(*vocabulary.arguments, beside=["hypothesispytest"])
    ran.all_passed("test_it")
    assert suite.events == [
        *("pool up", "schema up"),
        *["row up", "example", "row down"] * 3,
        *("schema down", "pool down"),
    ]


@scenario(20, ON_ONE_LOOP)
def test_without_being_asked_for_fixtures_are_shared_and_hypothesis_says_so(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, GIVEN.format(mark=""))
    ran = suite.ran(*vocabulary.arguments, beside=["hypothesispytest"])
    assert ran.outcomes == {"test_it": "failed"}, ran.out
    assert "FailedHealthCheck" in ran.texts["test_it"]
    assert "example" not in suite.events
