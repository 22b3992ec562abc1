"""What the plan finds is told before the first test, and keeps from running whom it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

SUITE = """
import loopscope, pytest

ran = []

@loopscope.fixture(scope="module")
async def db():
    ran.append("db")
    yield

@loopscope.fixture(loop_scope="function")
async def row(db):
    ran.append("row")
    yield

@pytest.mark.loopscope(scope="function")
async def test_mismatch(db):
    ran.append("mismatch")

async def test_fine(db):
    ran.append("fine")

@pytest.mark.loopscope(scope="function")
async def test_by_way_of_a_fixture(row):
    ran.append("by way of")

@pytest.mark.loopscope(scop="function")
async def test_typo():
    ran.append("typo")

def test_sync():
    ran.append("sync")

def test_the_end():
    assert ran == ["db", "fine", "sync"]
"""
REFUSED = ("test_mismatch", "test_by_way_of_a_fixture", "test_typo")


def before_the_first_test(result: pytest.RunResult) -> str:
    """Return what is shown after the collection."""
    _, _, after = result.stdout.str().partition("collected ")
    return after.partition("test_it.py ")[0]


def errors(result: pytest.RunResult) -> list[str]:
    """Return the names of the tests that the summary shows as errors."""
    lines = [line.split()[1] for line in result.outlines if line.startswith("ERROR test_it.py")]
    return sorted(line.partition("::")[2] for line in lines)


def test_exactly_those_are_errors_that_a_finding_concerns_and_nothing_of_them_runs(
    run: RunSuite,
) -> None:
    result = run(SUITE)
    result.assert_outcomes(passed=3, errors=3)
    assert errors(result) == sorted(REFUSED)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_each_finding_is_told_once_with_both_ends_and_a_fix(run: RunSuite) -> None:
    told = before_the_first_test(run(SUITE))
    assert told.count("LS101 loop scope mismatch: test_mismatch ") == 1
    assert told.count("LS101 loop scope mismatch: row ") == 1
    assert told.count("LS401 test_typo ") == 1
    _, _, mismatch = told.partition("LS101 loop scope mismatch: test_mismatch")
    assert mismatch.splitlines()[1:5] == [
        "  test_it.py:5   db             made on the loop of module test_it.py",
        "  test_it.py:15  test_mismatch  runs on a loop of its own",
        "  why   what db makes belongs to a loop that test_mismatch does not run on",
        '  fix   drop scope="function" from the mark of test_mismatch '
        "(it then runs on the loop of module test_it.py), or",
    ]


def test_without_a_finding_nothing_is_told(run: RunSuite) -> None:
    result = run("async def test_it(): pass")
    assert "LS" not in result.stdout.str()
    assert result.ret == pytest.ExitCode.OK


def test_the_first_error_ends_a_run_that_is_to_end_there(run: RunSuite) -> None:
    result = run(SUITE, "-x")
    result.assert_outcomes(errors=1)
    assert errors(result) == ["test_mismatch"]
    assert "LS401 test_typo" in before_the_first_test(result)
    run(SUITE, "--maxfail=2").assert_outcomes(passed=1, errors=2)


def test_collecting_alone_tells_it_and_is_no_failure(run: RunSuite) -> None:
    for options in (["--collect-only"], ["--collect-only", "-q"]):
        result = run(SUITE, *options)
        assert result.ret == pytest.ExitCode.OK
        assert result.stdout.str().count("LS101 loop scope mismatch: test_mismatch") == 1


@pytest.mark.parametrize("option", ["-q", "-qq", "-v"])
def test_it_is_told_however_quiet_the_run_is(run: RunSuite, option: str) -> None:
    result = run(SUITE, option)
    shown = result.stdout.str().partition("ERRORS")[0]
    assert "LS101 loop scope mismatch: test_mismatch" in shown
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_only_what_is_selected_is_told(run: RunSuite) -> None:
    result = run(SUITE, "-k", "test_fine or test_sync")
    result.assert_outcomes(passed=2, deselected=4)
    assert "LS" not in result.stdout.str()


DECLARING = """
import pytest, pytest_asyncio

@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def db():
    pass

@pytest.mark.asyncio(loop_scope="function")
async def test_is_run(db):
    pass

@pytest.mark.asyncio(loop_scope="function")
async def test_is_run_too(db):
    pass
"""


def test_under_xdist_exactly_the_same_tests_are_errors(run: RunSuite) -> None:
    pytest.importorskip("xdist")
    result = run(SUITE, "-n2", "--dist=loadfile")
    result.assert_outcomes(passed=3, errors=3)
    assert errors(result) == sorted(REFUSED)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "loopscope findings" not in result.stdout.str()


def test_under_xdist_what_refuses_nothing_is_told_once_at_the_end(
    pytester: pytest.Pytester,
) -> None:
    pytest.importorskip("xdist")
    pytest.importorskip("pytest_asyncio")
    pytester.makepyfile(test_it=DECLARING)
    result = pytester.runpytest("-n2", "-pno:randomly", "-pno:cacheprovider")
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "*= loopscope findings =*",
            "LS101 loop scope mismatch: test_is_run (function loop) uses db (module loop)",
            "  test_it.py:3 *db * made on the loop of module test_it.py",
            "LS101 loop scope mismatch: test_is_run_too (function loop) uses db (module loop)",
        ]
    )
    assert result.stdout.str().count("LS101 ") == 2
