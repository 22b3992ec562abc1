"""On our engine only: an async fixture for the session, shared by ordinary tests."""

import asyncio

import pytest
import pytest_asyncio


@pytest_asyncio.fixture(scope="session")
async def loop_of_session():
    return asyncio.get_running_loop()


@pytest.mark.asyncio
async def test_a_session_fixture_is_shared_beside_a_database(loop_of_session, transactional_db):
    assert asyncio.get_running_loop() is loop_of_session
