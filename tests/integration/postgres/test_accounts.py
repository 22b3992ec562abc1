"""Tests that see each other's rows as soon as one transaction is not rolled back."""

import asyncio

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionProxy

SCHEMA = "accounts"


@pytest.mark.parametrize("amount", [1, 2, 3])
async def test_each_test_inserts_the_same_row(db: PoolConnectionProxy, amount: int) -> None:
    await db.execute("INSERT INTO entry VALUES (1, $1)", amount)
    assert await db.fetchval("SELECT sum(amount) FROM entry") == 100 + amount


async def test_only_the_module_s_own_row_is_there(db: PoolConnectionProxy) -> None:
    assert [tuple(row) for row in await db.fetch("SELECT * FROM entry")] == [(0, 100)]


async def test_a_failed_statement_spoils_no_other_test(db: PoolConnectionProxy) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await db.execute("INSERT INTO entry VALUES (0, 1)")


async def test_an_uncommitted_row_is_seen_by_nobody_else(
    pool: asyncpg.Pool, schema: str, db: PoolConnectionProxy
) -> None:
    await db.execute("INSERT INTO entry VALUES (1, 1)")
    assert await pool.fetchval(f"SELECT count(*) FROM {schema}.entry") == 1


async def test_the_pool_serves_several_at_once(pool: asyncpg.Pool) -> None:
    numbers = await asyncio.gather(*(pool.fetchval("SELECT $1::int", n) for n in range(10)))
    assert numbers == list(range(10))
