"""Where a trace goes, and what becomes of it when something breaks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from loopscope.trace import file
from loopscope.trace.events import (
    FixtureTornDown,
    LoopClosed,
    RunBegan,
    RunEnded,
    TestBegan,
    TestEnded,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tracing.conftest import Recorded

SUITE = """
import pytest

@pytest.fixture(scope="session")
async def pool():
    yield

@pytest.mark.parametrize("number", range(4))
async def test_shares(pool, number):
    pass
"""


def test_the_end_of_a_run_says_where_its_trace_is(recorded: Recorded) -> None:
    result = recorded.run(SUITE)
    assert result.outlines[-1] == f"loopscope: wrote {recorded.path}"
    assert file.read(recorded.path).is_complete


def test_workers_have_their_own_lanes_in_one_trace(recorded: Recorded) -> None:
    recorded.run(SUITE, "-n2").assert_outcomes(passed=4)
    processes = recorded.processes()
    workers = {began.worker for began in recorded.all(RunBegan)}
    assert workers == {"gw0", "gw1"}
    assert len(processes) == 2
    tests = [event.test for event in recorded.all(TestBegan)]
    assert sorted(tests) == [f"test_it.py::test_shares[{number}]" for number in range(4)]
    for events in processes:
        assert isinstance(events[0], RunBegan)
        assert isinstance(events[-1], RunEnded)
        assert sum(isinstance(event, LoopClosed) for event in events) == 1
        assert sum(isinstance(event, FixtureTornDown) for event in events) == 1
    names = {
        line["args"]["name"]
        for line in json.loads(recorded.path.read_text(encoding="utf-8"))
        if line["name"] == "process_name"
    }
    assert names == workers


def test_a_worker_that_dies_has_told_of_the_tests_before(recorded: Recorded) -> None:
    recorded.run(
        """
import os

async def test_one():
    pass

async def test_dies():
    os._exit(3)
""",
        "-n1",
    ).assert_outcomes(passed=1, failed=1)
    assert [event.name for event in recorded.all(TestBegan)] == ["test_one", "test_dies"]
    assert [event.test for event in recorded.all(TestEnded)] == ["test_it.py::test_one"]


def test_a_process_that_dies_leaves_a_trace_that_says_in_which_test(recorded: Recorded) -> None:
    recorded.run("""
import os, time

async def test_one():
    time.sleep(0.1)  # a file is not written to more often than that

async def test_dies():
    os._exit(3)
""")
    trace = file.read(recorded.path)
    assert not trace.is_complete
    began = [event.name for event in recorded.all(TestBegan)]
    assert began == ["test_one", "test_dies"]
    (ended,) = recorded.all(TestEnded)
    assert ended.test == "test_it.py::test_one"
    assert [phase.name for phase in ended.phases] == ["setup", "call", "teardown"]


@pytest.mark.parametrize("option", ["trace", "report"])
def test_a_path_that_cannot_be_is_told_before_any_test_runs(
    pytester: pytest.Pytester, option: str
) -> None:
    if option == "report":
        pytest.importorskip("bokeh")
    pytester.makepyfile("def test_it(): print('ran')")
    result = pytester.runpytest_subprocess(f"--loopscope-{option}={pytester.path}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --loopscope-{option}: *{pytester.path}*"])
    assert "ran" not in result.stdout.str()


def test_a_trace_that_cannot_be_written_any_more_costs_no_result(recorded: Recorded) -> None:
    recorded.pytester.makeconftest("""
from loopscope.trace.file import Part

def fails(self, records):
    raise OSError("no space left on device")

Part.write = fails
""")
    result = recorded.run(SUITE)
    result.assert_outcomes(passed=4)
    assert result.ret == 0
    told = [line for line in result.outlines if line.startswith("loopscope: the trace ")]
    assert told == [f"loopscope: the trace {recorded.path} is given up: no space left on device"]


def test_a_report_that_cannot_be_written_costs_no_result(pytester: pytest.Pytester) -> None:
    pytest.importorskip("bokeh")
    pytester.makepyfile(SUITE)
    (pytester.path / "file").touch()
    result = pytester.runpytest_subprocess("--loopscope-report=file/report.html")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["loopscope: could not write *file/report.html: *"])


def test_a_report_without_what_draws_it_is_told_before_any_test_runs(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("def test_it(): print('ran')")
    pytester.makepyfile(
        nothing_to_draw="""
import importlib.util

find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda *args: None if "bokeh" in args else find_spec(*args)
"""
    )
    result = pytester.runpytest_subprocess("-p", "nothing_to_draw", "--loopscope-report=r.html")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --loopscope-report *pip install 'pytest-loopscope?cli?'"])


def test_nothing_is_recorded_unless_somebody_asks(
    pytester: pytest.Pytester, tmp_path: Path
) -> None:
    pytester.makepyfile(SUITE)
    pytester.makeconftest("""
def pytest_sessionfinish(session):
    names = [name for name, _ in session.config.pluginmanager.list_name_plugin()]
    assert not [name for name in names if "tracing" in name or "completion" in name]
""")
    pytester.runpytest_subprocess().assert_outcomes(passed=4)
