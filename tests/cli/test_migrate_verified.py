"""A suite for pytest-asyncio 0.21 ends on today's as it did: once it is migrated, not before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import run
from tests.cli.migrating import SUITES_OF_OLD
from tests.cli.suites import written

pytest.importorskip("pytest_asyncio")

if TYPE_CHECKING:
    from click.testing import Result

SAVED = Path(__file__).with_name("saved_on_0_21_2")


def verify(name: str) -> Result:
    """Compare a run by the pytest-asyncio that is installed with the saved one."""
    saved = SAVED / f"{name.replace(' ', '_')}.json"
    in_order = ("--", "-p", "no:randomly", "-p", "no:cacheprovider")
    return run("verify", "--as", "declared", "--against", saved, *in_order)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # Else what ran before it was migrated could run again, if that is in the same second.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "tests"),
    [
        ("module loop", "4 tests, 4 passed"),
        ("session loop", "3 tests, 3 passed"),
        ("custom loop", "1 test, 1 passed"),
    ],
)
def test_a_migrated_suite_is_verified_to_end_as_it_did_on_0_21_2(
    folder: Path, name: str, tests: str
) -> None:
    written(folder, SUITES_OF_OLD[name])
    way = ("--from", "pytest-asyncio", "--to", "pytest-asyncio")
    assert run("migrate", *way, "--write", "--force").exit_code == 0
    done = verify(name)
    assert done.exit_code == 0, done.stdout
    *_, verdict, ran, against = done.stdout.splitlines()
    assert verdict == f"equal: {tests}"
    assert "pytest-asyncio 0.21.2" not in ran
    assert against.endswith("pytest-asyncio 0.21.2")


def test_a_suite_that_is_not_migrated_is_told_to_end_otherwise(folder: Path) -> None:
    written(folder, SUITES_OF_OLD["session loop"])
    done = verify("session loop")
    assert done.exit_code == 1
    assert "\nWorse\n" in done.stdout
    told = [line for line in done.stdout.splitlines() if "passed -> failed" in line]
    assert [line.split("::")[-1] for line in told] == ["test_number", "test_same_session"]
    assert "  1 test ended the same\n" in done.stdout
    assert "\n2 differences: 3 tests, 1 passed, 2 failed\n" in done.stdout
