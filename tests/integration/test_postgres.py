"""The suite in postgres/ passes on a real server, and only with loopscope."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.integration.suites import DEFAULTS_OF_PYTEST_ASYNCIO, LOOPSCOPE_ALONE, run_suite

SUITE = Path(__file__).with_name("postgres")
# Each test function of the suite, with its parameters, once.
TESTS = 13

pytest.importorskip("asyncpg", reason="the suite talks to PostgreSQL through asyncpg")


# asyncpg knows asyncio only, so there is no trio here.
@pytest.mark.parametrize("backends", ["asyncio", "uvloop", "asyncio,uvloop"])
def test_a_pool_a_schema_and_a_transaction_at_their_own_scopes_on(
    backends: str, postgres_dsn: str, tmp_path: Path
) -> None:
    names = backends.split(",")
    for name in names:
        pytest.importorskip(name)
    outcome = run_suite(
        SUITE,
        *(*LOOPSCOPE_ALONE, f"--loopscope-backends={backends}"),
        report=tmp_path / "junit.xml",
        env={"POSTGRES_DSN": postgres_dsn},
    )
    assert outcome.code == 0, outcome.output
    assert outcome.totals == {"passed": TESTS * len(names)}, outcome.output


@pytest.mark.skipif(
    importlib.util.find_spec("pytest_asyncio") is None, reason="pytest-asyncio is not installed"
)
def test_the_same_suite_explodes_under_pytest_asyncio_s_defaults(
    postgres_dsn: str, tmp_path: Path
) -> None:
    outcome = run_suite(
        SUITE,
        *(*DEFAULTS_OF_PYTEST_ASYNCIO, "-p", "no:randomly"),
        report=tmp_path / "junit.xml",
        env={"POSTGRES_DSN": postgres_dsn},
    )
    assert outcome.code == 1, outcome.output
    assert "attached to a different loop" in outcome.output
