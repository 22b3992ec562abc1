"""Time limits: who sets them, what they cover, and what comes after them."""

from __future__ import annotations

import re
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import QUIET

if TYPE_CHECKING:
    from collections.abc import Callable

    RunSuite = Callable[..., pytest.RunResult]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signal to be interrupted by")

ALONE = "-pno:timeout"

PRELUDE = """
import asyncio, sys, time
import pytest
from pathlib import Path

def event(text):
    with (Path(__file__).parent / "events.txt").open("a") as file:
        file.write(f"{text}\\n")

async def sleep(seconds):
    if BACKEND == "trio":
        import trio
        await trio.sleep(seconds)
    else:
        await asyncio.sleep(seconds)

@pytest.fixture(scope="session")
async def session():
    yield "session"
    await sleep(0)
    event("session down")

@pytest.fixture
async def outer(session):
    yield
    await sleep(0)
    event("outer down")
"""


class Timed:
    """A suite with time limits, and what it tells."""

    def __init__(self, pytester: pytest.Pytester, run: RunSuite, backend: str) -> None:
        self.pytester = pytester
        self.backend = backend
        self.library = "trio" if backend == "trio" else "asyncio"
        self._run = run

    def write(self, source: str) -> None:
        self.pytester.makepyfile(test_it=f"BACKEND = {self.backend!r}\n{PRELUDE}\n{source}")

    def run(self, source: str, *options: str) -> pytest.RunResult:
        return self._run(
            f"BACKEND = {self.backend!r}\n{PRELUDE}\n{source}", *options, backend=self.backend
        )

    def run_apart(self, source: str, *options: str) -> pytest.RunResult:
        """Run in a process of its own."""
        self.write(source)
        arguments = [*QUIET, "-Werror", f"--loopscope-backends={self.backend}", *options]
        return self.pytester.runpytest_subprocess(*arguments, timeout=60)

    @property
    def events(self) -> list[str]:
        file = self.pytester.path / "events.txt"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


@pytest.fixture
def timed(pytester: pytest.Pytester, run: RunSuite, backend: str) -> Timed:
    return Timed(pytester, run, backend)


@pytest.fixture
def timed_once(pytester: pytest.Pytester, run: RunSuite) -> Timed:
    """For what does not depend on the backend."""
    return Timed(pytester, run, "asyncio")


HANGS = """
MARK
async def test_hangs(outer):
    try:
        await sleep(3600)
    finally:
        event("cancelled")

async def test_next(outer):
    await sleep(0.01)
    event("next")
"""
ENDED = ["cancelled", "outer down", "next", "outer down", "session down"]


def by(result: pytest.RunResult) -> list[str]:
    """Return by whom the limits were set that were exceeded, and how long they were."""
    found = (re.match(r"E +Failed: Timeout \(>(.*)", line) for line in result.outlines)
    return [match[1] for match in found if match]


OURS, THEIRS = "0.3s) from loopscope.", "0.3s) from pytest-timeout."


@pytest.mark.parametrize(
    ("options", "ini"),
    [(["--loopscope-timeout=0.3"], ""), ([], "loopscope_timeout = 0.3")],
    ids=["command line", "ini"],
)
@pytest.mark.parametrize("other", ["", ALONE], ids=["with pytest-timeout", "alone"])
def test_a_limit_for_all_async_tests_is_an_option(
    timed: Timed, options: list[str], ini: str, other: str
) -> None:
    timed.pytester.makeini(f"[pytest]\n{ini}")
    result = timed.run(HANGS.replace("MARK", ""), *options, *([other] if other else []))
    result.assert_outcomes(failed=1, passed=1)
    assert by(result) == [OURS]
    assert timed.events == ENDED


@pytest.mark.parametrize("other", ["", ALONE], ids=["with pytest-timeout", "alone"])
def test_our_mark_sets_a_limit(timed: Timed, other: str) -> None:
    mark = "@pytest.mark.loopscope(timeout=0.3)"
    result = timed.run(HANGS.replace("MARK", mark), *([other] if other else []))
    result.assert_outcomes(failed=1, passed=1)
    assert by(result) == [OURS]
    assert timed.events == ENDED


@pytest.mark.parametrize(
    ("mark", "options"),
    [
        ("@pytest.mark.timeout(0.3)", []),
        ("@pytest.mark.timeout(0.3, func_only=True)", []),
        ("", ["--timeout=0.3"]),
        ("", ["-otimeout=0.3"]),
        ("", ["-otimeout=0.3", "-otimeout_func_only=true"]),
    ],
    ids=["mark", "mark, func_only", "command line", "ini", "ini, func_only"],
)
def test_the_words_of_pytest_timeout_drive_our_timer(
    timed: Timed, mark: str, options: list[str]
) -> None:
    pytest.importorskip("pytest_timeout")
    result = timed.run(HANGS.replace("MARK", mark), *options)
    result.assert_outcomes(failed=1, passed=1)
    assert by(result) == [THEIRS]
    assert timed.events == ENDED


@pytest.mark.parametrize(
    ("marks", "options", "expected"),
    [
        (["loopscope(timeout=0.3)"], ["--loopscope-timeout=60"], [OURS]),
        (["loopscope(timeout=0.3)"], ["--timeout=60"], [OURS]),
        (["loopscope(timeout=0.3)", "timeout(60)"], [], [OURS]),
        (["loopscope(timeout=60)", "timeout(0.3)"], ["--timeout=0.3"], []),
        (["timeout(0.3)"], ["--loopscope-timeout=60"], [THEIRS]),
        (["timeout(60)"], ["--loopscope-timeout=0.3"], []),
        ([], ["--loopscope-timeout=0.3", "--timeout=60"], [OURS]),
        ([], ["--loopscope-timeout=60", "--timeout=0.3"], []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_the_nearest_word_of_ours_wins_and_then_the_nearest_of_pytest_timeout(
    timed_once: Timed, marks: list[str], options: list[str], expected: list[str]
) -> None:
    pytest.importorskip("pytest_timeout")
    source = "\n".join(f"@pytest.mark.{mark}" for mark in marks)
    source += "\nasync def test_it(outer):\n    await sleep(0.8)"
    result = timed_once.run(source, *options)
    assert by(result) == expected
    result.assert_outcomes(failed=len(expected), passed=1 - len(expected))


@pytest.mark.parametrize(
    ("mark", "options"),
    [
        ("@pytest.mark.loopscope(timeout=0)", ["--timeout=0.3"]),
        ("@pytest.mark.loopscope(timeout=0)", ["--loopscope-timeout=0.3"]),
        ("@pytest.mark.timeout(0)", ["--loopscope-timeout=0.3"]),
        ("", ["--loopscope-timeout=0", "--timeout=0.3"]),
    ],
)
def test_nought_is_no_limit(timed_once: Timed, mark: str, options: list[str]) -> None:
    pytest.importorskip("pytest_timeout")
    result = timed_once.run(f"{mark}\nasync def test_it():\n    await sleep(0.8)", *options)
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("name", ["timeout", "blocked"])
@pytest.mark.parametrize("value", ["soon", "-1", "1 2", "nan", "inf"])
def test_what_is_no_number_of_seconds_is_a_usage_error(
    timed_once: Timed, name: str, value: str
) -> None:
    result = timed_once.run("", f"--loopscope-{name}={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: loopscope_{name} is a number of seconds, 0 for no limit, not '{value}'"]
    )


@pytest.mark.parametrize("words", ["", "@pytest.mark.asyncio"], ids=["ours", "others'"])
def test_a_mark_that_is_no_number_of_seconds_fails_its_test(timed_once: Timed, words: str) -> None:
    source = f'@pytest.mark.loopscope(timeout="1")\n{words}\nasync def test_it(): ...'
    timed_once.write(source)
    options = [one for one in QUIET if one != "-pno:asyncio"]
    result = timed_once.pytester.runpytest_inprocess(*options)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*timeout is a number of seconds, 0 for no limit, not '1'*"])


def test_a_mark_that_sets_a_limit_alone_leaves_a_test_to_its_owner(timed_once: Timed) -> None:
    pytest.importorskip("pytest_asyncio")
    source = "@pytest.mark.loopscope(timeout=60)\n@pytest.mark.asyncio\nasync def test_it(): ..."
    timed_once.write(source)
    options = [one for one in QUIET if one != "-pno:asyncio"]
    result = timed_once.pytester.runpytest_inprocess(*options, "--setup-show")
    result.stdout.fnmatch_lines(["*OWNER*pytest-asyncio*"])
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("engine", ["on", "observe", "off"])
def test_what_is_not_ours_is_left_to_pytest_timeout(timed_once: Timed, engine: str) -> None:
    pytest.importorskip("pytest_timeout")
    source = """
@pytest.mark.timeout(0.3)
def test_it():
    time.sleep(3600)
"""
    result = timed_once.run_apart(source, f"--loopscope-engine={engine}")
    result.assert_outcomes(failed=1)
    assert "LS32" not in result.stdout.str()
    assert by(result) == [THEIRS]


def test_the_failure_says_where_it_stood_and_what_it_waited_for(timed: Timed) -> None:
    result = timed.run("""
async def inner():
    await sleep(3600)

@pytest.mark.loopscope(timeout=0.3)
async def test_hangs(outer):
    await inner()
""")
    shown = [">       await inner()", "test_it.py:*: in inner", "    await sleep(3600)"]
    result.stdout.fnmatch_lines([*shown, f">           await {timed.library}.sleep(seconds)"])
    result.stdout.fnmatch_lines(
        [
            "*LS321 test_hangs timed out after 0.3 s, in its call",
            "*  test_it.py:* test_hangs",
            "*  test_it.py:* sleep * stood here",
            "*  fix   see what it waited for; if it was only slow, raise "
            "@pytest.mark.loopscope(timeout=0.3)",
            "*task tree",
            f"*  test_hangs waits for {timed.library}: sleep",
            "*    test_it.py:*  test_hangs",
            "*    test_it.py:*  inner",
            "*    test_it.py:*  sleep",
        ]
    )
    assert not [line for line in result.outlines if "src/loopscope" in line]


def test_what_the_test_does_on_its_way_out_does_not_hide_where_it_stood(timed: Timed) -> None:
    result = timed.run("""
@pytest.mark.loopscope(timeout=0.3)
async def test_hangs():
    try:
        await sleep(3600)
    finally:
        raise RuntimeError("on the way out")
""")
    result.assert_outcomes(failed=1)
    assert by(result) == [OURS]
    result.stdout.fnmatch_lines([">           await sleep(3600)"])


def test_a_setup_that_hangs_names_its_fixture(timed: Timed) -> None:
    result = timed.run("""
@pytest.fixture
async def slow(outer):
    try:
        await sleep(3600)
        yield
    finally:
        event("cancelled")

@pytest.mark.loopscope(timeout=0.3)
async def test_hangs(slow):
    event("never")

async def test_next(outer):
    event("next")
""")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*LS321 test_hangs timed out after 0.3 s, in the setup of fixture slow",
            "*  test_it.py:*  slow*",
        ]
    )
    assert timed.events == ENDED


def test_a_setup_without_a_yield_names_its_fixture(timed: Timed) -> None:
    result = timed.run("""
@pytest.fixture
async def slow(outer):
    await sleep(3600)

@pytest.mark.loopscope(timeout=0.3)
async def test_hangs(slow):
    event("never")
""")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*LS321*, in the setup of fixture slow"])
    assert timed.events == ["outer down", "session down"]


def test_a_teardown_that_hangs_names_its_fixture_and_the_others_are_torn_down(timed: Timed) -> None:
    result = timed.run("""
@pytest.fixture
async def slow(outer):
    yield
    try:
        await sleep(3600)
    finally:
        event("cancelled")

@pytest.mark.loopscope(timeout=0.3)
async def test_hangs(slow): ...

async def test_next(outer):
    event("next")
""")
    result.assert_outcomes(errors=1, passed=2)
    result.stdout.fnmatch_lines(["*LS321*, in the teardown of fixture slow"])
    assert timed.events == ENDED


def test_after_a_limit_each_thing_that_hangs_has_its_own_time(timed: Timed) -> None:
    result = timed.run("""
def hanging(name):
    @pytest.fixture(name=name)
    async def fixture(outer):
        yield
        try:
            await sleep(3600)
        finally:
            event(name)
    return fixture

first, second = hanging("first"), hanging("second")

@pytest.mark.loopscope(timeout=0.3)
async def test_hangs(first, second):
    await sleep(3600)

async def test_next(outer):
    event("next")
""")
    assert timed.events == ["second", "first", "outer down", "next", "outer down", "session down"]
    assert by(result)[:1] == [OURS]
    for part in ("its call", "the teardown of fixture second", "the teardown of fixture first"):
        result.stdout.fnmatch_lines([f"*LS321 test_hangs timed out after 0.3 s, in {part}"])


@pytest.mark.parametrize("what", ["fixture", "test"])
def test_synchronous_code_of_ours_is_interrupted(timed: Timed, what: str) -> None:
    result = timed.run(f"""
@pytest.fixture
def beside(outer):
    {"time.sleep(3600)" if what == "fixture" else ""}
    yield
    event("beside down")

@pytest.mark.loopscope(timeout=0.3)
def test_hangs(beside):
    time.sleep(3600)

async def test_next(outer):
    event("next")
""")
    result.assert_outcomes(passed=1, **{"errors" if what == "fixture" else "failed": 1})
    part = "the setup of fixture beside" if what == "fixture" else "its call"
    result.stdout.fnmatch_lines(
        [
            f"*LS321 test_hangs timed out after 0.3 s, in {part}",
            "*why   synchronous code cannot be cancelled: it was interrupted",
        ]
    )
    downs = ["outer down"] if what == "fixture" else ["beside down", "outer down"]
    assert timed.events == [*downs, "next", "outer down", "session down"]


@pytest.mark.parametrize(
    "how", ["time.sleep(3600)", "while True: pass", "__import__('threading').Event().wait()"]
)
def test_what_blocks_the_loop_is_interrupted_there(timed: Timed, how: str) -> None:
    result = timed.run(f"""
def blocks():
    {how}

@pytest.mark.loopscope(timeout=0.3)
async def test_hangs(outer):
    try:
        blocks()
    finally:
        event("cancelled")

async def test_next(outer):
    await sleep(0.01)
    event("next")
""")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*LS322 test_hangs blocked the loop, and was interrupted where it did",
            "*  test_it.py:*  blocks  blocked here",
        ]
    )
    assert timed.events == ENDED


def test_what_blocks_in_another_task_is_interrupted_there(timed: Timed) -> None:
    if timed.backend != "trio" and sys.version_info < (3, 11):
        pytest.skip("asyncio's own task groups came in 3.11")
    result = timed.run("""
async def blocks():
    time.sleep(3600)

@pytest.mark.loopscope(timeout=0.3)
async def test_hangs(outer):
    try:
        if BACKEND == "trio":
            import trio
            async with trio.open_nursery() as nursery:
                nursery.start_soon(blocks)
        else:
            async with asyncio.TaskGroup() as group:
                group.create_task(blocks())
    finally:
        event("cancelled")

async def test_next(outer):
    await sleep(0.01)
    event("next")
""")
    result.assert_outcomes(failed=1, passed=1)
    assert by(result) == [OURS]
    result.stdout.fnmatch_lines(["*  test_it.py:*  blocks  blocked here"])
    assert timed.events == ENDED


def test_what_blocks_in_a_callback_is_interrupted_there(timed: Timed) -> None:
    if timed.backend == "trio":
        pytest.skip("trio has no callbacks")
    result = timed.run("""
def blocks():
    time.sleep(3600)

@pytest.mark.loopscope(timeout=0.3)
async def test_hangs(outer):
    asyncio.get_running_loop().call_soon(blocks)
    try:
        await sleep(3600)
    finally:
        event("cancelled")

async def test_next(outer):
    await sleep(0.01)
    event("next")
""")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*  test_it.py:*  blocks  blocked here"])
    assert timed.events == ENDED


def test_what_cleans_up_by_blocking_is_interrupted_as_well(timed: Timed) -> None:
    result = timed.run("""
@pytest.mark.loopscope(timeout=0.3)
async def test_hangs(outer):
    try:
        await sleep(3600)
    finally:
        try:
            time.sleep(3600)
        finally:
            event("cancelled")

async def test_next(outer):
    event("next")
""")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*LS322*"])
    assert timed.events == ENDED


def test_what_cleans_up_in_time_may_await(timed: Timed) -> None:
    source = """
@pytest.mark.loopscope(timeout=1)
async def test_hangs(outer):
    try:
        await sleep(3600)
    finally:
        if BACKEND == "trio":
            import trio
            with trio.CancelScope(shield=True):
                await trio.sleep(0.3)
        else:
            await asyncio.sleep(0.3)
        event("cancelled")

async def test_next(outer):
    event("next")
"""
    result = timed.run(source)
    result.assert_outcomes(failed=1, passed=1)
    assert "LS324" not in result.stdout.str()
    assert timed.events == ENDED


def test_what_swallows_the_cancellation_fails_all_the_same(timed: Timed) -> None:
    result = timed.run("""
@pytest.mark.loopscope(timeout=0.3)
async def test_hangs(outer):
    try:
        await sleep(3600)
    except BaseException:
        event("cancelled")

async def test_next(outer):
    event("next")
""")
    result.assert_outcomes(failed=1, passed=1)
    assert by(result) == [OURS]
    assert timed.events == ENDED


def test_synchronous_code_that_swallows_the_interrupt_fails_all_the_same(
    timed_once: Timed,
) -> None:
    result = timed_once.run("""
@pytest.mark.loopscope(timeout=0.3)
def test_hangs(outer):
    try:
        time.sleep(3600)
    except BaseException:
        event("interrupted")
""")
    result.assert_outcomes(failed=1)
    assert by(result) == [OURS]


def test_the_handler_and_the_timer_that_were_there_are_there_again(timed_once: Timed) -> None:
    def ours(*args: object) -> None: ...

    before = signal.signal(signal.SIGALRM, ours)
    timer = signal.setitimer(signal.ITIMER_REAL, 1000.0)
    try:
        result = timed_once.run(HANGS.replace("MARK", "@pytest.mark.loopscope(timeout=0.3)"))
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert signal.getsignal(signal.SIGALRM) is ours
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)
    result.assert_outcomes(failed=1, passed=1)
    assert 900 < left < 1000


def test_each_rerun_has_its_own_time(timed: Timed) -> None:
    pytest.importorskip("pytest_rerunfailures")
    pytest.importorskip("pytest_timeout")
    result = timed.run_apart(
        """
tries = []

@pytest.mark.timeout(1)
async def test_hangs(outer):
    tries.append(1)
    if len(tries) < 3:
        await sleep(3600)
""",
        "--reruns=2",
    )
    result.stdout.fnmatch_lines(["*1 passed, 2 rerun*"])
    assert timed.events == ["outer down"] * 3 + ["session down"]


def test_a_failure_by_a_limit_stops_a_run_that_is_to_stop_at_the_first(timed_once: Timed) -> None:
    mark = "@pytest.mark.loopscope(timeout=0.3)"
    result = timed_once.run(HANGS.replace("MARK", mark), "-x", "--junitxml=junit.xml")
    result.assert_outcomes(failed=1)
    assert timed_once.events == ["cancelled", "outer down", "session down"]
    junit = (timed_once.pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert 'message="Failed: Timeout (&gt;0.3s) from loopscope.' in junit


def test_it_works_in_a_worker_of_xdist(timed: Timed) -> None:
    pytest.importorskip("xdist")
    mark = "@pytest.mark.loopscope(timeout=0.3)"
    result = timed.run_apart(HANGS.replace("MARK", mark), "-n1")
    result.assert_outcomes(failed=1, passed=1)
    assert timed.events == ENDED


def test_the_examples_of_hypothesis_share_a_limit_and_none_is_run_after_it(timed: Timed) -> None:
    pytest.importorskip("hypothesis")
    result = timed.run("""
from hypothesis import given, settings, strategies as st

@pytest.mark.loopscope(timeout=0.5)
@settings(deadline=None, database=None)
@given(st.integers())
async def test_hangs(session, number):
    event("example")
    if number > 100:
        await sleep(3600)

async def test_next(outer):
    event("next")
""")
    result.assert_outcomes(failed=1, passed=1)
    assert by(result) == ["0.5s) from loopscope."]
    assert set(timed.events) == {"example", "next", "outer down", "session down"}


@pytest.mark.parametrize(
    ("options", "outcome"),
    [((), "passed"), (("--timeout-disable-debugger-detection",), "failed")],
    ids=["left alone", "told not to mind"],
)
def test_a_debugger_is_left_alone(timed: Timed, options: tuple[str, ...], outcome: str) -> None:
    pytest.importorskip("pytest_timeout")
    source = """
import bdb

@pytest.mark.timeout(0.3)
async def test_it():
    debugger = bdb.Bdb()
    debugger.reset()
    sys.settrace(debugger.trace_dispatch)
    try:
        await sleep(1)
    finally:
        sys.settrace(None)
"""
    result = timed.run_apart(source, *options)
    result.assert_outcomes(**{outcome: 1})


@pytest.mark.parametrize("other", ["", ALONE], ids=["with pytest-timeout", "alone"])
def test_after_pdb_was_entered_time_does_not_count(timed: Timed, other: str) -> None:
    source = """
@pytest.mark.loopscope(timeout=0.5)
async def test_it():
    breakpoint()
    await sleep(1)
"""
    timed.write(source)
    arguments = [*QUIET, f"--loopscope-backends={timed.backend}", *([other] if other else [])]
    command = [sys.executable, "-m", "pytest", *arguments]
    result = timed.pytester.run(
        *command, stdin=b"import time; time.sleep(1)\ncontinue\n", timeout=60
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("other", ["timeout", ""], ids=["pytest-timeout's", "our own"])
def test_a_thread_cancels_as_well(timed: Timed, other: str) -> None:
    mark = "@pytest.mark.timeout(0.5, method='thread')"
    conftest = ""
    options: list[str] = []
    if not other:
        mark = "@pytest.mark.loopscope(timeout=0.5)"
        # As if the platform had none.
        conftest = "import loopscope.plugin.timeouts as one\none.HAS_SIGNALS = False"
        options = [ALONE]
    else:
        pytest.importorskip("pytest_timeout")
    timed.pytester.makeconftest(conftest)
    result = timed.run_apart(HANGS.replace("MARK", mark), *options)
    result.assert_outcomes(failed=1, passed=1)
    assert timed.events == ENDED
    result.stdout.fnmatch_lines(
        ["*LS321 test_hangs timed out after 0.5 s, in its call", "*stood here", "*task tree"]
    )


@pytest.mark.parametrize("other", ["timeout", ""], ids=["pytest-timeout's", "our own"])
def test_a_thread_can_but_end_the_process_of_what_blocks(timed: Timed, other: str) -> None:
    mark = "@pytest.mark.timeout(0.5, method='thread')"
    options: list[str] = []
    if not other:
        mark = "@pytest.mark.loopscope(timeout=0.5)"
        timed.pytester.makeconftest(
            "import loopscope.plugin.timeouts as one\none.HAS_SIGNALS = False"
        )
        options = [ALONE]
    else:
        pytest.importorskip("pytest_timeout")
    result = timed.run_apart(
        f"""
{mark}
async def test_blocks(outer):
    time.sleep(3600)
""",
        *options,
    )
    assert result.ret == 1
    output = result.stdout.str() + result.stderr.str()
    assert "Timeout" in output
    assert "in test_blocks" in output


def test_a_thread_gives_up_what_refuses_to_end(timed: Timed) -> None:
    pytest.importorskip("pytest_timeout")
    result = timed.run_apart("""
@pytest.mark.timeout(0.5, method="thread")
async def test_refuses(outer):
    while True:
        try:
            await sleep(3600)
        except BaseException:
            pass

async def test_next(outer):
    await sleep(0.01)
    event("next")
""")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*LS324*"])
    assert timed.events == ["outer down", "next", "outer down", "session down"]
