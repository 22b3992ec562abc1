"""A real pool that is used on another loop than its own says who keeps it."""

from __future__ import annotations

import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.integration.suites import LOOPSCOPE_ALONE, run_suite

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("asyncpg", reason="the suite talks to PostgreSQL through asyncpg")

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="pytest shows no notes")

SUITE = """
    import os, asyncpg, pytest

    pool = None

    async def get_pool():
        global pool
        if pool is None:
            pool = await asyncpg.create_pool(os.environ["POSTGRES_DSN"], min_size=1, max_size=1)
        return pool

    async def test_one():
        async with (await get_pool()).acquire() as connection:
            assert await connection.fetchval("select 1") == 1

    async def test_two():
        async with (await get_pool()).acquire() as connection:
            assert await connection.fetchval("select 1") == 1

    @pytest.fixture(scope="session")
    def made_in_a_sync_fixture():
        return asyncpg.create_pool(os.environ["POSTGRES_DSN"], min_size=1, max_size=1)

    async def test_three(made_in_a_sync_fixture):
        await made_in_a_sync_fixture
"""


def test_a_pool_of_asyncpg_is_told_by_who_keeps_it(postgres_dsn: str, tmp_path: Path) -> None:
    # uvloop crashes the process when a connection is opened on a loop that is closed.
    suite = tmp_path / "suite"
    suite.mkdir()
    suite.joinpath("test_pool.py").write_text(dedent(SUITE), encoding="utf-8")
    outcome = run_suite(
        suite,
        *(*LOOPSCOPE_ALONE, "-Wignore", "-pno:randomly"),
        report=tmp_path / "junit.xml",
        env={"POSTGRES_DSN": postgres_dsn},
    )
    assert outcome.totals == {"passed": 1, "failed": 2}, outcome.output
    lines = [line.removeprefix("E").strip() for line in outcome.output.splitlines()]
    assert "LS104 test_two uses pool, which is bound to another loop" in lines
    assert (
        "test_pool.py:9   pool      global; pool._loop is the loop of test_pool.py::test_one, "
        "closed when that ended"
    ) in lines
    assert "LS104 test_three uses made_in_a_sync_fixture, which is bound to another loop" in lines
    assert (
        "fix   make made_in_a_sync_fixture an async fixture, with "
        '@loopscope.fixture(scope="session") (it then runs on the session loop)'
    ) in lines
