"""What the page about verifying shows is what the command prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.suites import LYING_ENGINE, run_in, written
from tests.docs.pages import ROOT, blocks

for module in ("click", "rich", "pytest_asyncio"):
    pytest.importorskip(module)

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "verify.md"
PROVED, VIOLATION, BETTER, *_ = blocks(PAGE, "")
CONFTEST, TEST = blocks(PAGE, "python")
INI = "[pytest]\nasyncio_default_fixture_loop_scope = fixture-scope\n"
SUITE = {"pytest.ini": INI, "conftest.py": CONFTEST, "test_account.py": TEST}
IN_ORDER = ("--", "-p", "no:randomly")


def without_versions(output: str) -> str:
    """Return what is printed but for the first line, which is empty, and the versions."""
    return "".join(output.splitlines(keepends=True)[1:-1])


def test_the_first_run_is_what_is_printed(tmp_path: Path) -> None:
    done = run_in(written(tmp_path, SUITE), "verify", "--against=installed", *IN_ORDER)
    assert (done.returncode, without_versions(done.stdout)) == (0, PROVED)


def test_the_violation_is_what_is_printed_of_an_engine_that_is_wrong(tmp_path: Path) -> None:
    suite = written(tmp_path, {**SUITE, "conftest.py": f"{CONFTEST}\n{LYING_ENGINE}"})
    done = run_in(suite, "verify", *IN_ORDER)
    assert done.returncode == 1
    assert done.stdout.startswith(VIOLATION)


def test_the_difference_is_what_is_printed(tmp_path: Path) -> None:
    suite = written(tmp_path, {"pytest.ini": INI, "test_ping.py": "async def test_ping(): ...\n"})
    done = run_in(suite, "verify", "--against=installed", *IN_ORDER)
    assert done.returncode == 1
    assert done.stdout.endswith(f"{BETTER}{done.stdout.splitlines()[-1]}\n")


def test_a_suite_is_compared_as_the_page_says(tmp_path: Path) -> None:
    suite = written(tmp_path, SUITE)
    saved = run_in(suite, "verify", "--as", "declared", "--save", "before.json", *IN_ORDER)
    assert saved.returncode == 0
    done = run_in(suite, "verify", "--against", "before.json", *IN_ORDER)
    assert (done.returncode, without_versions(done.stdout)) == (0, PROVED)
