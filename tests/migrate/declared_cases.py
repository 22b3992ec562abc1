"""Where the loop scopes of a plan are written."""

from __future__ import annotations

from loopscope.core.scope import Scope
from tests.migrate.case import MODULE, SESSION, Case

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
