"""LS4xx and LS5xx: what is declared, written or called in a way that cannot work, by example."""

from __future__ import annotations

from loopscope.core.scope import Scope
from loopscope.diagnose import catalog
from loopscope.diagnose.pages.cast import CONFTEST, DB, FILE, LINE, TEST, Example
from loopscope.errors import UnknownName

_SCOPES = tuple(scope.word for scope in Scope)

EXAMPLES = {
    "LS401": Example(
        str(
            catalog.bad_declaration(
                TEST.id, TEST.name, FILE, str(UnknownName("scope", "modul", _SCOPES))
            )
        ),
        """\
@pytest.mark.loopscope(scope="module")
async def test_login(db):
    assert await db.login("ada")
""",
    ),
    "LS402": Example(
        str(catalog.async_generator_test(TEST.id, TEST.name, FILE)),
        """\
@pytest.fixture
async def logged_in(db):
    yield await db.login("ada")


async def test_login(logged_in):
    assert logged_in
""",
    ),
    "LS403": Example(
        str(catalog.yield_count(DB.name, DB.origin, "yielded more than once")),
        """\
@pytest.fixture(scope="module")
async def db():
    connection = await connect()
    yield connection
    await connection.close()
""",
    ),
    "LS404": Example(
        str(catalog.asked_while_running(DB.name, DB.origin, TEST.name)),
        """\
async def test_login(loopscope):
    db = await loopscope.getfixture("db")
    assert await db.login("ada")
""",
    ),
    "LS405": Example(
        str(catalog.run_while_running(TEST.name)),
        """\
async def test_login(db):
    assert await db.login("ada")  # in place of loopscope.run(db.login, "ada")
""",
    ),
    "LS406": Example(
        str(catalog.async_hook("pytest_sessionstart", CONFTEST)),
        """\
@pytest.fixture(scope="session", autouse=True)
async def prepared():
    await prepare()
""",
    ),
    "LS407": Example(
        str(catalog.finalizer_without_loop("close", LINE, DB.name, DB.origin)),
        """\
@pytest.fixture(scope="module")
async def db():
    connection = await connect()
    yield connection
    await connection.close()
""",
    ),
    "LS408": Example(
        str(catalog.unowned_xunit("setup_method", FILE, TEST.name, LINE)),
        """\
@pytest.mark.loopscope
class TestLogin:
    async def setup_method(self):
        self.db = await connect()
""",
    ),
    "LS409": Example(
        str(catalog.no_examples(TEST.id, TEST.name, FILE)),
        """\
@pytest.mark.loopscope(fresh_fixtures=True)
@given(name=st.text())
async def test_login(db, name):
    assert not await db.login(name)
""",
    ),
    "LS410": Example(
        str(catalog.coroutine_given(TEST.name, "login")),
        """\
def test_login(db, loopscope):
    assert loopscope.run(db.login, "ada")
""",
    ),
    "LS501": Example(
        str(catalog.nested_run(TEST.name, LINE)),
        """\
async def test_login(db):
    assert await db.login("ada")  # in place of asyncio.run(db.login("ada"))
""",
    ),
}
