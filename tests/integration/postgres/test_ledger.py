"""The same table in another module's schema, and a database nobody shares."""

import asyncio
import os
from collections.abc import AsyncIterator

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionProxy

SCHEMA = "ledger"


@pytest.fixture
async def alone() -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own, so that nothing ties it to the session's loop."""
    connection = await asyncpg.connect(os.environ["POSTGRES_DSN"])
    yield connection
    await connection.close()


@pytest.fixture
async def entry(db: PoolConnectionProxy) -> int:
    await db.execute("INSERT INTO entry VALUES (1, 10)")
    return 1


async def test_a_fixture_s_row_is_in_the_test_s_transaction(
    db: PoolConnectionProxy, entry: int
) -> None:
    assert await db.fetchval("SELECT amount FROM entry WHERE id = $1", entry) == 10


async def test_a_fixture_s_row_is_gone_with_it(db: PoolConnectionProxy) -> None:
    assert await db.fetchval("SELECT count(*) FROM entry") == 1


async def test_a_test_may_roll_back_a_part_of_its_own(db: PoolConnectionProxy, entry: int) -> None:
    savepoint = db.transaction()
    await savepoint.start()
    await db.execute("DELETE FROM entry")
    await savepoint.rollback()
    assert await db.fetchval("SELECT count(*) FROM entry") == 2


async def test_a_row_lock_is_gone_with_the_test(db: PoolConnectionProxy) -> None:
    await db.execute("SELECT * FROM entry FOR UPDATE NOWAIT")


async def test_a_row_lock_is_gone_with_the_test_before(db: PoolConnectionProxy) -> None:
    await db.execute("SELECT * FROM entry FOR UPDATE NOWAIT")


async def test_a_notification_arrives(alone: asyncpg.Connection) -> None:
    heard: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    await alone.add_listener("bell", lambda *said: heard.set_result(said[-1]))
    await alone.execute("NOTIFY bell, 'ding'")
    assert await asyncio.wait_for(heard, timeout=10) == "ding"
    await alone.reset()
