"""What each rule makes of a small file: before, after, what is noted, and what must not change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loopscope.core.scope import Scope
from tests.migrate.written import ASYNCIO, FROM_ANYIO, PATH, TO_ANYIO

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULE, SESSION = Scope.MODULE, Scope.SESSION


@dataclass(frozen=True)
class Case:
    """One file: what becomes of it, or None if nothing does."""

    id: str
    before: str
    after: str | None = None
    way: tuple[str, str] = ASYNCIO
    loops: Mapping[str, Scope] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    path: str = PATH
    ini: str | None = None
    ini_after: str | None = None
    backends: tuple[str, ...] = ("asyncio",)


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

MARKS = [
    Case(
        "scope",
        """
from pytest import mark

@mark.asyncio(scope="module")
async def test_it(): ...
""",
        """
from pytest import mark

@mark.asyncio(loop_scope="module")
async def test_it(): ...
""",
        loops={"test_it": MODULE},
    ),
    Case(
        "scope-in-a-list",
        """
import pytest as pt

pytestmark = [pt.mark.asyncio(scope="session"), pt.mark.slow(scope=1)]

async def test_it(): ...
""",
        """
import pytest as pt

pytestmark = [pt.mark.asyncio(loop_scope="session"), pt.mark.slow(scope=1)]

async def test_it(): ...
""",
        loops={"test_it": SESSION},
    ),
    Case(
        "nobody-s-mark",
        """
mark = object()

@mark.asyncio(scope="module")
@pytest.mark.asyncio(scope="module")
async def test_it(): ...
""",
    ),
    Case(
        "both",
        """
import pytest

@pytest.mark.asyncio(scope="module", loop_scope="module")
async def test_it(): ...
""",
        loops={"test_it": MODULE},
    ),
]

DECLARED = [
    Case(
        "own-mark",
        """
import pytest

@pytest.mark.asyncio  # soon
@pytest.mark.slow
async def test_it(): ...
""",
        """
import pytest

@pytest.mark.asyncio(loop_scope="module")  # soon
@pytest.mark.slow
async def test_it(): ...
""",
        loops={"test_it": MODULE},
    ),
    Case(
        "narrower-than-planned",
        """
import pytest

@pytest.mark.asyncio(loop_scope='function')
async def test_it(): ...
""",
        """
import pytest

@pytest.mark.asyncio(loop_scope='module')
async def test_it(): ...
""",
        loops={"test_it": MODULE},
    ),
    Case(
        "as-planned",
        """
import pytest, pytest_asyncio

@pytest_asyncio.fixture(scope="module")
async def db(): ...

@pytest.mark.asyncio(loop_scope="module")
async def test_it(db): ...

@pytest.mark.asyncio
async def test_other(): ...
""",
        loops={"test_it": MODULE},
    ),
    Case(
        "mark-of-the-class",
        """
import pytest

@pytest.mark.asyncio
class TestIt:
    async def test_one(self): ...
    async def test_two(self): ...
""",
        """
import pytest

@pytest.mark.asyncio(loop_scope="class")
class TestIt:
    async def test_one(self): ...
    async def test_two(self): ...
""",
        loops={"test_one": Scope.CLASS, "test_two": Scope.CLASS},
    ),
    Case(
        "mark-of-the-module-that-does-not-fit-all",
        """
import pytest

pytestmark = pytest.mark.asyncio

async def test_one(): ...

class TestIt:
	async def test_two(self): ...
""",
        """
import pytest

pytestmark = pytest.mark.asyncio

async def test_one(): ...

class TestIt:
	@pytest.mark.asyncio(loop_scope="module")
	async def test_two(self): ...
""",
        loops={"test_two": MODULE},
    ),
    Case(
        "no-mark-and-all-alike",
        """
import asyncio

async def test_one(): ...

async def test_two(): ...
""",
        """
import asyncio
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

async def test_one(): ...

async def test_two(): ...
""",
        loops={"test_one": MODULE, "test_two": MODULE},
    ),
    Case(
        "no-mark-beside-a-sync-test",
        """
import pytest

async def test_one(): ...

def test_two(): ...
""",
        """
import pytest

@pytest.mark.asyncio(loop_scope="module")
async def test_one(): ...

def test_two(): ...
""",
        loops={"test_one": MODULE},
    ),
    Case(
        "the-whole-suite",
        """
import pytest_asyncio as pa

@pa.fixture
async def db(): ...

async def test_one(db): ...
""",
        loops={"test_one": SESSION, "db": SESSION},
        ini="[pytest]\nasyncio_mode = auto\n",
        ini_after="[pytest]\nasyncio_mode = auto\nasyncio_default_test_loop_scope = session\n"
        "asyncio_default_fixture_loop_scope = session\n",
    ),
    Case(
        "fixtures",
        """
import pytest
import pytest_asyncio as pa
from pytest_asyncio import fixture

@pa.fixture
async def one(): ...

@fixture(scope="module")
async def two(): ...

@fixture(
    scope="module",
    loop_scope="module",  # long
)
async def three(): ...

@pytest.fixture
async def four(): ...

@pytest.fixture
def five(): ...
""",
        """
import pytest
import pytest_asyncio as pa
from pytest_asyncio import fixture

@pa.fixture(loop_scope="module")
async def one(): ...

@fixture(scope="module")
async def two(): ...

@fixture(
    scope="module",
    loop_scope="session",  # long
)
async def three(): ...

@pa.fixture(loop_scope="session")
async def four(): ...

@pytest.fixture
def five(): ...
""",
        loops={"one": MODULE, "three": SESSION, "four": SESSION},
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

ANYIO_BACKEND = """
import pytest


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"
"""
BETWEEN = [
    Case(
        "to-anyio",
        """
import pytest
import pytest_asyncio


@pytest_asyncio.fixture(scope="module")
async def db(unused_tcp_port_factory):
    yield unused_tcp_port_factory()


@pytest.mark.asyncio(loop_scope="module")
async def test_it(db): ...
""",
        ANYIO_BACKEND
        + """

@pytest.fixture(scope="module")
async def db(free_tcp_port_factory):
    yield free_tcp_port_factory()


@pytest.mark.anyio
async def test_it(db): ...
""",
        way=TO_ANYIO,
        loops={"test_it": MODULE},
        notes=(
            "10: test_it shared a wider loop without a fixture that needs it; anyio gives each "
            "test its own then",
        ),
    ),
    Case(
        "from-anyio",
        ANYIO_BACKEND
        + """

@pytest.fixture(scope="module")
async def db():
    yield 1


pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_it(anyio_backend, db): ...
""",
        """
import pytest
import pytest_asyncio


@pytest_asyncio.fixture(scope="module")
async def db():
    yield 1


pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]


async def test_it(db): ...
""",
        way=FROM_ANYIO,
        loops={"test_it": MODULE, "db": MODULE},
    ),
    Case(
        "mode",
        """
import pytest

@pytest.fixture
async def db(): ...

async def test_it(db): ...
""",
        way=FROM_ANYIO,
        ini="[pytest]\naddopts = -ra --anyio-mode=auto\n",
        ini_after="[pytest]\naddopts = -ra --asyncio-mode=auto\n",
    ),
    Case(
        "claimed-by-its-fixture",
        """
async def test_it(anyio_backend): ...
""",
        """
import pytest

@pytest.mark.asyncio
async def test_it(): ...
""",
        way=FROM_ANYIO,
    ),
    Case(
        "backends",
        """
import pytest

@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param

@pytest.mark.anyio
async def test_it(anyio_backend):
    assert anyio_backend
""",
        """
import pytest

@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param

@pytest.mark.asyncio
async def test_it(anyio_backend):
    assert anyio_backend
""",
        way=FROM_ANYIO,
        backends=("asyncio", "trio"),
        notes=(
            "3: anyio_backend says more than asyncio",
            "7: pytest-asyncio runs on asyncio only, and not on trio: test_it",
            "7: test_it uses the value of anyio_backend",
        ),
    ),
    Case(
        "parametrized-backend",
        """
import pytest

@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("number", [1])
async def test_it(number): ...
""",
        """
import pytest

@pytest.mark.asyncio
@pytest.mark.parametrize("number", [1])
async def test_it(number): ...
""",
        way=FROM_ANYIO,
    ),
    Case(
        "another-s-tests",
        """
import pytest

@pytest.mark.trio
async def test_it(): ...
""",
        way=FROM_ANYIO,
        loops={},
    ),
    Case(
        "to-loopscope",
        """
import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio

@pytest_asyncio.fixture(loop_scope="module")
async def db(): ...

async def test_it(db): ...
""",
        """
import pytest

@pytest.fixture
async def db(): ...

async def test_it(db): ...
""",
        way=("pytest-asyncio", "loopscope"),
    ),
    Case(
        "from-trio",
        """
import pytest
import pytest_trio

@pytest_trio.trio_fixture
async def db(autojump_clock): ...

@pytest.mark.trio
async def test_it(db): ...

def test_sync(): ...
""",
        """
import pytest


@pytest.fixture
def anyio_backend():
    return "trio"

@pytest.fixture
async def db(autojump_clock): ...

@pytest.mark.anyio
async def test_it(db): ...

def test_sync(): ...
""",
        way=("pytest-trio", "anyio"),
        loops={},
        notes=("4: db asks for autojump_clock, which only pytest-trio has",),
    ),
]

CASES = {
    f"{name}-{case.id}": case
    for name, cases in {
        "override": OVERRIDES,
        "request": REQUESTS,
        "policy": POLICIES,
        "mark": MARKS,
        "declared": DECLARED,
        "current-loop": CURRENT_LOOP,
        "between": BETWEEN,
    }.items()
    for case in cases
}

NOTHING = {
    "sync": """
import pytest

@pytest.fixture(scope="module")  # asyncio
def db(): return 1

class TestIt:
	def test_it(self, db): ...
""",
    "unittest": """
import asyncio, unittest

class TestIt(unittest.IsolatedAsyncioTestCase):
    async def test_it(self):
        asyncio.get_event_loop()
""",
    "application": """
import anyio
import asyncio

async def main(event_loop=None, nursery=None, scope="module"):
    loop = event_loop or asyncio.get_event_loop()
    anyio_backend = "trio"

asyncio.run(main())
""",
    "names": """
event_loop = anyio_backend = "asyncio"
asyncio = print
asyncio(event_loop, scope="module")
""",
    "text": """
'''
@pytest.mark.asyncio(scope="module")
async def test_it(event_loop): ...
'''
""",
    "other-marks": """
import pytest
from mine import mark, fixture

@mark.asyncio(scope="module")
@mark.anyio
@pytest.mark.asyncio_only(scope="module")
@pytest.mark.parametrize("scope", ["asyncio", "trio"])
def test_it(scope): ...

@fixture
async def db(): ...
""",
    "shadowed": """
import pytest

def test_it(pytest):
    pytest.mark.asyncio(scope="module")
""",
    "empty": "# asyncio, anyio, trio\n",
    "nothing": "",
}
