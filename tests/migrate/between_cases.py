"""What becomes of a file on the way from one vocabulary to another."""

from __future__ import annotations

from tests.migrate.case import MODULE, Case
from tests.migrate.written import FROM_ANYIO, TO_ANYIO

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
        "to-loopscope-with-comments",
        """
import pytest

@pytest.mark.asyncio  # ours
@pytest.mark.slow
# and
@pytest.mark.asyncio
async def test_it(): ...

class TestIt:
    pytestmark = [pytest.mark.asyncio, pytest.mark.slow]
    async def test_it(self): ...
""",
        """
import pytest

# ours
@pytest.mark.slow
# and
async def test_it(): ...

class TestIt:
    pytestmark = [pytest.mark.slow]
    async def test_it(self): ...
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
