"""LS32x and LS33x: time limits and the end of a run, by example."""

from __future__ import annotations

from loopscope.diagnose import catalog
from loopscope.diagnose.pages.cast import FILE, LINE, MODULE_LOOP, POOL, Example
from loopscope.errors import GaveUp

_WHERE = ((FILE, "test_login", ""), (LINE, "fetch", "stood here"))

EXAMPLES = {
    "LS321": Example(
        str(catalog.timed_out("test_login", "its call", 5, _WHERE, "loopscope_timeout")),
        """\
@pytest.mark.loopscope(timeout=30)  # if it was only slow
async def test_login(db):
    assert await db.login("ada")
""",
    ),
    "LS322": Example(
        str(catalog.blocked_and_interrupted("test_login", _WHERE)),
        """\
async def test_login(db):
    answer = await asyncio.to_thread(requests.get, URL)
    assert answer.ok
""",
    ),
    "LS323": Example(
        str(catalog.blocked("test_login", 0.73, 0.2, _WHERE)),
        """\
async def test_login(db):
    await asyncio.sleep(0.7)  # in place of time.sleep
""",
    ),
    "LS324": Example(
        str(catalog.refused_to_end("test_login", "asyncio.CancelledError", _WHERE)),
        """\
async def fetch(queue):
    try:
        return await queue.get()
    except asyncio.CancelledError:
        queue.close()
        raise
""",
    ),
    "LS331": Example(
        catalog.terminated(),
        """\
@pytest.fixture(scope="session")
async def pool():
    async with open_pool() as pool:
        yield pool  # what has to be undone stands behind it, and is run
""",
    ),
    "LS332": Example(
        catalog.given_up(MODULE_LOOP, GaveUp("read_all() in a thread")),
        """\
def read_all(stop):  # called by asyncio.to_thread
    while not stop.is_set():  # a thread ends if it asks whether it is to
        read_some()
""",
    ),
    "LS333": Example(
        catalog.threads_left(("asyncio_0", "watcher"), 2.0),
        """\
threading.Thread(target=watch, name="watcher", daemon=True).start()
""",
    ),
    "LS334": Example(
        catalog.failed_late(POOL, ConnectionError("no route")),
        """\
@pytest.fixture(scope="session")
async def pool():
    yield (pool := await open_pool())
    await pool.close()  # and no sys.exit() or pytest.exit() in a teardown
""",
    ),
}
