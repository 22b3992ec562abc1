"""Scopes that fixtures hold open, and what happens when something in them goes wrong."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

# The three ways to hold a group of tasks open, by the words that differ.
GROUPS = {
    "anyio": """
import anyio
from anyio import Event, sleep_forever, create_task_group as group
def start(tasks, fn): tasks.start_soon(fn)
""",
    "asyncio": """
import asyncio
from asyncio import Event, TaskGroup as group
async def sleep_forever(): await asyncio.Event().wait()
def start(tasks, fn): tasks.create_task(fn())
""",
    "trio": """
import trio
from trio import Event, sleep_forever, open_nursery as group
def start(tasks, fn): tasks.start_soon(fn)
""",
}

needs_task_group = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="asyncio.TaskGroup came with Python 3.11"
)


@pytest.fixture(
    params=[
        pytest.param(("anyio", "asyncio"), id="anyio on asyncio"),
        pytest.param(("anyio", "uvloop"), id="anyio on uvloop"),
        pytest.param(("anyio", "trio"), id="anyio on trio"),
        pytest.param(("asyncio", "asyncio"), id="asyncio", marks=needs_task_group),
        pytest.param(("trio", "trio"), id="trio"),
    ]
)
def group(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The words of a library, and a backend to use them on."""
    words, backend = request.param
    pytest.importorskip(backend)
    return GROUPS[words] + "import pytest\nLOG = []\n", backend


SCOPES = ("function", "class", "module", "package", "session")


@pytest.mark.parametrize("scope", SCOPES)
def test_a_task_group_may_be_held_open_across_a_yield(
    run: RunSuite, group: tuple[str, str], scope: str
) -> None:
    words, backend = group
    source = f"""{words}
@pytest.fixture(scope="{scope}")
async def server():
    asked, answered = Event(), Event()

    async def serve():
        await asked.wait()
        answered.set()

    async with group() as tasks:
        start(tasks, serve)
        yield asked, answered
        asked.set()

@pytest.fixture(scope="{scope}")
async def above(server):
    yield server

async def test_it(above):
    asked, answered = above
    asked.set()
    await answered.wait()

async def test_again(server):
    pass
"""
    run(source, backend=backend).assert_outcomes(passed=2)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_crash_in_the_background_fails_the_running_test_with_its_own_error(
    run: RunSuite, group: tuple[str, str], scope: str
) -> None:
    words, backend = group
    source = f"""{words}
@pytest.fixture(scope="{scope}")
async def server():
    asked = Event()

    async def crash():
        await asked.wait()
        raise LookupError("the background failed")

    async with group() as tasks:
        start(tasks, crash)
        yield asked

@pytest.fixture
async def sibling():
    yield
    LOG.append("sibling was torn down")

async def test_it(sibling, server):
    server.set()
    await sleep_forever()
    LOG.append("resumed")

async def test_independent():
    assert LOG == ["sibling was torn down"]
"""
    result = run(source, backend=backend)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "E * LookupError: the background failed",
            "E * LS301 raised in the background of fixture server (test_it.py:*) while test_it*",
            "FAILED test_it.py::test_it - LookupError: the background failed*",
        ]
    )


def test_a_test_that_needs_the_crashed_fixture_says_so(
    run: RunSuite, group: tuple[str, str]
) -> None:
    words, backend = group
    source = f"""{words}
@pytest.fixture(scope="session")
async def server():
    asked = Event()

    async def crash():
        await asked.wait()
        raise LookupError("the background failed")

    async with group() as tasks:
        start(tasks, crash)
        yield asked

@pytest.fixture(scope="session")
async def client(server):
    yield server

async def test_1(server):
    server.set()
    await sleep_forever()

async def test_2(client):
    await client.wait()

async def test_3():
    pass
"""
    result = run(source, backend=backend)
    result.assert_outcomes(failed=1, errors=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup of test_2*",
            "LS302 fixture server has crashed earlier on",
            "*LookupError('the background failed')*",
        ]
    )


def test_a_test_on_the_same_loop_that_does_not_need_the_fixture_goes_on(
    run: RunSuite, group: tuple[str, str]
) -> None:
    words, backend = group
    source = f"""{words}
asked, gone = None, None

@pytest.fixture(scope="session")
async def base():
    yield

@pytest.fixture(scope="session")
async def server(base):
    global asked, gone
    asked, gone = Event(), Event()

    async def crash():
        await asked.wait()
        raise LookupError("the background failed")

    try:
        async with group() as tasks:
            start(tasks, crash)
            yield asked
    finally:
        gone.set()

async def test_1(server):
    pass

async def test_2(base):
    asked.set()
    await gone.wait()
    LOG.append("went on")

async def test_3(base):
    assert LOG == ["went on"]
"""
    result = run(source, backend=backend)
    # Nobody else could be told: the teardown of the test that ran carries the error.
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_2*",
            "E * LookupError: the background failed",
            "*LS301*server*",
        ]
    )


def test_what_was_set_up_inside_a_crashed_scope_is_set_up_again(
    run: RunSuite, group: tuple[str, str]
) -> None:
    words, backend = group
    source = f"""{words}
@pytest.fixture(scope="session")
async def server():
    asked = Event()

    async def crash():
        await asked.wait()
        raise LookupError("the background failed")

    async with group() as tasks:
        start(tasks, crash)
        yield asked

@pytest.fixture(scope="session")
async def innocent():
    LOG.append("up")
    try:
        yield LOG.count("up")
    finally:
        LOG.append("down")

async def test_1(server, innocent):
    server.set()
    await sleep_forever()

async def test_2(innocent):
    assert innocent == 2
    assert LOG == ["up", "down", "up"]
"""
    run(source, backend=backend).assert_outcomes(failed=1, passed=1)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_timeout_across_a_yield_surfaces_as_timeout_error(
    run: RunSuite, scope: str, backend: str
) -> None:
    source = f"""
import anyio, pytest
LOG = []

@pytest.fixture(scope="{scope}")
async def limit():
    with anyio.fail_after(3600) as scope:
        yield scope

@pytest.fixture(scope="{scope}")
async def inside(limit):
    try:
        yield limit
    except BaseException as exc:
        LOG.append(type(exc).__name__)
        raise

async def test_it(inside):
    inside.deadline = anyio.current_time()
    await anyio.sleep_forever()
    LOG.append("resumed")

async def test_after():
    assert LOG in (["Cancelled"], ["CancelledError"])
"""
    result = run(source, backend=backend)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_it - TimeoutError*"])


@needs_task_group
@pytest.mark.parametrize("scope", SCOPES)
def test_asyncio_timeout_bites_across_a_yield(run: RunSuite, scope: str) -> None:
    source = f"""
import asyncio, pytest

@pytest.fixture(scope="{scope}")
async def limit():
    async with asyncio.timeout(3600) as timeout:
        yield timeout

async def test_it(limit):
    limit.reschedule(asyncio.get_running_loop().time())
    await asyncio.Event().wait()

async def test_after():
    pass
"""
    result = run(source)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_it - TimeoutError*"])


@pytest.mark.parametrize("scope", ["function", "session"])
def test_a_scope_that_cancels_a_test_without_an_error_fails_it_all_the_same(
    run: RunSuite, scope: str, backend: str
) -> None:
    source = f"""
import anyio, pytest

@pytest.fixture(scope="{scope}")
async def limit():
    with anyio.move_on_after(3600) as scope:
        yield scope

async def test_it(limit):
    limit.deadline = anyio.current_time()
    await anyio.sleep_forever()
"""
    result = run(source, backend=backend)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["LS303 fixture limit cancelled test_it and raised no error"])


def test_a_crash_during_the_setup_of_another_fixture_is_told_there(
    run: RunSuite, group: tuple[str, str]
) -> None:
    words, backend = group
    source = f"""{words}
@pytest.fixture(scope="session")
async def server():
    asked = Event()

    async def crash():
        await asked.wait()
        raise LookupError("the background failed")

    async with group() as tasks:
        start(tasks, crash)
        yield asked

@pytest.fixture(scope="session")
async def client(server):
    server.set()
    await sleep_forever()
    yield

async def test_it(client):
    pass

async def test_after():
    pass
"""
    result = run(source, backend=backend)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["E * LookupError: the background failed"])


def test_skip_fail_and_xfail_work_inside_a_held_scope(
    run: RunSuite, group: tuple[str, str]
) -> None:
    words, backend = group
    source = f"""{words}
@pytest.fixture
async def tasks():
    async with group() as tasks:
        start(tasks, sleep_forever)
        yield tasks
        getattr(tasks, "cancel_scope", tasks).cancel() if hasattr(
            getattr(tasks, "cancel_scope", tasks), "cancel") else [
            task.cancel() for task in tasks._tasks]

async def test_skip(tasks):
    pytest.skip("not today")

async def test_fail(tasks):
    pytest.fail("on purpose")

async def test_xfail(tasks):
    pytest.xfail("expected")

async def test_pass(tasks):
    pass
"""
    run(source, backend=backend).assert_outcomes(skipped=1, failed=1, xfailed=1, passed=1)


def test_a_teardown_that_does_not_need_the_crashed_fixture_goes_on(
    run: RunSuite, group: tuple[str, str]
) -> None:
    words, backend = group
    source = f"""{words}
@pytest.fixture(scope="session")
async def server():
    asked, gone = Event(), Event()

    async def crash():
        await asked.wait()
        raise LookupError("the background failed")

    try:
        async with group() as tasks:
            start(tasks, crash)
            yield asked, gone
    finally:
        gone.set()

@pytest.fixture
def handed_on(server):
    LOG.append(server)

@pytest.fixture
async def other():
    yield
    asked, gone = LOG.pop()
    asked.set()
    await gone.wait()
    LOG.append("torn down")

async def test_it(other, handed_on):
    pass

async def test_after():
    assert LOG == ["torn down"]
"""
    result = run(source, backend=backend)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_it*", "*LS301*server*"])
