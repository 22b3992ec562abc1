"""LS30x: what crashes or dies while the suite runs, by example."""

from __future__ import annotations

from loopscope.diagnose import catalog
from loopscope.diagnose.pages.cast import LINE, MODULE_LOOP, POOL, TEST, Example

EXAMPLES = {
    "LS301": Example(
        catalog.crashed(POOL, "test_login"),
        """\
@pytest.fixture(scope="session")
async def pool():
    async with asyncio.TaskGroup() as tasks:
        # Catch here what is not to end all tests that use the pool.
        tasks.create_task(reconnect_when_lost())
        yield Pool()
""",
    ),
    "LS302": Example(
        str(catalog.needs_crashed(POOL, ConnectionError("no route"))),
        """\
@pytest.fixture  # of a narrower scope, it is set up again for the next test
async def pool():
    async with open_pool() as pool:
        yield pool
""",
    ),
    "LS303": Example(
        str(catalog.cancelled_silently(POOL, "test_login")),
        """\
@pytest.fixture(scope="session")
async def pool():
    with anyio.fail_after(60):  # raises TimeoutError, as move_on_after does not
        yield Pool()
""",
    ),
    "LS304": Example(
        catalog.disorderly(MODULE_LOOP, RuntimeError("Event loop is closed")),
        """\
@pytest.fixture(scope="module")
async def db():
    connection = await connect()
    yield connection
    await connection.close()  # and nothing closes the loop, which loopscope does
""",
    ),
    "LS305": Example(
        catalog.died("'Task-7', running save()", TEST, LINE),
        """\
async def test_login(db):
    task = asyncio.create_task(save(db))
    await task
""",
    ),
    "LS306": Example(
        catalog.told_to_the_loop("Exception in callback Client._read()", "test_login"),
        """\
class Client:
    def _read(self):
        try:
            self.answer.set_result(self.socket.recv(1024))
        except OSError as exc:
            self.answer.set_exception(exc)  # so that whoever awaits the answer gets it
""",
    ),
}
