"""The outcome of a test is what its phases say together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from downstream.errors import DownstreamError
from downstream.plugins import downstream_record as recorder
from downstream.records import Record, read_record

if TYPE_CHECKING:
    from pathlib import Path

SUITE = """
import pytest

@pytest.fixture
def broken():
    raise RuntimeError("setup broke")

@pytest.fixture
def broken_later():
    yield
    raise RuntimeError("teardown broke")

def test_passed(): pass
def test_failed(): assert 1 == 2
def test_skipped(): pytest.skip("not here")
def test_error(broken): pass
def test_error_later(broken_later): pass
def test_both(broken_later): assert 1 == 2

@pytest.mark.xfail
def test_xfailed(): assert 1 == 2

@pytest.mark.xfail
def test_xpassed(): pass

@pytest.mark.xfail(strict=True)
def test_xpassed_strictly(): pass

@pytest.mark.parametrize("n", [1, 2])
def test_left_out(n): pass
"""


@pytest.fixture
def record(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Record:
    """Run the suite above with the recorder."""
    path = pytester.path / "record.jsonl"
    monkeypatch.setenv(recorder.VARIABLE, str(path))
    monkeypatch.setenv(recorder.LEFT_OUT, "*::test_left_out[2]\n*/other.py")
    pytester.makepyfile(test_it=SUITE)
    pytester.runpytest_inprocess("-p", recorder.__name__, "-p", "no:asyncio")
    return read_record(path)


@pytest.mark.parametrize(
    ("phases", "outcome"),
    [
        ((), "passed"),
        (("passed", "passed", "passed"), "passed"),
        (("skipped", "passed"), "skipped"),
        (("passed", "failed", "passed"), "failed"),
        (("passed", "failed", "error"), "error"),
        (("passed", "xfailed", "error"), "error"),
    ],
)
def test_the_worst_phase_wins(phases: tuple[str, ...], outcome: str) -> None:
    assert recorder.combined(phases) == outcome


@pytest.mark.parametrize(
    ("when", "outcome", "xfail", "said"),
    [
        ("setup", "failed", False, "error"),
        ("call", "failed", False, "failed"),
        ("teardown", "failed", False, "error"),
        ("setup", "skipped", True, "xfailed"),
        ("call", "passed", True, "xpassed"),
        ("call", "skipped", False, "skipped"),
    ],
)
def test_a_failure_outside_the_call_is_an_error(
    when: str, outcome: str, xfail: bool, said: str
) -> None:
    assert recorder.outcome_of(when, outcome, xfail=xfail) == said


def test_every_outcome_of_pytest_is_recorded(record: Record) -> None:
    assert record.outcomes == {
        "test_it.py::test_passed": "passed",
        "test_it.py::test_failed": "failed",
        "test_it.py::test_skipped": "skipped",
        "test_it.py::test_error": "error",
        "test_it.py::test_error_later": "error",
        "test_it.py::test_both": "error",
        "test_it.py::test_xfailed": "xfailed",
        "test_it.py::test_xpassed": "xpassed",
        "test_it.py::test_xpassed_strictly": "failed",
        "test_it.py::test_left_out[1]": "passed",
    }
    assert record.exit == 1


def test_the_reason_of_a_failure_is_recorded(record: Record) -> None:
    assert record.messages["test_it.py::test_error"] == "RuntimeError: setup broke"


def test_what_was_left_out_is_counted_by_entry(record: Record) -> None:
    assert record.left_out == {"*::test_left_out[2]": 1, "*/other.py": 0}


def test_a_run_knows_whether_loopscope_was_there(record: Record) -> None:
    assert record.loopscope


def test_a_module_that_cannot_be_collected_is_an_error(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pytester.path / "record.jsonl"
    monkeypatch.setenv(recorder.VARIABLE, str(path))
    pytester.makepyfile(test_it="import nowhere_to_be_found")
    pytester.runpytest_inprocess("-p", recorder.__name__)
    assert read_record(path).outcomes == {"test_it.py": "error"}


def test_runs_inside_a_recorded_run_are_not_recorded(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pytester.path / "record.jsonl"
    monkeypatch.setenv(recorder.VARIABLE, str(path))
    pytester.makepyfile(
        test_outer="""
        pytest_plugins = ["pytester"]

        def test_outer(pytester):
            pytester.makepyfile(test_inner="def test_inner(): pass")
            pytester.runpytest_inprocess().assert_outcomes(passed=1)
        """
    )
    pytester.runpytest_inprocess("-p", recorder.__name__)
    assert read_record(path).outcomes == {"test_outer.py::test_outer": "passed"}


def test_a_run_that_recorded_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DownstreamError, match="recorded nothing"):
        read_record(tmp_path / "missing")


def test_a_record_that_breaks_off_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    path.write_text(json.dumps({"test": "a", "outcome": "passed", "message": ""})[:-3])
    with pytest.raises(DownstreamError, match=r"record\.jsonl"):
        read_record(path)
