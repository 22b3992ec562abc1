"""A failure for want of the right loop says who holds what is bound to another one, and what helps.

The suites are the ones that people write: each passes when its tests are run one by one.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="pytest shows no notes")

WHY = "  why   what is bound to a loop works on that loop only"

# A client that binds itself to the loop on which it is first used, as clients do.
CLIENT = """
import asyncio, functools, pytest

class Client:
    shared = None

    def __init__(self):
        self.ready = None

    async def use(self):
        if self.ready is None:
            self.ready = asyncio.get_running_loop().create_future()
        else:
            await self.ready
"""


def notes(result: pytest.RunResult) -> list[list[str]]:
    """Return the notes of ours on the failures of a run, in lines, without what marks an error."""
    found: list[list[str]] = []
    margin = 0
    for line in result.outlines:
        text = line.lstrip("E |") if line.startswith(("E", "  |")) else ""
        indent = len(line) - len(text)
        if text.startswith("LS"):
            margin = indent
            found.append([text])
        elif text and margin and indent > margin:
            found[-1].append(line[margin:])
        else:
            margin = 0
    return found


def note(result: pytest.RunResult) -> list[str]:
    """Return the one note of ours that a run has shown."""
    [found] = notes(result)
    return found


@pytest.fixture(params=["asyncio", "uvloop"])
def loops(request: pytest.FixtureRequest) -> str:
    """Each kind of loop that objects bind themselves to."""
    name: str = request.param
    pytest.importorskip(name)
    return name


def test_a_global_lock_names_itself_and_the_test_on_whose_loop_it_is(
    run: RunSuite, loops: str
) -> None:
    source = """
import asyncio

lock = asyncio.Lock()

async def contend():
    async with asyncio.TaskGroup() as group:
        await lock.acquire()
        group.create_task(lock.acquire())
        await asyncio.sleep(0)
        lock.release()

async def test_one():
    await contend()
    lock.release()

async def test_two():
    await contend()
"""
    result = run(source, backend=loops)
    result.assert_outcomes(passed=1, failed=1)
    told = note(result)
    assert told[:2] == [
        "LS104 test_two uses lock, which is bound to another loop",
        "  test_it.py:3  lock      global; lock._loop is the loop of test_it.py::test_one, "
        "closed when that ended",
    ]
    assert told[2].endswith("test_two  uses it on a loop of its own")
    assert told[3:] == [
        WHY,
        "  fix   make lock in an async fixture, so that it lives on the loop of its users",
    ]


def test_a_global_queue_names_itself(run: RunSuite, loops: str) -> None:
    source = """
import asyncio

queue = asyncio.Queue()

async def get():
    asyncio.get_running_loop().call_soon(queue.put_nowait, 1)
    assert await queue.get() == 1

async def test_one():
    await get()

async def test_two():
    await get()
"""
    result = run(source, backend=loops)
    result.assert_outcomes(passed=1, failed=1)
    assert note(result) == [
        "LS104 test_two uses queue, which is bound to another loop",
        "  test_it.py:3  queue     global; queue._loop is the loop of test_it.py::test_one, "
        "closed when that ended",
        "  test_it.py:7  test_two  uses it on a loop of its own",
        WHY,
        "  fix   make queue in an async fixture, so that it lives on the loop of its users",
    ]


def test_a_sync_session_fixture_is_told_how_to_have_a_loop(run: RunSuite, loops: str) -> None:
    source = f"""{CLIENT}
@pytest.fixture(scope="session")
def client():
    return Client()

async def test_one(client):
    await client.use()

async def test_two(client):
    await client.use()
"""
    result = run(source, backend=loops)
    result.assert_outcomes(passed=1, failed=1)
    assert note(result) == [
        "LS104 test_two uses client, which is bound to another loop",
        "  test_it.py:15  client    fixture; client.ready._loop is the loop of "
        "test_it.py::test_one, closed when that ended",
        "  test_it.py:13  test_two  uses it on a loop of its own",
        WHY,
        '  fix   make client an async fixture, with @loopscope.fixture(scope="session") '
        "(it then runs on the session loop)",
    ]


def test_the_fix_for_a_sync_session_fixture_works(run: RunSuite) -> None:
    source = f"""{CLIENT}
import loopscope

@loopscope.fixture(scope="session")
async def client():
    return Client()

async def test_one(client):
    await client.use()
    asyncio.get_running_loop().call_soon(client.ready.set_result, None)

async def test_two(client):
    await client.use()
"""
    run(source).assert_outcomes(passed=2)


def test_a_client_that_a_cache_keeps_is_told_by_the_cached_function(run: RunSuite) -> None:
    source = f"""{CLIENT}
@functools.lru_cache
def get_client():
    return Client()

@pytest.fixture
def client():
    return get_client()

async def test_one(client):
    await client.use()

async def test_two(client):
    await client.use()
"""
    assert note(run(source)) == [
        "LS104 test_two uses get_client(), which is bound to another loop",
        "  test_it.py:16  get_client  global; get_client().ready._loop is the loop of "
        "test_it.py::test_one, closed when that ended",
        "  test_it.py:13  test_two    uses it on a loop of its own",
        WHY,
        "  fix   make get_client() in an async fixture, so that it lives on the loop of its users",
    ]


def test_an_object_on_a_class_is_told_by_the_class_and_the_line_that_put_it_there(
    run: RunSuite,
) -> None:
    source = f"""{CLIENT}
    @classmethod
    def get(cls):
        if cls.shared is None:
            cls.shared = cls()
        return cls.shared

async def test_one():
    await Client.get().use()

async def test_two():
    await Client.get().use()
"""
    told = note(run(source))
    assert told[:2] == [
        "LS104 test_two uses Client.shared, which is bound to another loop",
        "  test_it.py:18  Client.shared  class attribute; Client.shared.ready._loop is the loop of "
        "test_it.py::test_one, closed when that ended",
    ]


def test_a_global_of_another_module_is_told_by_the_line_there(
    run: RunSuite, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(client_module=CLIENT, app="from client_module import Client\nit = Client()")
    pytester.syspathinsert()
    for use in ("from app import it as used", "import app\nused = app.it"):
        source = f"""
{use}

async def test_one():
    await used.use()

async def test_two():
    await used.use()
"""
        [_, holder, *_] = note(run(source))
        line = "app.py:2" if "as used" in use else "test_it.py:2"
        assert holder.startswith(f"  {line}  ")


def test_a_global_that_is_reached_by_the_name_of_its_module_is_told_so(
    run: RunSuite, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(app=f"{CLIENT}\nit = Client()")
    pytester.syspathinsert()
    source = """
import app

async def test_one():
    await app.it.use()

async def test_two():
    await app.it.use()
"""
    told = note(run(source))
    assert told[0] == "LS104 test_two uses app.it, which is bound to another loop"
    assert told[1].startswith("  app.py:15  app.it    global; app.it.ready._loop is the loop of ")


def test_a_loop_that_is_made_by_hand_is_said_to_be_so(run: RunSuite) -> None:
    source = """
import asyncio, atexit

loop = asyncio.new_event_loop()
atexit.register(loop.close)
made = loop.create_future()

async def test_it():
    await made

def test_end():
    loop.close()
"""
    assert note(run(source)) == [
        "LS104 test_it uses made, which is bound to another loop",
        "  test_it.py:5  made     global; made._loop is a loop that loopscope did not make",
        "  test_it.py:8  test_it  uses it on a loop of its own",
        WHY,
        "  fix   make made in an async fixture, so that it lives on the loop of its users",
    ]


def test_a_variable_of_the_test_itself_is_told_without_advice(run: RunSuite) -> None:
    source = """
import asyncio

async def test_it():
    other = asyncio.new_event_loop()
    future = other.create_future()
    other.close()
    await future
"""
    assert note(run(source)) == [
        "LS104 test_it uses future, which is bound to another loop",
        "  test_it.py:7  future   variable of test_it; future._loop is a loop that loopscope did "
        "not make, and it is closed",
        "  test_it.py:7  test_it  uses it on a loop of its own",
        WHY,
    ]


def test_a_closed_loop_is_told_by_what_keeps_it(run: RunSuite, loops: str) -> None:
    source = """
import asyncio

kept = {}

class Transport:
    def __init__(self):
        self.loop = asyncio.get_running_loop()

    def write(self):
        self.loop.call_soon(print)

async def test_one():
    kept["transport"] = Transport()

async def test_two():
    kept["transport"].write()
"""
    assert note(run(source, backend=loops)) == [
        "LS104 test_two uses kept['transport'], which is bound to another loop",
        "  test_it.py:3   kept      global; kept['transport'].loop is the loop of "
        "test_it.py::test_one, closed when that ended",
        "  test_it.py:10  test_two  uses it on a loop of its own",
        WHY,
        "  fix   make kept['transport'] in an async fixture, so that it lives on the loop of its "
        "users",
    ]


IN_A_PHASE = {
    "setup": "await shared.use()\n    yield",
    "teardown": "yield\n    await shared.use()",
}


@pytest.mark.parametrize("phase", IN_A_PHASE)
def test_a_fixture_that_fails_is_told_as_the_user(run: RunSuite, phase: str) -> None:
    source = f"""{CLIENT}
shared = Client()

async def test_one():
    await shared.use()

@pytest.fixture(scope="module")
async def user():
    {IN_A_PHASE[phase]}

async def test_two(user):
    pass
"""
    told = note(run(source))
    assert told[0] == "LS104 user uses shared, which is bound to another loop"
    assert told[2].endswith("user    uses it on the loop of module test_it.py")


def test_a_fixture_that_is_torn_down_after_a_test_that_does_not_use_it_is_told_as_the_user(
    run: RunSuite,
) -> None:
    source = f"""{CLIENT}
shared = Client()

async def test_one():
    await shared.use()

@pytest.fixture(scope="module")
async def user():
    yield
    await shared.use()

async def test_two(user):
    pass

async def test_three():
    pass
"""
    told = note(run(source))
    assert told[0] == "LS104 user uses shared, which is bound to another loop"
    assert told[2].endswith("user    uses it on the loop of module test_it.py")


def test_the_error_of_a_fixture_is_explained_once_to_all_its_users(run: RunSuite) -> None:
    source = f"""{CLIENT}
shared = Client()

async def test_one():
    await shared.use()

@pytest.fixture(scope="module")
async def user():
    await shared.use()

async def test_two(user):
    pass

async def test_three(user):
    pass
"""
    result = run(source)
    result.assert_outcomes(passed=1, errors=2)
    first, second = notes(result)
    assert first == second


WRAPPED = {
    "cause": "raise OSError('no connection') from exc",
    "context": "raise OSError('no connection')",
    "group": "raise ExceptionGroup('all failed', [exc, OSError()])",
}


@pytest.mark.parametrize("how", WRAPPED)
def test_an_error_that_a_library_wraps_is_explained(run: RunSuite, how: str) -> None:
    source = f"""{CLIENT}
shared = Client()

async def connect():
    try:
        await shared.use()
    except RuntimeError as exc:
        {WRAPPED[how]}

async def test_one():
    await connect()

async def test_two():
    await connect()
"""
    result = run(source)
    result.assert_outcomes(passed=1, failed=1)
    assert note(result)[0] == "LS104 test_two uses shared, which is bound to another loop"


def test_what_the_error_does_not_lead_to_is_told_as_no_more_than_what_was_found(
    run: RunSuite,
) -> None:
    source = f"""{CLIENT}
@pytest.fixture(scope="session", autouse=True)
def bystander():
    return Client()

async def test_one(bystander):
    await bystander.use()

async def test_two():
    raise RuntimeError("Event loop is closed")
"""
    assert note(run(source)) == [
        "LS104 test_two uses something that is bound to another loop",
        "  test_it.py:15  bystander  fixture; bystander.ready._loop is the loop of "
        "test_it.py::test_one, closed when that ended",
        "  test_it.py:23  test_two   uses it on a loop of its own",
        f"{WHY};",
        "        the error does not tell what it is about: this is what was found",
    ]


def test_where_nothing_was_found_nothing_is_told(run: RunSuite) -> None:
    source = """
async def test_it():
    raise RuntimeError("Event loop is closed")
"""
    assert notes(run(source)) == []


def test_a_loop_that_the_test_has_closed_itself_is_nobody_elses(run: RunSuite) -> None:
    source = """
import asyncio

def test_it(loopscope):
    async def find():
        return asyncio.get_running_loop()
    loop = loopscope.run(find)
    loop.close()
    loop.call_soon(print)
"""
    result = run(source, "-Wignore")
    assert result.parseoutcomes()["failed"] == 1
    assert notes(result) == []


def test_a_mismatch_on_another_loop_of_ours_that_is_open_says_whose_it_is(run: RunSuite) -> None:
    source = f"""{CLIENT}
shared = Client()

@pytest.mark.loopscope(scope="module")
async def test_one():
    await shared.use()

async def test_two():
    await shared.use()
"""
    told = note(run(source))
    assert told[1].endswith("shared.ready._loop is the loop of module test_it.py")


def test_a_silenced_code_is_not_told(run: RunSuite) -> None:
    source = f"""{CLIENT}
shared = Client()

async def test_one():
    await shared.use()

async def test_two():
    await shared.use()
"""
    result = run(source, "-oloopscope_ignore=LS104 test_it.py")
    result.assert_outcomes(passed=1, failed=1)
    assert notes(result) == []
    assert notes(run(source, "-oloopscope_ignore=LS104 test_other.py")) != []


NESTED = {
    "run": "asyncio.run(asyncio.sleep(0))",
    "run_until_complete": "asyncio.get_event_loop().run_until_complete(asyncio.sleep(0))",
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("call", NESTED.values(), ids=NESTED)
def test_a_loop_run_inside_a_running_one_is_told_where(
    run: RunSuite, loops: str, call: str
) -> None:
    source = f"""
import asyncio

def helper():
    {call}

async def test_it():
    helper()
"""
    result = run(source, "-Wignore", backend=loops)
    result.assert_outcomes(failed=1)
    told = note(result)
    assert told[:2] == [
        "LS501 test_it runs a loop inside the loop that runs it",
        "  test_it.py:4  test_it  runs a loop of its own here",
    ]
    assert notes(run(source, "-Wignore", "-oloopscope_ignore=LS5", backend=loops)) == []


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_trio_run_inside_trio_is_told_too(run: RunSuite) -> None:
    pytest.importorskip("trio")
    source = """
import trio

async def test_it():
    trio.run(trio.sleep, 0)
"""
    result = run(source, "-Wignore", backend="trio")
    assert note(result)[0] == "LS501 test_it runs a loop inside the loop that runs it"


def test_another_failure_is_not_explained(run: RunSuite) -> None:
    source = f"""{CLIENT}
shared = Client()

async def test_one():
    await shared.use()

async def test_two():
    assert shared.ready is None

async def test_three():
    pytest.skip("Event loop is closed")
"""
    result = run(source)
    result.assert_outcomes(passed=1, failed=1, skipped=1)
    assert notes(result) == []
