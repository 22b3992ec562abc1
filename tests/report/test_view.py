"""What a timeline shows of a run, before anybody draws it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from loopscope.report.rows import MOST_ROWS
from loopscope.report.view import view
from loopscope.trace.events import Crashed, FixtureTornDown, Found, LoopOpened, TaskBegan, TaskEnded
from tests.report.traces import STARTED, Script, cut_off, large, loop_of, realistic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from loopscope.report.model import Bar, Timeline

MODULE = "tests/test_a.py"
TEST = f"{MODULE}::test_it"
OWN = loop_of("function", TEST)


def script(worker: str | None = None) -> Script:
    """Return a run that has begun."""
    new = Script(worker)
    new.began()
    return new


def ran(script: Script, test: str, planned: str | None, loop: str | None = None) -> None:
    """Have a test run for three seconds, on the loop that it was planned on."""
    script.begin(test, planned)
    for phase in ("setup", "call", "teardown"):
        on = (loop or planned) if phase == "call" else None
        script.phase(test, phase, 1.0, loop=on)


def bars(timeline: Timeline, *kinds: str) -> list[Bar]:
    return [bar for bar in timeline.bars if bar.kind in kinds]


def spans(bars: Iterable[Bar]) -> list[tuple[str, float, float]]:
    return [(bar.kind, bar.begin, bar.end) for bar in bars]


def labels(timeline: Timeline) -> list[tuple[int, str, int]]:
    return [(lane.depth, lane.label, lane.rows) for lane in timeline.lanes]


def overlaps(bars: Iterable[Bar]) -> list[tuple[Bar, Bar]]:
    """Return the bars that cover one another; a plan is drawn around its loop."""
    placed = sorted(
        (bar for bar in bars if bar.kind != "planned"),
        key=lambda bar: (bar.lane, bar.row, bar.begin, bar.end),
    )
    return [
        (before, after)
        for before, after in itertools.pairwise(placed)
        if (before.lane, before.row) == (after.lane, after.row) and before.end > after.begin
    ]


def test_nothing_is_shown_of_nothing() -> None:
    assert view([]).lanes == view([[]]).lanes == ()


def test_lanes_nest_as_the_scopes_do() -> None:
    assert labels(view([realistic()])) == [
        (0, "findings", 1),
        (0, "session loops [asyncio]", 1),
        (0, "session tasks [asyncio]", 1),
        (0, "session fixtures", 1),
        (0, "session fixtures [asyncio]", 3),
        (1, "module loops [asyncio]", 1),
        (1, "module tasks [asyncio]", 1),
        (1, "module fixtures [asyncio]", 1),
        (2, "function loops [asyncio]", 1),
        (2, "function fixtures [asyncio]", 1),
        (2, "tests", 1),
    ]


def test_the_loops_of_all_tests_share_a_lane_and_a_row() -> None:
    timeline = view([large(300)])
    loops = [bar for bar in bars(timeline, "loop") if bar.test is not None]
    assert len(loops) == 300
    assert len({(bar.lane, bar.row) for bar in loops}) == 1


def test_each_backend_has_lanes_of_its_own() -> None:
    run = script()
    for backend in ("asyncio", "trio"):
        run.closed(run.opened("module", MODULE, backend))
    assert labels(view([run.events])) == [
        (0, "module loops [asyncio]", 1),
        (0, "module loops [trio]", 1),
    ]


@pytest.mark.parametrize("make", [realistic, lambda: cut_off(realistic()), lambda: large(200)])
def test_bars_never_cover_one_another(make: Callable[[], list[object]]) -> None:
    assert overlaps(view([make()]).bars) == []  # type: ignore[list-item]


def test_fixtures_that_live_at_once_are_in_rows() -> None:
    run = script()
    first = run.set_up("first", "module", MODULE, None, 1.0)
    second = run.set_up("second", "module", MODULE, None, 1.0)
    run.torn_down(second, None, 1.0)
    run.torn_down(first, None, 1.0)
    timeline = view([run.events])
    assert labels(timeline) == [(0, "module fixtures", 2)]
    assert {(bar.name, bar.row) for bar in timeline.bars} == {("first", 0), ("second", 1)}


def test_a_fixture_returns_to_the_row_that_it_had() -> None:
    run = script()
    for _ in range(2):
        long = run.set_up("long", "function", TEST, None, 1.0)
        short = run.set_up("short", "function", TEST, None, 1.0)
        run.torn_down(long, None, 0.5)
        run.torn_down(short, None, 0.5)
    rows = {(bar.name, bar.row) for bar in view([run.events]).bars}
    assert rows == {("long", 0), ("short", 1)}


def test_a_lane_does_not_grow_without_an_end() -> None:
    run = script()
    for number in range(MOST_ROWS + 50):
        run.set_up(f"fixture_{number}", "session", "", None, 0.01)
    (lane,) = view([run.events]).lanes
    assert lane.rows == MOST_ROWS


def test_a_test_is_its_phases() -> None:
    run = script()
    ran(run, TEST, OWN)
    run.ended()
    timeline = view([run.events])
    assert spans(timeline.bars) == [("setup", 0, 1), ("call", 1, 2), ("teardown", 2, 3)]
    assert {bar.origin for bar in timeline.bars} == {f"{MODULE}:1"}
    assert [test.outcome for test in timeline.tests] == ["passed"]
    assert timeline.is_complete


def test_a_fixture_is_its_setup_its_life_and_its_teardown() -> None:
    run = script()
    fixture = run.set_up("db", "module", MODULE, None, 1.0, origin="tests/conftest.py:3")
    run.now += 5.0
    run.torn_down(fixture, None, 2.0)
    timeline = view([run.events])
    assert spans(timeline.bars) == [("set up", 0, 1), ("fixture", 1, 6), ("torn down", 6, 8)]
    assert {bar.origin for bar in timeline.bars} == {"tests/conftest.py:3"}


def test_a_fixture_that_fails_to_be_set_up_has_no_life() -> None:
    run = script()
    run.set_up("db", "module", MODULE, None, 1.0, error="OSError: refused")
    run.now += 5.0
    run.ended()
    (bar,) = view([run.events]).bars
    assert (bar.kind, bar.outcome, bar.text) == ("set up", "failed", "OSError: refused")


def test_the_task_of_a_scope_is_in_the_lane_of_its_scope() -> None:
    run = script()
    loop = run.opened("session", "")
    run.record(TaskBegan(1.0, f"module {MODULE}", loop))
    run.record(TaskEnded(3.0, f"module {MODULE}", loop))
    timeline = view([run.events])
    (task,) = bars(timeline, "task")
    assert timeline.lanes[task.lane].label == "module tasks [asyncio]"
    assert (task.begin, task.end, task.module) == (1.0, 3.0, MODULE)


@pytest.mark.parametrize(
    ("outcomes", "outcome"),
    [
        pytest.param(["passed", "passed", "passed"], "passed", id="all-pass"),
        pytest.param(["passed", "failed", "passed"], "failed", id="call-fails"),
        pytest.param(["failed", None, "passed"], "failed", id="setup-fails"),
        pytest.param(["passed", "passed", "failed"], "failed", id="teardown-fails"),
        pytest.param(["skipped", None, "passed"], "skipped", id="skipped"),
        pytest.param(["passed", "passed", None], "unfinished", id="no-teardown"),
        pytest.param(["passed", "failed", None], "failed", id="failed-and-no-teardown"),
    ],
)
def test_an_outcome_is_that_of_the_worst_phase(outcomes: list[str | None], outcome: str) -> None:
    run = script()
    run.begin(TEST, OWN)
    for phase, one in zip(("setup", "call", "teardown"), outcomes, strict=True):
        if one is not None:
            run.phase(TEST, phase, 1.0, one)
    assert [test.outcome for test in view([run.events]).tests] == [outcome]


def test_a_test_that_is_run_again_is_another_one() -> None:
    run = script()
    run.begin(TEST, OWN)
    run.phase(TEST, "setup", 1.0, "failed")
    run.phase(TEST, "teardown", 1.0)
    ran(run, TEST, OWN)
    assert [test.outcome for test in view([run.events]).tests] == ["failed", "passed"]


def test_what_had_not_ended_is_drawn_up_to_the_last_known_time() -> None:
    run = script()
    loop = run.opened("module", MODULE)
    run.record(TaskBegan(0.0, f"module {MODULE}", loop))
    run.set_up("db", "module", MODULE, loop, 1.0)
    run.begin(TEST, loop)
    run.phase(TEST, "setup", 1.0)
    run.record(Found(7.0, "LS000", "the last that was heard"))
    timeline = view([run.events])
    unended = [bar for bar in timeline.bars if not bar.has_ended]
    assert {(bar.kind, bar.end) for bar in unended} == {
        ("loop", 7.0),
        ("task", 7.0),
        ("fixture", 7.0),
        ("call", 7.0),
    }
    assert not timeline.is_complete


@pytest.mark.parametrize(
    ("phases", "unended"),
    [
        pytest.param({}, "call", id="only-begun"),
        pytest.param({"setup": "passed"}, "call", id="setup"),
        pytest.param({"setup": "failed"}, "teardown", id="failed-setup"),
        pytest.param({"setup": "passed", "call": "passed"}, "teardown", id="call"),
    ],
)
def test_a_test_that_was_cut_off_is_in_its_next_phase(phases: dict[str, str], unended: str) -> None:
    run = script()
    run.begin(TEST, OWN)
    for phase, outcome in phases.items():
        run.phase(TEST, phase, 1.0, outcome)
    (bar,) = [bar for bar in view([run.events]).bars if not bar.has_ended]
    assert bar.kind == unended


def test_a_phase_of_a_test_that_nobody_began_is_shown() -> None:
    run = script()
    run.phase(TEST, "teardown", 1.0)
    (bar,) = view([run.events]).bars
    assert (bar.name, bar.module, bar.origin) == ("test_it", MODULE, None)


@pytest.mark.parametrize(
    ("planned", "loop", "differs"),
    [
        pytest.param(OWN, OWN, False, id="as-planned"),
        pytest.param(OWN, loop_of("session", ""), True, id="elsewhere"),
        pytest.param(None, None, False, id="on-no-loop"),
    ],
)
def test_a_test_that_ran_elsewhere_than_planned_is_marked(
    planned: str | None, loop: str | None, differs: bool
) -> None:
    run = script()
    run.opened("function", TEST)
    run.opened("session", "")
    ran(run, TEST, planned, loop)
    (call,) = bars(view([run.events]), "call")
    assert call.differs is differs


def test_a_fixture_that_was_made_elsewhere_than_planned_is_marked() -> None:
    run = script()
    loop = run.opened("session", "")
    run.set_up("db", "module", MODULE, loop, 1.0, planned=loop_of("module", MODULE))
    assert {bar.differs for bar in bars(view([run.events]), "set up", "fixture")} == {True}


@pytest.mark.parametrize(
    ("loops", "differing"),
    [
        pytest.param(["one", "one"], [], id="shared-as-planned"),
        pytest.param(["one", "two"], ["test_b"], id="apart"),
    ],
)
def test_a_loop_of_unknown_place_stands_for_the_first_plan_on_it(
    loops: list[str], differing: list[str]
) -> None:
    run = script()
    planned = run.planned("module", MODULE, "db", "tests/conftest.py:1", 2)
    for loop in dict.fromkeys(loops):
        run.record(LoopOpened(run.now, loop, "asyncio"))
    for name, loop in zip(("test_a", "test_b"), loops, strict=True):
        ran(run, f"{MODULE}::{name}", planned, loop)
    timeline = view([run.events])
    assert [bar.name for bar in bars(timeline, "call") if bar.differs] == differing
    assert "observed loops [asyncio]" in [lane.label for lane in timeline.lanes]


def test_two_plans_on_one_loop_of_unknown_place_differ() -> None:
    run = script()
    run.record(LoopOpened(run.now, "one", "asyncio"))
    for name in ("test_a", "test_b"):
        test = f"{MODULE}::{name}"
        ran(run, test, loop_of("function", test), "one")
    assert [bar.name for bar in bars(view([run.events]), "call") if bar.differs] == ["test_b"]


def test_a_planned_loop_is_drawn_from_its_first_use_to_its_last() -> None:
    run = script()
    loop = run.planned("module", MODULE, "db", "tests/conftest.py:1", 2)
    run.now = 2.0
    ran(run, f"{MODULE}::test_a", loop)
    run.now = 9.0
    ran(run, f"{MODULE}::test_b", loop)
    (planned,) = bars(view([run.events]), "planned")
    assert (planned.begin, planned.end, planned.origin) == (2.0, 12.0, "tests/conftest.py:1")


def test_a_plan_is_in_the_row_of_its_loop() -> None:
    timeline = view([realistic()])
    loops = {bar.name: (bar.lane, bar.row) for bar in bars(timeline, "loop")}
    plans = {bar.name: (bar.lane, bar.row) for bar in bars(timeline, "planned")}
    assert plans
    assert plans.items() <= loops.items()


def test_a_finding_is_told_once_and_without_its_code_in_the_text() -> None:
    run = script()
    for _ in range(2):
        run.record(Found(1.0, "LS101", "LS101 loop scope mismatch: ..."))
    (finding,) = view([run.events]).findings
    assert (finding.code, finding.text) == ("LS101", "loop scope mismatch: ...")


def test_a_crash_names_the_fixture_the_error_and_the_test() -> None:
    run = script()
    run.begin(TEST, OWN)
    run.record(Crashed(1.0, "server", "OSError('gone')", TEST))
    timeline = view([run.events])
    (finding,) = timeline.findings
    assert finding.text == "the background of server failed: OSError('gone')"
    assert finding.test is not None
    assert timeline.tests[finding.test].id == TEST


def test_workers_have_lanes_of_their_own_on_one_clock() -> None:
    first, second = Script("gw0"), Script("gw1")
    first.began(STARTED)
    second.began(STARTED + 10.0)
    for one in (first, second):
        ran(one, TEST, OWN)
    timeline = view([first.events, second.events])
    assert [(lane.process, lane.label) for lane in timeline.lanes] == [
        ("gw0", "tests"),
        ("gw1", "tests"),
    ]
    assert [(bar.lane, bar.begin) for bar in bars(timeline, "setup")] == [(0, 0.0), (1, 10.0)]
    assert timeline.end == 13.0


def test_a_process_alone_needs_no_name() -> None:
    assert {lane.process for lane in view([realistic()]).lanes} == {""}


def test_a_bar_knows_the_test_that_it_belongs_to() -> None:
    timeline = view([large(5), large(5, worker="gw1")])
    for bar in bars(timeline, "loop", "call", "fixture"):
        if bar.test is not None:
            assert timeline.tests[bar.test].module == bar.module


def test_the_slowest_fixtures_are_summed_over_their_instances() -> None:
    run = script()
    for seconds in (1.0, 3.0):
        run.torn_down(run.set_up("slow", "module", MODULE, None, seconds), None, 0.5)
    run.set_up("quick", "session", "", None, 0.1)
    slow, quick = view([run.events]).slowest_fixtures
    assert (slow.name, slow.times, slow.setup, slow.teardown) == ("slow", 2, 4.0, 1.0)
    assert (slow.slowest, slow.total) == (3.0, 5.0)
    assert quick.name == "quick"


def test_loops_are_counted_by_scope_the_widest_first() -> None:
    rows = view([realistic()]).loops_per_scope
    counts = [(row.scope, row.backend, row.planned, row.opened, row.tests) for row in rows]
    assert counts == [
        ("session", "asyncio", 1, 1, 22),
        ("module", "asyncio", 2, 2, 22),
        ("function", "asyncio", 12, 12, 12),
    ]
    assert rows[0].because == "client at tests/conftest.py:54"


def test_a_loop_of_unknown_place_is_counted_as_observed() -> None:
    run = script()
    run.record(LoopOpened(0.0, "one", "asyncio"))
    run.record(LoopOpened(0.0, "two", "asyncio"))
    ran(run, TEST, OWN, "one")
    counts = [(row.scope, row.planned, row.opened) for row in view([run.events]).loops_per_scope]
    assert counts == [("function", 1, 0), ("observed", None, 2)]


def test_the_teardown_of_a_fixture_that_nobody_set_up_is_left_out() -> None:
    run = script()
    run.record(FixtureTornDown(2.0, 1.0, "unknown", None))
    assert view([run.events]).bars == ()


def test_the_facts_are_what_the_run_says_of_itself() -> None:
    assert view([realistic()]).facts == {
        "loopscope": "0.1.0",
        "pytest": "9.2.0",
        "Python": "3.13.1",
        "engine": "on",
        "loops": "planned",
    }
