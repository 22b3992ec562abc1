"""Nothing of ours is left behind, and nothing of ours can be found by a test."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts descriptors in /proc")
def test_two_thousand_tests_leave_no_descriptor_thread_or_task_behind(
    run: RunSuite, backend: str, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest("""
import asyncio, gc, os, pathlib, threading

from loopscope.backends import registry

def count():
    gc.collect()
    tasks = [found for found in gc.get_objects() if isinstance(found, asyncio.Task)]
    return len(os.listdir("/proc/self/fd")), threading.active_count(), len(tasks)

def pytest_collection_finish(session):
    # libuv opens a pipe for signals with the first loop of a process, and keeps it.
    if session.config.getoption("loopscope_backends") == "uvloop":
        import uvloop
        uvloop.new_event_loop().close()
    session.before = count()

def pytest_sessionfinish(session):
    registry.release()  # what closed loops leave to new ones, until the run is over
    pathlib.Path("counts.txt").write_text(f"{session.before}\\n{count()}")
""")
    source = """
import pytest

@pytest.fixture(scope="module")
async def shared():
    yield

@pytest.mark.parametrize("number", range(1000))
async def test_own(number):
    pass

@pytest.mark.parametrize("number", range(1000))
async def test_shared(number, shared):
    pass
"""
    result = run(source, "-r", "N", backend=backend)
    result.assert_outcomes(passed=2000)
    before, after = (pytester.path / "counts.txt").read_text().splitlines()
    assert after == before


FIXTURES = """
import asyncio, pytest
LOG = []

@pytest.fixture(scope="session")
async def session():
    task = asyncio.ensure_future(asyncio.Event().wait())
    yield task
    LOG.append("session")
    task.cancel()

@pytest.fixture(scope="module")
async def module(session):
    yield
    await asyncio.sleep(0)
    LOG.append("module")

@pytest.fixture
async def function(module):
    yield
    await asyncio.sleep(0)
    LOG.append("function")
"""

ASYNCIO_BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "uvloop"], indirect=True)


@ASYNCIO_BACKENDS
def test_a_test_finds_its_own_task_and_those_of_user_code_and_no_other(
    run: RunSuite, backend: str
) -> None:
    source = f"""{FIXTURES}
async def test_it(function, session):
    assert asyncio.all_tasks() == {{asyncio.current_task(), session}}

async def test_own_loop():
    assert asyncio.all_tasks() == {{asyncio.current_task()}}
"""
    run(source, backend=backend).assert_outcomes(passed=2)


@ASYNCIO_BACKENDS
@pytest.mark.parametrize("spared", ["asyncio.current_task()", "None"], ids=["others", "all"])
def test_a_test_that_cancels_all_tasks_harms_no_fixture_and_no_later_test(
    run: RunSuite, backend: str, spared: str
) -> None:
    source = f"""{FIXTURES}
async def test_cancels(function):
    for task in asyncio.all_tasks():
        if task is not {spared}:
            task.cancel()
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        pass

async def test_cancels_and_ends_at_once(function):
    for task in asyncio.all_tasks():
        if task is not {spared}:
            task.cancel()

async def test_after(function):
    assert LOG == ["function", "function"]
    await asyncio.sleep(0)

def test_all_fixtures_were_torn_down_normally():
    assert LOG == ["function"] * 3
"""
    run(source, backend=backend).assert_outcomes(passed=4)


@ASYNCIO_BACKENDS
def test_a_test_that_cancels_itself_fails_alone(run: RunSuite, backend: str) -> None:
    source = f"""{FIXTURES}
async def test_cancels(function):
    asyncio.current_task().cancel()
    await asyncio.sleep(0)

async def test_after(function):
    assert LOG == ["function"]
"""
    result = run(source, backend=backend)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["FAILED *test_cancels - *CancelledError*"])


def test_what_a_test_leaves_running_on_a_loop_of_its_own_is_cancelled(
    run: RunSuite, backend: str
) -> None:
    if backend == "trio":
        pytest.skip("trio leaves nothing running outside of a nursery")
    source = """
import asyncio
LOG = []

async def test_it():
    async def background():
        try:
            await asyncio.Event().wait()
        finally:
            LOG.append("cancelled")

    global task
    task = asyncio.ensure_future(background())
    await asyncio.sleep(0)

def test_after():
    assert LOG == ["cancelled"]
"""
    run(source, "--loopscope-leaks=ignore", backend=backend).assert_outcomes(passed=2)
