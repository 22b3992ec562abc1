"""A run that waits for long says what it waits for.

The suites here wait until it was said: for what stands in the file that the run writes to.
"""

from __future__ import annotations

import importlib.util
import os
import re
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner
    from tests.vocabularies.suites import Suite

with_pytest_trio = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("pytest_asyncio", "pytest_trio"))),
    reason="run with all of the plugins that loopscope stands in for",
)

TOLD = """
import time
from pathlib import Path

import anyio

FILE = Path(__file__).with_name("stdout")

def is_told(text):
    return any(line.startswith("... ") and text in line for line in FILE.read_text().splitlines())

async def until_told(text):
    with anyio.fail_after(30):
        while not is_told(text):
            await anyio.sleep(0.01)

def blocked_until_told(text):
    end = time.monotonic() + 30
    while not is_told(text):
        assert time.monotonic() < end
        time.sleep(0.01)
"""
PRELUDE = "import pytest\nfrom told import blocked_until_told, until_told\n"
SOON = "--loopscope-progress=0.05"


def written(inner: Inner, source: str) -> list[str]:
    """Write a suite, and return its lines."""
    text = PRELUDE + dedent(source)
    inner.write({"told.py": TOLD, "test_it.py": text})
    return text.splitlines()


def said(result: pytest.RunResult) -> list[str]:
    """Return what was said, without for how long."""
    return [
        re.sub(r"^\.\.\. [\d.]+ s: ", "", line)
        for line in result.outlines
        if line.startswith("... ")
    ]


SERVER = """
@pytest.fixture(scope="session")
async def server():
    SETUP
    yield
    TEARDOWN

async def test_a(server):
    CALL
"""
WAIT = 'await until_told("{}")'
ON = "on the loop of session [BACKEND]"
PLACES = {
    "SETUP": f"setup of fixture server (session, test_it.py:4), {ON}, for test_a",
    "CALL": f"test_a (test_it.py:10), {ON}",
    "TEARDOWN": f"teardown of fixture server (session, test_it.py:4), {ON}, after test_a",
}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_waited_for_is_told_with_its_place_its_loop_and_how_it_waits(
    inner: Inner, backend: str, place: str
) -> None:
    line = f"{PLACES[place]}, waiting for anyio: sleep at told.py:14".replace("BACKEND", backend)
    source = SERVER.replace(place, WAIT.format(line))
    for other in PLACES:
        source = source.replace(other, "pass")
    written(inner, source)
    result = inner.run_apart(SOON, "-Werror", backend=backend)
    result.assert_outcomes(passed=1)
    assert line in said(result)


BLOCKED = {
    "sync fixture": (
        """
        @pytest.fixture
        def settings():
            blocked_until_told("setup of fixture settings (test_it.py:4), for test_it, at told.py:")

        async def test_it(settings): ...
        """,
        "setup of fixture settings (test_it.py:4), for test_it, at told.py:21",
    ),
    "sync test": (
        """
        @pytest.fixture(scope="module")
        async def db(): ...

        def test_it(db):
            blocked_until_told("[BACKEND], at told.py:")
        """,
        "test_it (test_it.py:7), on the loop of module test_it.py [BACKEND], at told.py:21",
    ),
    "blocked loop": (
        """
        async def test_it():
            blocked_until_told("[BACKEND], blocked at told.py:")
        """,
        "test_it (test_it.py:4), on the loop of function [BACKEND], blocked at told.py:21",
    ),
}


@pytest.mark.parametrize("case", BLOCKED)
def test_synchronous_code_is_told_with_the_line_that_it_is_at(
    inner: Inner, backend: str, case: str
) -> None:
    source, expected = BLOCKED[case]
    written(inner, source.replace("BACKEND", backend))
    result = inner.run_apart(SOON, backend=backend)
    result.assert_outcomes(passed=1)
    # It may be caught in the line before or after.
    told = [re.sub(r"told\.py:\d+", "told.py:21", line) for line in said(result)]
    assert expected.replace("BACKEND", backend) in told


def test_the_examples_of_hypothesis_are_told_of_as_one(inner: Inner, backend: str) -> None:
    pytest.importorskip("hypothesis")
    source = """
        from hypothesis import given, settings, strategies
        from told import is_told

        @settings(deadline=None, max_examples=100_000, database=None)
        @given(strategies.integers())
        async def test_it(number):
            if is_told("examples of test_it"):
                raise KeyboardInterrupt
    """
    written(inner, source)
    result = inner.run_apart(SOON, backend=backend)
    assert any(line.startswith("examples of test_it (test_it.py:") for line in said(result))


@with_pytest_trio
def test_a_test_that_runs_side_by_side_is_told_of(suite: Suite) -> None:
    source = """
        @pytest.mark.trio
        async def test_it():
            await until_told("waiting for anyio: sleep at told.py:14")
    """
    written(suite, source)
    ran = suite.ran(SOON, apart=True)
    ran.all_passed("test_it")
    assert any(line.endswith("waiting for anyio: sleep at told.py:14") for line in ran.lines)


THREE = """
    async def test_a(): ...

    async def test_b():
        await until_told("test_b")
        await until_told("test_b")

    async def test_c(): ...
"""


@pytest.mark.parametrize("option", ["-q", "-v", "--setup-show", "-oconsole_output_style=count"])
@pytest.mark.parametrize("capture", ["fd", "sys"])
def test_pytest_s_own_lines_are_what_they_would_be(inner: Inner, option: str, capture: str) -> None:
    written(inner, THREE)
    options = (option, f"--capture={capture}")
    interrupted = inner.run_apart(*options, SOON).outlines
    inner.write({"told.py": "async def until_told(text): ...\nblocked_until_told = until_told\n"})
    expected = inner.run_apart(*options, "--loopscope-progress=0").outlines
    lines = iter(interrupted)
    # Each interjection ends the line before it, which is written once more behind.
    whole: list[str] = []
    for line in lines:
        if line.startswith("... "):
            again = whole.pop()
            following = next(lines)
            assert following.startswith(again.rstrip())
            whole.append(following)
        else:
            whole.append(line)
    is_fixed = [re.sub(r"in [\d.]+s", "", line) for line in whole]
    assert [line for line in is_fixed if "rootdir" not in line] == [
        line
        for line in (re.sub(r"in [\d.]+s", "", one) for one in expected)
        if "rootdir" not in line
    ]


@pytest.mark.parametrize("capture", ["fd", "sys"])
@pytest.mark.parametrize("fixture", ["capfd", "capsys", "capfdbinary"])
def test_a_test_that_captures_does_not_see_it(inner: Inner, capture: str, fixture: str) -> None:
    source = f"""
        async def test_it({fixture}):
            await until_told("test_it")
            assert not any({fixture}.readouterr())
    """
    written(inner, source)
    inner.run_apart(SOON, f"--capture={capture}").assert_outcomes(passed=1)


@pytest.mark.parametrize("capture", ["fd", "sys"])
def test_it_is_not_part_of_what_a_test_has_printed(inner: Inner, capture: str) -> None:
    source = """
        async def test_it():
            print("printed")
            await until_told("test_it")
            assert False
    """
    written(inner, source)
    result = inner.run_apart(SOON, f"--capture={capture}")
    result.assert_outcomes(failed=1)
    assert said(result)
    result.stdout.fnmatch_lines(
        ["*Captured stdout call*", "printed", "*short test summary*"], consecutive=True
    )


def test_a_worker_of_xdist_has_nobody_to_tell(inner: Inner) -> None:
    pytest.importorskip("xdist")
    source = """
        import sys

        async def test_it(request):
            assert not request.config.pluginmanager.hasplugin("loopscope-progress")
    """
    written(inner, source)
    result = inner.run_apart("-n1", SOON, plugins=["xdist"])
    result.assert_outcomes(passed=1)


WELCOME = {
    (): 10.0,
    ("-q",): 10.0,
    ("-v",): 10.0,
    ("-qq",): None,
    ("-s",): None,
    ("-oloopscope_progress=3",): 3.0,
    ("-s", "-oloopscope_progress=3"): 3.0,
    ("-qq", "--loopscope-progress=3"): 3.0,
    ("-oloopscope_progress=3", "--loopscope-progress=0"): None,
    ("-pno:terminal",): None,
    ("--loopscope-engine=observe",): None,
}


@pytest.mark.parametrize(("options", "seconds"), WELCOME.items(), ids=str)
def test_it_is_on_where_it_is_welcome(
    inner: Inner, options: tuple[str, ...], seconds: float | None
) -> None:
    conftest = """
        from events import event

        def pytest_runtest_setup(item):
            progress = item.config.pluginmanager.get_plugin("loopscope-progress")
            event(f"{progress and progress._waits.first}")
    """
    inner.write({"conftest.py": conftest, "test_it.py": "async def test_it(): ...\n"})
    inner.run(*options)
    assert inner.events == [str(seconds)]


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf"])
def test_anything_but_seconds_is_a_usage_error(inner: Inner, value: str) -> None:
    inner.write({"test_it.py": "async def test_it(): ...\n"})
    result = inner.run(f"--loopscope-progress={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*loopscope_progress is a number of seconds*"])


def test_time_in_a_debugger_does_not_count(inner: Inner) -> None:
    source = """
        async def test_it(request):
            hook, config = request.config.hook, request.config
            progress = config.pluginmanager.get_plugin("loopscope-progress")
            progress._lookout.end()
            for now in (0, 50):
                progress._now = lambda: now
                progress._look()
            hook.pytest_enter_pdb(config=config, pdb=None)
            for now in (200, 300):
                progress._look()
            hook.pytest_leave_pdb(config=config, pdb=None)
            for now in (400, 460):
                progress._look()
    """
    written(inner, source)
    result = inner.run("--loopscope-progress=40")
    result.assert_outcomes(passed=1)
    assert [line.split(":")[0] for line in result.outlines if line.startswith("... ")] == [
        "... 50 s",
        "... 60 s",
    ]


def test_a_debugger_that_is_there_from_the_start_keeps_it_from_beginning(
    inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loopscope.plugin.progress.is_debugging", lambda: True)
    source = """
        async def test_it(request):
            progress = request.config.pluginmanager.get_plugin("loopscope-progress")
            assert not progress._lookout.is_settled
    """
    written(inner, source)
    inner.run().assert_outcomes(passed=1)


def test_there_is_one_thread_from_the_first_test_of_ours_to_the_end(
    inner: Inner, backend: str
) -> None:
    conftest = """
        import sys
        import time
        from events import event

        def threads(when, at_least=1):
            while len(sys._current_frames()) < at_least:
                time.sleep(0)  # one that was started has no frame before it has run
            event(f"{when} {len(sys._current_frames())}")

        def pytest_collection_finish():
            threads("collected")

        def pytest_unconfigure():
            threads("ended")
    """
    source = """
        from conftest import threads

        def test_sync():
            threads("sync")

        async def test_async():
            threads("async", 2)

        async def test_next():
            threads("next")
    """
    inner.write({"conftest.py": conftest, "test_it.py": source})
    inner.run_apart(SOON, "-Werror", backend=backend).assert_outcomes(passed=3)
    assert inner.events == ["collected 1", "sync 1", "async 2", "next 2", "ended 1"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing to fork with")
def test_a_test_that_forks_is_warned_of_no_thread_of_ours_and_the_next_one_is_told_of(
    inner: Inner,
) -> None:
    source = """
        import os

        async def test_forks():
            await until_told("test_forks")
            pid = os.fork()
            if not pid:
                os._exit(0)
            os.waitpid(pid, 0)

        async def test_next():
            await until_told("test_next")
    """
    written(inner, source)
    result = inner.run_apart(SOON, "-Wdefault")
    result.assert_outcomes(passed=2, warnings=0)
