"""One pool a session, one schema a module, one transaction a test."""

import os
from collections.abc import AsyncIterator

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionProxy


@pytest.fixture(scope="session")
async def pool() -> AsyncIterator[asyncpg.Pool]:
    # Few connections, so that tests and modules are given the same one again.
    async with asyncpg.create_pool(os.environ["POSTGRES_DSN"], min_size=1, max_size=3) as pool:
        yield pool


@pytest.fixture(scope="module")
async def schema(pool: asyncpg.Pool, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    name: str = request.module.SCHEMA
    # CREATE fails if another module, or this one on another backend, did not clean up.
    await pool.execute(f"CREATE SCHEMA {name}")
    await pool.execute(f"CREATE TABLE {name}.entry (id integer PRIMARY KEY, amount integer)")
    await pool.execute(f"INSERT INTO {name}.entry VALUES (0, 100)")
    yield name
    await pool.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
async def db(pool: asyncpg.Pool, schema: str) -> AsyncIterator[PoolConnectionProxy]:
    """A connection in a transaction that is rolled back after the test."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(f"SET LOCAL search_path TO {schema}")
        yield connection
        await transaction.rollback()
