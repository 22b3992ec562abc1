"""Rows 14 and 22: suites without async tests, and what planning costs in large ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.scenarios.rows import scenario
from tests.vocabularies.suites import ASYNCIO, OWN

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite, Vocabulary

PLAIN = """
import unittest
import pytest

@pytest.fixture(scope="session")
def session():
    yield 1

@pytest.mark.parametrize("number", [1, 2])
def test_plain(session, number):
    assert session <= number

class TestInAClass:
    def setup_method(self):
        self.set_up = True

    def test_method(self):
        assert self.set_up

class Case(unittest.TestCase):
    def test_case(self):
        pass
"""
ALL_WARNINGS = "[pytest]\nfilterwarnings = error\n"


@scenario(14, (OWN[0], *ASYNCIO))
def test_a_suite_without_async_tests_hears_nothing_of_us_and_no_warning(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    # With all plugins that are installed, and as a user would run it: in a process of its own.
    suite.write({"test_it.py": PLAIN, "pytest.ini": ALL_WARNINGS})
    mode = [one for one in vocabulary.arguments if one.startswith("--asyncio-mode")]
    arguments = ("-pno:randomly", "-pno:cacheprovider", *mode)
    with_us = suite.pytester.runpytest_subprocess(*arguments, timeout=60)
    assert with_us.ret == 0, with_us.outlines
    with_us.assert_outcomes(passed=4)
    assert not with_us.errlines
    # The yardstick: nobody who executes async tests is there at all.
    without = [f"-pno:{name}" for name in ("loopscope", "asyncio", "anyio", "trio")]
    alone = suite.pytester.runpytest_subprocess(*arguments[:2], *without, timeout=60)
    assert after_the_header(with_us.outlines) == after_the_header(alone.outlines)


def after_the_header(lines: list[str]) -> list[str]:
    """Return what a run printed from "collected" on, without how long it took."""
    start = next(index for index, line in enumerate(lines) if line.startswith("collected "))
    return [*lines[start:-1], lines[-1].partition(" in ")[0]]


# Loaded with `-p`: counts the calls, of Python and of C, that collection takes, and those of them
# that planning does. Calls, so that the answer is the same on any machine.
COUNTER = """
import cProfile, json
from pathlib import Path
import pytest
import loopscope.plugin.foresight  # once a process, and no matter of how large the suite is
from loopscope.plugin import entry

FILE = Path(__file__).with_name("calls.json")
beside, planning = cProfile.Profile(), cProfile.Profile()
make_plan = entry.make_plan

def counted(*args):
    beside.disable()
    planning.enable()
    try:
        return make_plan(*args)
    finally:
        planning.disable()
        beside.enable()

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection():
    entry.make_plan = counted
    beside.enable()
    try:
        return (yield)
    finally:
        beside.disable()
        entry.make_plan = make_plan
        counts = [sum(one.callcount for one in by.getstats()) for by in (beside, planning)]
        FILE.write_text(json.dumps(counts))
"""

FIXTURES = """
@fixture(scope="session")
async def pool():
    yield

@fixture(scope="module")
async def schema(pool):
    yield

@fixture
async def row(schema):
    yield
"""
TESTS = """
@async_test
async def test_{0}_uses_the_pool(pool): ...

@async_test
async def test_{0}_uses_a_row(row, schema): ...

@async_test
async def test_{0}_uses_nothing(): ...

def test_{0}_is_not_async(): ...
"""
IN_A_MODULE = 100
# Without rewriting assertions, which pytest does once for a file and then remembers.
COLLECTING = ("-pcounter", "--collect-only", "-qq", "--assert=plain")


def calls(suite: Suite, vocabulary: Vocabulary, tests: int) -> tuple[int, int]:
    """Return how many calls collecting `tests` tests takes beside planning, and for planning."""
    suite.write({"counter.py": COUNTER, "conftest.py": vocabulary.prelude + FIXTURES})
    body = "from conftest import *\n" + "".join(map(TESTS.format, range(IN_A_MODULE // 4)))
    for number in range(tests // IN_A_MODULE):
        suite.write({f"test_{number}.py": body})
    ran = suite.ran(*vocabulary.arguments, *COLLECTING, apart=True)
    assert ran.code == 0, ran.out
    modules = [line for line in ran.lines if line.endswith(f".py: {IN_A_MODULE}")]
    assert len(modules) * IN_A_MODULE == tests
    beside, planning = json.loads((suite.root / "calls.json").read_text(encoding="utf-8"))
    return beside, planning


@scenario(22, (OWN[0], ASYNCIO[1]))
def test_twice_as_many_tests_take_twice_as_many_calls_to_plan(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    counts = {tests: calls(suite, vocabulary, tests)[1] for tests in (1000, 2000, 4000)}
    # What is done once, whatever the suite, makes it a little less.
    assert 1.9 < counts[2000] / counts[1000] < 2.02
    assert 1.9 < counts[4000] / counts[2000] < 2.02


@scenario(22, (OWN[0], ASYNCIO[1]))
def test_planning_is_a_small_part_of_collection(suite: Suite, vocabulary: Vocabulary) -> None:
    beside, planning = calls(suite, vocabulary, 1000)
    share = planning / (beside + planning)
    print(f"planning is {share:.1%} of the calls of collection")
    assert share < 0.05
