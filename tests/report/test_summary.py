"""What a run comes to, from its events."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from loopscope.report.as_json import as_json
from loopscope.report.places import Place
from loopscope.report.results import LoopCount, Unfinished
from loopscope.report.summary import summarise
from loopscope.trace.events import (
    Event,
    Found,
    LeftBehind,
    LoopClosed,
    LoopOpened,
    TaskBegan,
    TaskEnded,
)
from tests.report.recorded import MODULE, SHARED, Recorded
from tests.trace.runs import EVERY_KIND, any_processes

MODULE_LOOP = Place("asyncio", "module", MODULE)
OWN_LOOP = Place("asyncio", "function")


@pytest.mark.parametrize(
    ("outcomes", "outcome"),
    [
        pytest.param(("passed", "passed", "passed"), "passed", id="passed"),
        pytest.param(("passed", "failed", "passed"), "failed", id="call-failed"),
        pytest.param(("failed",), "error", id="setup-failed"),
        pytest.param(("passed", "passed", "failed"), "error", id="teardown-failed"),
        pytest.param(("passed", "failed", "failed"), "failed", id="call-and-teardown-failed"),
        pytest.param(("skipped",), "skipped", id="skipped"),
        pytest.param(("passed", "skipped", "passed"), "skipped", id="skipped-in-the-call"),
        pytest.param(("passed",), "unfinished", id="cut-off-in-the-call"),
        pytest.param((), "unfinished", id="cut-off-in-the-setup"),
    ],
)
def test_the_outcome_of_a_test_is_pytest_s(outcomes: tuple[str, ...], outcome: str) -> None:
    run = Recorded()
    run.test("test_it", outcomes=outcomes)
    summary = summarise([run.ended()])
    assert [test.outcome for test in summary.tests] == [outcome]
    assert summary.outcomes == {outcome: 1}


def test_what_ran_last_counts_where_a_test_was_repeated() -> None:
    run = Recorded()
    run.test("test_it", outcomes=("passed", "failed", "passed"), error="ValueError: no")
    run.test("test_it")
    (test,) = summarise([run.ended()]).tests
    assert (test.outcome, test.error) == ("passed", None)


def test_a_test_has_the_times_of_its_phases() -> None:
    run = Recorded()
    run.test("test_it", call=0.25)
    run.test("test_skipped", outcomes=("skipped",))
    it, skipped = summarise([run.ended()]).tests
    assert (it.setup, it.call, it.teardown, it.seconds) == (0.0, 0.25, 0.0, 0.25)
    assert (skipped.call, skipped.teardown) == (None, None)


def test_places_are_told_instead_of_the_ids_of_loops() -> None:
    run = Recorded()
    run.shared_loop()
    run.test("test_shared", SHARED)
    run.test("test_alone", "loop 7", opens=True)
    run.test("test_sync")
    shared, alone, sync = summarise([run.ended()]).tests
    assert (shared.planned, shared.loop) == (MODULE_LOOP, MODULE_LOOP)
    assert (alone.planned, alone.loop) == (OWN_LOOP, OWN_LOOP)
    assert (sync.planned, sync.loop) == (None, None)


def test_a_loop_that_was_only_observed_is_shared_or_not() -> None:
    run = Recorded()
    run.add(LoopOpened(0.0, "loop 1", "asyncio"), LoopOpened(0.0, "loop 2", "asyncio"))
    run.test("test_a", "loop 1", planned="planned 1")
    run.test("test_b", "loop 1", planned="planned 2")
    run.test("test_c", "loop 2", planned="planned 3")
    summary = summarise([run.ended()])
    assert [str(test.loop) for test in summary.tests] == [
        "a loop that others share [asyncio]",
        "a loop that others share [asyncio]",
        "a loop of its own [asyncio]",
    ]
    assert [test.planned for test in summary.tests] == [OWN_LOOP] * 3
    assert summary.loops == (
        LoopCount("function", "asyncio", planned=3, opened=0),
        LoopCount(None, "asyncio", planned=0, opened=2),
    )


def test_loops_are_counted_by_scope_the_widest_first() -> None:
    first, second = Recorded("gw0"), Recorded("gw1")
    for run in (first, second):
        run.test(f"test_{run.events[0]}", f"loop {run is first}", opens=True)
        run.shared_loop("module")
        run.shared_loop("session", "the session's", "")
    summary = summarise([first.ended(), second.ended()])
    assert summary.loops == (
        LoopCount("session", "asyncio", planned=1, opened=2),
        LoopCount("module", "asyncio", planned=1, opened=2),
        LoopCount("function", "asyncio", planned=2, opened=2),
    )
    assert [str(loop.place) for loop in summary.planned] == [
        f"module {MODULE} [asyncio]",
        "session [asyncio]",
    ]


def test_a_fixture_is_added_up_over_its_instances() -> None:
    run = Recorded()
    run.shared_loop()
    run.fixture("client", SHARED, 0.5)
    run.fixture("client", SHARED, 0.25, node="tests/test_b.py")
    run.torn_down("client", 0.125)
    run.fixture("broken", SHARED, 1.0, error="ValueError: no")
    run.torn_down("broken", 1.0)
    client, broken = summarise([run.ended()]).fixtures
    assert (client.times, client.setup, client.slowest) == (2, 0.75, 0.5)
    assert (client.torn_down, client.teardown, client.seconds) == (1, 0.125, 0.875)
    assert [(one.node, one.loop) for one in client.instances] == [
        (MODULE, MODULE_LOOP),
        ("tests/test_b.py", MODULE_LOOP),
    ]
    assert (broken.errors, broken.torn_down) == (1, 0)


def test_the_slowest_come_first() -> None:
    run = Recorded()
    for number in (1, 3, 2):
        run.fixture(f"fixture_{number}", None, number, line=number)
        run.test(f"test_{number}", call=number)
    summary = summarise([run.ended()])
    assert [test.call for test in summary.slowest_tests(2)] == [3, 2]
    assert [fixture.setup for fixture in summary.slowest_fixtures(2)] == [3, 2]


def test_what_every_worker_finds_is_told_once() -> None:
    found = Found(0.0, "LS101", "LS101 loop scope mismatch", None)
    processes = [Recorded("gw0"), Recorded("gw1")]
    for run in processes:
        run.add(found, LeftBehind(0.0, "LS301", "task", "a task", None, None, None, False))
    summary = summarise([run.ended() for run in processes])
    assert summary.findings == (found,)
    assert len(summary.leftovers) == 2


def test_what_has_no_end_is_told() -> None:
    run = Recorded("gw1")
    run.add(LoopOpened(0.0, "open", "asyncio"), TaskBegan(0.0, "session", "open"))
    run.add(LoopOpened(0.0, "closed", "asyncio"), LoopClosed(0.0, "closed"))
    run.add(TaskBegan(0.0, "left", "open"), TaskEnded(0.0, "left", "open"))
    run.fixture("client", "open")
    run.fixture("gone", "open")
    run.torn_down("gone")
    run.test("test_over")
    run.test("test_it", outcomes=("passed",))
    assert summarise([run.events]).unfinished == (
        Unfinished("run", "the run itself", "gw1"),
        Unfinished("loop", "open", "gw1"),
        Unfinished("task", "the task of session", "gw1"),
        Unfinished("fixture", f"client of {MODULE}", "gw1"),
        Unfinished("test", f"{MODULE}::test_it", "gw1"),
    )


def test_a_run_that_ended_left_nothing_open() -> None:
    assert summarise([EVERY_KIND]).unfinished == ()


def test_the_time_is_that_of_all_processes() -> None:
    first, second = Recorded(), Recorded()
    first.time, second.time = 2.0, 5.0
    summary = summarise([first.ended(), second.ended()])
    assert summary.seconds == 5.0
    assert [process.seconds for process in summary.processes] == [2.0, 5.0]


def test_nothing_comes_to_nothing() -> None:
    summary = summarise([], is_complete=False)
    assert (summary.tests, summary.seconds, summary.is_complete) == ((), 0.0, False)


@given(processes=any_processes)
def test_any_events_can_be_added_up(processes: list[list[Event]]) -> None:
    summary = summarise(processes)
    made = json.loads(as_json("summary", summary))
    assert (made["format"], made["version"]) == ("loopscope summary", 1)
    assert len(made["tests"]) == len(summary.tests)


def test_the_json_has_all_of_it() -> None:
    made = json.loads(as_json("summary", summarise([EVERY_KIND])))
    (test,) = made["tests"]
    assert test["loop"] == {"backend": "asyncio", "scope": "module", "node": MODULE}
    assert test["seconds"] == pytest.approx(1.1)  # its phases follow one another
    assert made["findings"][0]["code"] == "LS101"
    assert made["blocked"][0]["stack"] == ["f at a.py:1", "g at a.py:2"]
    assert made["is_complete"] is True
