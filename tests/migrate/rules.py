"""What each rule makes of a small file, and files of which nothing becomes on any way."""

from __future__ import annotations

from tests.migrate.between_cases import BETWEEN
from tests.migrate.declared_cases import DECLARED, MARKS
from tests.migrate.event_loop_cases import CURRENT_LOOP, OVERRIDES, POLICIES, REQUESTS

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
