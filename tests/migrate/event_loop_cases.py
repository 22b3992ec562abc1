"""What becomes of `event_loop`, and of who asks for it or for the current loop."""

from __future__ import annotations

from tests.migrate.case import Case

LOOP = """
import asyncio
import pytest


@pytest.fixture(scope="module")
def event_loop():
    {body}


@pytest.mark.asyncio
async def test_it(): ...
"""
NO_LOOP = """
import pytest


@pytest.mark.asyncio
async def test_it(): ...
"""
PLAIN_LOOPS = {
    "yield": "yield asyncio.new_event_loop()",
    "return": "return asyncio.new_event_loop()",
    "get": "loop = asyncio.get_event_loop()\n    yield loop\n    loop.close()",
    "policy": (
        '"""One."""\n    policy = asyncio.get_event_loop_policy()\n'
        "    loop = policy.new_event_loop()\n    asyncio.set_event_loop(loop)\n"
        "    yield loop\n    loop.run_until_complete(loop.shutdown_asyncgens())\n"
        "    asyncio.set_event_loop(None)\n    loop.close()"
    ),
    "try": (
        "loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()\n    try:\n"
        "        yield loop\n    finally:\n        if not loop.is_closed():\n"
        "            loop.close()"
    ),
}
ODD_LOOPS = {
    "server": "loop = asyncio.new_event_loop()\n    serve(loop)\n    yield loop",
    "with": "with runner() as loop:\n        yield loop",
    "argument": "yield asyncio.SelectorEventLoop(selector())",
    "no-loop": "yield None",
    "handler": (
        "loop = asyncio.new_event_loop()\n    loop.set_exception_handler(fail)\n    yield loop"
    ),
}
LEFT = "event_loop does more than make a loop, and is left"

OVERRIDES = [
    *(Case(f"plain-{id}", LOOP.format(body=body), NO_LOOP) for id, body in PLAIN_LOOPS.items()),
    *(
        Case(f"odd-{id}", LOOP.format(body=body), notes=(f"5: {LEFT}",))
        for id, body in ODD_LOOPS.items()
    ),
    Case(
        "other-fixtures",
        """
import pytest

@pytest.fixture
def event_loop(server):
    return server.loop
""",
        notes=(f"3: {LEFT}",),
    ),
    Case(
        "imported-within",
        """
import pytest

@pytest.yield_fixture()
def event_loop():
    import asyncio as aio
    yield aio.new_event_loop()

X = pytest
""",
        """
import pytest

X = pytest
""",
    ),
    Case(
        "only-in-its-class",
        """
import asyncio
import pytest

class TestIt:
    @pytest.fixture
    def event_loop(self):
        yield asyncio.new_event_loop()
""",
        """
class TestIt:
    pass
""",
    ),
    Case(
        "uvloop-in-a-conftest",
        """
import pytest
import uvloop

# our loops
@pytest.fixture(scope="session")
def event_loop():
    loop = uvloop.new_event_loop()
    yield loop
    loop.close()
""",
        """
import uvloop

# our loops
def pytest_asyncio_loop_factories(config, item):
    return {"uvloop": uvloop.new_event_loop}
""",
        path="conftest.py",
    ),
    Case(
        "uvloop-in-a-module",
        """
import pytest
import uvloop

@pytest.fixture
def event_loop():
    return uvloop.new_event_loop()
""",
        notes=(
            "4: event_loop is left: its loops belong into the hook pytest_asyncio_loop_factories "
            'of a conftest.py, as {"uvloop": uvloop.new_event_loop}',
        ),
    ),
    Case(
        "not-a-fixture",
        """
import asyncio

def event_loop():
    return asyncio.new_event_loop()
""",
    ),
]

REQUESTS = [
    Case(
        "async",
        """
import pytest

@pytest.mark.asyncio
async def test_it(event_loop, tmp_path):
    event_loop.call_soon(print)  # soon
""",
        """
import asyncio
import pytest

@pytest.mark.asyncio
async def test_it(tmp_path):
    asyncio.get_running_loop().call_soon(print)  # soon
""",
    ),
    Case(
        "alias",
        """
import asyncio as aio
import pytest

@pytest.mark.asyncio
async def test_it(tmp_path, event_loop,):
    await run(loop=event_loop)
""",
        """
import asyncio as aio
import pytest

@pytest.mark.asyncio
async def test_it(tmp_path,):
    await run(loop=aio.get_running_loop())
""",
    ),
    Case(
        "in-a-callback",
        """
import asyncio
import pytest

@pytest.mark.asyncio
async def test_it(event_loop):
    \"\"\"Say.\"\"\"
    thread(lambda: event_loop.call_soon_threadsafe(print))
""",
        """
import asyncio
import pytest

@pytest.mark.asyncio
async def test_it():
    \"\"\"Say.\"\"\"
    event_loop = asyncio.get_running_loop()
    thread(lambda: event_loop.call_soon_threadsafe(print))
""",
    ),
    Case(
        "bound-again",
        """
import pytest

@pytest.mark.asyncio
async def test_it(event_loop):
    event_loop = event_loop or 1
""",
        notes=("3: event_loop is bound again, and is left",),
    ),
    Case(
        "sync-that-runs",
        """
import pytest

def test_it(event_loop):
    found = event_loop.run_until_complete(find(1)).name
    assert not event_loop.run_until_complete(a or b)
""",
        """
import pytest

@pytest.mark.asyncio
async def test_it():
    found = (await find(1)).name
    assert not await (a or b)
""",
    ),
    Case(
        "sync-fixture-that-runs",
        """
import pytest

@pytest.fixture
def db(event_loop):
    yield event_loop.run_until_complete(connect())
""",
        """
import pytest_asyncio

@pytest_asyncio.fixture
async def db():
    yield await connect()
""",
    ),
    Case(
        "sync-that-does-more",
        """
def test_it(event_loop):
    event_loop.call_soon(print)
    event_loop.run_until_complete(wait())
""",
        notes=(
            "1: test_it uses event_loop and is no async function: make it one, which awaits what "
            "event_loop.run_until_complete runs",
        ),
    ),
    Case(
        "sync-for-the-order-only",
        """
import pytest

@pytest.fixture
def server(event_loop):
    return 1
""",
        """
import pytest

@pytest.fixture
def server():
    return 1
""",
    ),
    Case(
        "usefixtures",
        """
import pytest

@pytest.mark.usefixtures("event_loop", "db")
@pytest.mark.usefixtures("event_loop")
def test_it(): ...
""",
        """
import pytest

@pytest.mark.usefixtures("db")
def test_it(): ...
""",
    ),
    Case(
        "beside-stars",
        """
import asyncio
import pytest

@pytest.mark.asyncio
async def test_one(event_loop, *args): ...

@pytest.mark.asyncio
async def test_two(tmp_path, event_loop, *, a=1): ...

@pytest.mark.asyncio
async def test_three(*, event_loop): ...
""",
        """
import asyncio
import pytest

@pytest.mark.asyncio
async def test_one(*args): ...

@pytest.mark.asyncio
async def test_two(tmp_path, *, a=1): ...

@pytest.mark.asyncio
async def test_three(*, event_loop): ...
""",
        notes=("10: drop the argument event_loop",),
    ),
    Case(
        "helper",
        """
def helper(event_loop):
    event_loop.call_soon(print)

async def other(event_loop): ...
""",
    ),
]

POLICIES = [
    Case(
        "policies",
        """
import asyncio
import pytest
import uvloop as uv

@pytest.fixture(params=[asyncio.DefaultEventLoopPolicy(), uv.EventLoopPolicy()])
def event_loop_policy(request):
    return request.param
""",
        """
import asyncio
import uvloop as uv

def pytest_asyncio_loop_factories(config, item):
    return {"asyncio": asyncio.new_event_loop, "uv": uv.new_event_loop}
""",
        path="conftest.py",
    ),
    Case(
        "policy-of-its-own",
        """
import pytest

@pytest.fixture
def event_loop_policy():
    return OwnPolicy()
""",
        path="conftest.py",
        notes=(
            "3: what event_loop_policy makes is not plain; see the hook "
            "pytest_asyncio_loop_factories",
        ),
    ),
]

CURRENT_LOOP = [
    Case(
        "sync",
        """
from asyncio import get_event_loop as get

def test_it():
    get().run_until_complete(wait())
""",
        notes=(
            "4: test_it asks for the current loop, and none runs there: make it async, or use "
            "asyncio.run",
        ),
    ),
    Case(
        "async-or-nobody-s",
        """
import asyncio
import pytest

@pytest.mark.asyncio
async def test_it():
    asyncio.get_event_loop()

def helper():
    asyncio.get_event_loop()
""",
    ),
]
