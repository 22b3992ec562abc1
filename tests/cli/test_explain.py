"""`loopscope explain` says why a loop is as wide as it is, and what a code means."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from loopscope.cli import explain as command
from loopscope.core.origin import Origin
from tests.cli.command import run
from tests.cli.suites import run_in, written
from tests.core.literals import FUNCTION, MODULE, OTHER_MODULE, a_fixture, a_test
from tests.diagnose.documents import document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from loopscope.diagnose.plan_file import Document

DB = a_fixture("db", MODULE, origin=Origin("tests/conftest.py", 12))
OTHER_DB = replace(DB, id="other", anchor=OTHER_MODULE, origin=Origin("tests/test_b.py", 7))
TEST = a_test("test_query", DB, at=FUNCTION, origin=Origin("tests/test_a.py", 40))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    """Have a suite collected; return what collecting it was asked with."""
    calls = []

    def collect(python: str, judged: str, arguments: Sequence[str], *, whole: bool) -> Document:
        calls.append((judged, tuple(arguments)))
        return document(DB, OTHER_DB, TEST)

    monkeypatch.setattr(command, "collect", collect)
    return calls


def test_a_test_is_explained_by_the_plan_of_the_whole_suite(asked: list[object]) -> None:
    result = run("explain", "test_query")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("test test_query  (tests/test_a.py:40)\n  loop      module ")
    assert asked == [("planned", ())]


def test_what_pytest_is_asked_to_collect(asked: list[object]) -> None:
    run("explain", "test_query", "tests", "--as", "declared", "--", "-k", "query")
    assert asked == [("declared", ("tests", "-k", "query"))]


@pytest.mark.usefixtures("asked")
def test_an_ambiguous_name_lists_the_lines_each_of_which_is_a_name() -> None:
    result = run("explain", "db")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: db may be any of these; name one by its line:\n"
        "  tests/conftest.py:12  fixture db\n"
        "  tests/test_b.py:7     fixture db\n"
    )
    assert run("explain", "tests/test_b.py:7").stdout.startswith("fixture db, module-scoped")


@pytest.mark.usefixtures("asked")
def test_an_unknown_name_lists_what_is_near() -> None:
    result = run("explain", "test_qeury")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is called 'test_qeury'. Near: test_query" in result.stderr


@pytest.mark.parametrize("code", ["LS101", "ls101"])
def test_a_code_is_explained_without_a_suite(asked: list[object], code: str) -> None:
    result = run("explain", code)
    assert (result.exit_code, asked) == (0, [])
    assert result.stdout.startswith("LS101 loop scope mismatch\n")


@pytest.mark.parametrize("code", ["LS1", "LS999", "LS"])
def test_an_unknown_code_lists_the_valid_ones(asked: list[object], code: str) -> None:
    result = run("explain", code)
    assert (result.exit_code, asked) == (2, [])
    assert f"{code!r} is not a valid code. Valid: LS101, LS102" in result.stderr


def test_a_suite_is_collected_and_explained(tmp_path: Path) -> None:
    source = """
    import pytest

    @pytest.fixture(scope="module")
    async def db():
        yield

    async def test_query(db): ...
    """
    suite = written(tmp_path, {"pytest.ini": "[pytest]\n", "test_a.py": source})
    done = run_in(suite, "explain", "db")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "fixture db, module-scoped  (test_a.py:4)",
        "  loop      module test_a.py [asyncio]",
        "            1 test and 1 fixture live on it",
        "  why       db is module-scoped",
        '  narrower  scope="function" on db: a loop of its own',
    ]
