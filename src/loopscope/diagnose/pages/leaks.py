"""LS31x: what is left behind, by example."""

from __future__ import annotations

from loopscope.diagnose import catalog
from loopscope.diagnose.pages.cast import LINE, TEST, Example


def _left(kind: str, what: str, *, allowed_by: str | None = None) -> str:
    return str(catalog.left_behind(kind, what, TEST, LINE, allowed_by=allowed_by))


EXAMPLES = {
    "LS311": Example(
        _left("task", "Task-7, running refresh()", allowed_by="refresh"),
        """\
@pytest.fixture
async def refreshed():
    task = asyncio.create_task(refresh())
    yield
    task.cancel()
""",
    ),
    "LS312": Example(
        _left("timer", "Client._ping() in 30 s"),
        """\
async def test_login(db):
    handle = asyncio.get_running_loop().call_later(30, db.ping)
    try:
        assert await db.login("ada")
    finally:
        handle.cancel()
""",
    ),
    "LS313": Example(
        _left("async generator", "rows()"),
        """\
async def test_login(db):
    async with contextlib.aclosing(db.rows()) as rows:
        async for row in rows:
            break
""",
    ),
    "LS314": Example(
        _left("transport", "a connection to 127.0.0.1:5432"),
        """\
@pytest.fixture(scope="module")
async def db():
    async with connect() as connection:
        yield connection
""",
    ),
    "LS315": Example(
        _left("executor job", "read_all()"),
        """\
async def test_login(db):
    users = await asyncio.to_thread(read_all)
    assert "ada" in users
""",
    ),
    "LS316": Example(
        _left("child process", "server --port 8000"),
        """\
@pytest.fixture(scope="session")
async def server():
    process = await asyncio.create_subprocess_exec("server", "--port", "8000")
    yield process
    process.terminate()
    await process.wait()
""",
    ),
}
