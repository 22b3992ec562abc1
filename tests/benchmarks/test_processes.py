"""A suite is run in a process of its own, and what that took is told."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.idioms import SYNC
from benchmarks.processes import Measure, has_valgrind, run, try_out
from benchmarks.suites import SUITES, Suite, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="os.wait4 is not on Windows")
PYTHON = Path(sys.executable)


def suite() -> Suite:
    """Return a suite of tests that are not async, run by pytest alone."""
    plugins = ("loopscope", "asyncio", "anyio", "trio", "randomly", "html", "metadata", "cov")
    options = [word for name in plugins for word in ("-p", f"no:{name}")]
    return replace(SUITES["installed"], options=tuple(options))


def test_seconds_are_those_of_the_whole_process(tmp_path: Path) -> None:
    write(suite(), SYNC, 2, tmp_path)
    assert 0 < run(PYTHON, suite(), tmp_path, Measure.SECONDS) < 60


def test_calls_come_out_the_same_and_grow_with_the_tests(tmp_path: Path) -> None:
    counted = []
    for number, tests in enumerate((5, 5, 10)):
        folder = tmp_path / str(number)
        folder.mkdir()
        write(suite(), SYNC, tests, folder)
        try_out(PYTHON, suite(), tests, folder)
        counted.append(run(PYTHON, suite(), folder, Measure.CALLS))
    once, again, more = counted
    assert abs(once - again) < 50
    assert more - once > 5 * 500


@pytest.mark.skipif(not has_valgrind(), reason="valgrind is not installed")
def test_instructions_are_counted(tmp_path: Path) -> None:
    write(suite(), SYNC, 1, tmp_path)
    assert run(PYTHON, suite(), tmp_path, Measure.INSTRUCTIONS) > 1e8


def test_a_suite_that_fails_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    assert 0\n")
    with pytest.raises(BenchmarkError, match=r"installed: 1 passed expected of[\s\S]*1 failed"):
        try_out(PYTHON, suite(), 1, tmp_path)
    with pytest.raises(BenchmarkError, match="exit code 1 of"):
        run(PYTHON, suite(), tmp_path, Measure.SECONDS)


def test_a_suite_that_is_not_run_whole_is_an_error(tmp_path: Path) -> None:
    write(suite(), SYNC, 2, tmp_path)
    with pytest.raises(BenchmarkError, match="3 passed expected"):
        try_out(PYTHON, suite(), 3, tmp_path)
