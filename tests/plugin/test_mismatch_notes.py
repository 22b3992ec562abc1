"""A failure for want of the right loop says who holds what is bound to another one, and what helps.

The suites are the ones that people write: each passes when its tests are run one by one.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.plugin.noted import CLIENT, WHY, note

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="pytest shows no notes")


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
