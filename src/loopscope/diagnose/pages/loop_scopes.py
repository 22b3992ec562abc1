"""LS1xx and LS2xx: loop scopes and backends, by example."""

from __future__ import annotations

from loopscope.core.plan import Misfit
from loopscope.core.scope import Scope
from loopscope.diagnose import catalog
from loopscope.diagnose.pages.cast import (
    CONFTEST,
    DB,
    FILE,
    LINE,
    MODULE,
    MODULE_LOOP,
    OWN_LOOP,
    POOL,
    SESSION,
    SESSION_LOOP,
    Example,
    a_fixture,
    a_test,
    planned,
)

_TRIO = a_fixture("pool", SESSION, backend="trio")
_LOCK = catalog.Holder(CONFTEST, "lock", "global", "._loop", OWN_LOOP, closed=True)

EXAMPLES = {
    "LS101": Example(
        planned(DB, a_test(DB, declared=Scope.FUNCTION)),
        """\
@pytest.fixture(scope="module")
async def db():
    yield await connect()


async def test_login(db):  # declares nothing, and so shares the loop of db
    assert await db.login("ada")
""",
    ),
    "LS102": Example(
        planned(a_fixture("db", MODULE, declared=Scope.FUNCTION)),
        """\
@loopscope.fixture(scope="module")  # or loop_scope="module", or one that is wider
async def db():
    yield await connect()
""",
    ),
    "LS103": Example(
        str(
            catalog.misfit(
                Misfit(a_test(), POOL, OWN_LOOP, SESSION_LOOP, (POOL,)),
                "name pool in the signature",
            )
        ),
        """\
async def test_login(pool):  # in place of request.getfixturevalue("pool")
    assert await pool.login("ada")
""",
    ),
    "LS104": Example(
        str(
            catalog.bound_elsewhere(
                "test_login",
                LINE,
                OWN_LOOP,
                [_LOCK],
                catalog.whose_loop(_LOCK.loop, closed=True),
                catalog.make_in_a_fixture("lock"),
            )
        ),
        """\
@pytest.fixture(scope="session")
async def lock():
    return asyncio.Lock()


async def test_login(lock):
    async with lock:
        ...
""",
    ),
    "LS201": Example(
        planned(_TRIO, a_test(_TRIO)),
        """\
@pytest.mark.loopscope(backend="trio")
async def test_login(pool):
    assert await pool.login("ada")
""",
    ),
    "LS202": Example(
        str(catalog.beside_own_loop(DB, MODULE_LOOP, [("TestLogin", FILE)])),
        """\
class TestLogin:  # no IsolatedAsyncioTestCase
    async def test_login(self, db):
        assert await db.login("ada")
""",
    ),
}
