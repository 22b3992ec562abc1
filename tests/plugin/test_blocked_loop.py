"""A call that keeps a loop from turning for too long is reported, and nothing else is."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    RunSuite = Callable[..., pytest.RunResult]

PRELUDE = """
import asyncio, time
import pytest

async def sleep(seconds):
    if BACKEND == "trio":
        import trio
        await trio.sleep(seconds)
    else:
        await asyncio.sleep(seconds)

def blocks(seconds=1.0):
    time.sleep(seconds)
"""
LIMIT = "--loopscope-blocked=0.2"
SHOWN = "-Wdefault::loopscope.errors.BlockedLoopWarning"


@pytest.fixture
def suite(run: RunSuite, backend: str, no_blockbuster: None) -> RunSuite:
    def run_suite(source: str, *options: str) -> pytest.RunResult:
        return run(f"BACKEND = {backend!r}\n{PRELUDE}\n{source}", *options, backend=backend)

    return run_suite


@pytest.fixture
def no_blockbuster(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would not let a call block in the first place."""
    monkeypatch.setattr("loopscope.plugin.blocked.BLOCKBUSTER", "no_such_module")


BLOCKS = """
async def test_blocks():
    await sleep(0)
    blocks()

async def test_next():
    await sleep(0)
"""


@pytest.mark.parametrize("how", ["command line", "ini"])
def test_it_is_a_warning_that_names_the_test_and_the_call(
    suite: RunSuite, pytester: pytest.Pytester, how: str
) -> None:
    pytester.makeini(f"[pytest]\nloopscope_blocked = {0.2 if how == 'ini' else ''}")
    result = suite(BLOCKS, SHOWN, *([LIMIT] if how != "ini" else []))
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "test_it.py::test_blocks",
            "*test_it.py:*: BlockedLoopWarning: LS323 test_blocks blocked the loop for * s "
            "(loopscope_blocked = 0.2)",
            "*test_it.py:*  test_blocks",
            "*test_it.py:*  blocks       blocked here",
        ]
    )


def test_it_fails_the_test_where_warnings_are_errors(suite: RunSuite) -> None:
    result = suite(BLOCKS, LIMIT)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_blocks - *LS323*"])


def test_a_mark_can_filter_it(suite: RunSuite) -> None:
    mark = '@pytest.mark.filterwarnings("ignore::loopscope.errors.BlockedLoopWarning")'
    result = suite(BLOCKS.replace("async def test_blocks", f"{mark}\nasync def test_blocks"), LIMIT)
    result.assert_outcomes(passed=2)


def test_a_failure_of_the_test_is_not_hidden_by_it(suite: RunSuite) -> None:
    result = suite(BLOCKS.replace("blocks()\n", "blocks()\n    assert False\n", 1), LIMIT)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["E*assert False", "E*LS323 test_blocks blocked the loop*"])


def test_it_is_reported_once_for_each_occurrence(suite: RunSuite) -> None:
    twice = "    blocks()\n    await sleep(0.2)\n    blocks()\n"
    result = suite(BLOCKS.replace("    blocks()\n", twice), SHOWN, LIMIT)
    result.assert_outcomes(passed=2, warnings=2)


@pytest.mark.parametrize("where", ["setup", "teardown"])
def test_a_fixture_that_blocks_is_reported_with_the_test_it_was_for(
    suite: RunSuite, where: str
) -> None:
    source = f"""
@pytest.fixture
async def slow():
    {"blocks()" if where == "setup" else ""}
    yield
    {"blocks()" if where == "teardown" else ""}

async def test_it(slow):
    await sleep(0)
"""
    result = suite(source, LIMIT, SHOWN)
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*LS323 test_it blocked the loop*", "*  slow*"])


def test_who_only_waits_blocks_nothing(suite: RunSuite) -> None:
    source = "async def test_it():\n    await sleep(1)"
    suite(source, LIMIT).assert_outcomes(passed=1)


def test_synchronous_code_blocks_nothing(suite: RunSuite) -> None:
    source = """
@pytest.fixture
def before():
    blocks()
    yield
    blocks()

@pytest.fixture(scope="module")
async def wide():
    await sleep(0)
    yield
    await sleep(0)

@pytest.fixture
async def beside(loopscope):
    await loopscope.getfixture("before")

def test_sync(before, wide):
    blocks()

async def test_async(before, wide):
    await sleep(0)

async def test_asking(beside, wide):
    await sleep(0)
"""
    suite(source, LIMIT).assert_outcomes(passed=3)


@pytest.mark.parametrize("options", [(), ("--loopscope-blocked=0",)], ids=["unset", "nought"])
def test_nobody_watches_unless_asked_to(
    suite: RunSuite, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    from loopscope.backends.loop_watch import LoopWatch

    monkeypatch.delattr(LoopWatch, "__init__")
    monkeypatch.delattr(LoopWatch, "begin")
    suite(BLOCKS, *options).assert_outcomes(passed=2)


def test_the_thread_that_watches_ends_with_the_run(suite: RunSuite) -> None:
    suite(BLOCKS, LIMIT, SHOWN)
    assert "loopscope-blocked" not in [thread.name for thread in threading.enumerate()]


def test_blockbuster_refuses_calls_that_block(run: RunSuite) -> None:
    pytest.importorskip("blockbuster")
    source = """
import asyncio, time

def test_sync():
    time.sleep(0)

async def test_blocks():
    time.sleep(0)

async def test_next():
    await asyncio.sleep(0)
"""
    result = run(source, "--loopscope-blocked=60")
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(["*BlockingError: Blocking call to time.sleep"])
    result = run(source)
    result.assert_outcomes(passed=3)


def test_blockbuster_has_nothing_to_say_about_trio(run: RunSuite) -> None:
    pytest.importorskip("blockbuster")
    source = "import time\nasync def test_it():\n    time.sleep(0)"
    result = run(source, "--loopscope-blocked=60", backend="trio")
    result.assert_outcomes(passed=1)
