"""What a trace says of a run that our engine executes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.trace.events import (
    Blocked,
    Cancelled,
    Crashed,
    FixtureSetUp,
    FixtureTornDown,
    Found,
    LeftBehind,
    LoopClosed,
    LoopOpened,
    LoopPlanned,
    RunBegan,
    RunEnded,
    TaskBegan,
    TaskEnded,
    TestBegan,
    TestEnded,
)

if TYPE_CHECKING:
    from tests.tracing.conftest import Recorded

SUITE = """
import anyio
import pytest

@pytest.fixture(scope="module")
async def pool():
    yield "pool"
    await anyio.lowlevel.checkpoint()

@pytest.fixture
async def note(pool):
    return pool

@pytest.fixture
def plain():
    return 1

async def test_shares(note):
    pass

async def test_has_its_own(plain):
    pass

def test_sync(plain):
    pass
"""


def words(recorded: Recorded) -> list[str]:
    """Return what happened, in order, in a few words each."""
    told = []
    for event in recorded.events():
        if isinstance(event, TestEnded):
            outcomes = " ".join(phase.outcome for phase in event.phases)
            told.append(f"end {event.test.partition('::')[2]} {outcomes}")
        elif isinstance(event, TestBegan):
            told.append(f"begin {event.name}")
        elif isinstance(event, FixtureSetUp):
            told.append(f"up {event.name}")
        elif isinstance(event, FixtureTornDown):
            told.append(f"down {event.fixture.partition('@')[0].rpartition(':')[2]}")
        elif isinstance(event, (LoopOpened, LoopClosed)):
            what = "open" if isinstance(event, LoopOpened) else "close"
            told.append(f"{what} {event.loop.partition(' ')[0]}")
        elif isinstance(event, (TaskBegan, TaskEnded)):
            told.append(f"{type(event).__name__} {event.task.partition(' ')[0]}")
        else:
            told.append(type(event).__name__)
    return told


def test_a_run_is_recorded_in_the_order_in_which_it_happened(
    recorded: Recorded, backend: str
) -> None:
    recorded.run(SUITE, backend=backend).assert_outcomes(passed=3)
    assert words(recorded) == [
        "RunBegan",
        "LoopPlanned",
        "begin test_shares",
        "open module",
        "TaskBegan module",
        "up pool",
        "up note",
        "down note",
        "end test_shares passed passed passed",
        "begin test_has_its_own",
        "up plain",
        "open function",
        "close function",
        "down plain",
        "end test_has_its_own passed passed passed",
        "begin test_sync",
        "up plain",
        "down plain",
        "down pool",
        "TaskEnded module",
        "close module",
        "end test_sync passed passed passed",
        "RunEnded",
    ]


def test_everything_ran_where_it_was_planned(recorded: Recorded, backend: str) -> None:
    recorded.run(SUITE, backend=backend).assert_outcomes(passed=3)
    planned = {event.test: event.planned for event in recorded.all(TestBegan)}
    ran = {event.test: event.loop for event in recorded.all(TestEnded)}
    assert ran == planned
    assert list(ran.values()) == [
        f"module test_it.py [{backend}]",
        f"function test_it.py::test_has_its_own [{backend}]",
        None,
    ]
    fixtures = recorded.all(FixtureSetUp)
    assert [event.name for event in fixtures] == ["pool", "note", "plain", "plain"]
    assert all(event.loop == event.planned for event in fixtures)


def test_times_lie_within_one_another(recorded: Recorded) -> None:
    recorded.run(SUITE)
    events = recorded.events()
    times = [event.time for event in events if not isinstance(event, TestBegan)]
    assert times == sorted(times)
    phases = [
        (began, phase.ended)
        for test in recorded.all(TestEnded)
        for began, phase in zip(
            [test.began, *(phase.ended for phase in test.phases)], test.phases, strict=False
        )
    ]
    assert len(phases) == 9
    assert all(began <= ended for began, ended in phases)
    steps: list[FixtureSetUp | FixtureTornDown] = [
        *recorded.all(FixtureSetUp),
        *recorded.all(FixtureTornDown),
    ]
    for fixture in steps:
        around = [1 for began, ended in phases if began <= fixture.began and fixture.time <= ended]
        assert len(around) == 1


def test_phases_that_are_reported_late_have_their_own_times(recorded: Recorded) -> None:
    pytest.importorskip("pytest_rerunfailures")
    recorded.run(
        """
import pytest

ran = []

@pytest.fixture
async def note():
    yield

async def test_is_run_again(note):
    ran.append(1)
    assert len(ran) == 2
""",
        "--reruns=1",
    )
    first, second = recorded.all(TestEnded)
    outcomes = [[(phase.name, phase.outcome) for phase in one.phases] for one in (first, second)]
    assert outcomes == [
        [("setup", "passed"), ("call", word), ("teardown", "passed")]
        for word in ("rerun", "passed")
    ]
    for test, setup, down in zip(
        (first, second), recorded.all(FixtureSetUp), recorded.all(FixtureTornDown), strict=True
    ):
        assert test.began <= setup.began <= setup.time <= test.phases[0].ended
        assert test.phases[1].ended <= down.began


def test_the_plan_is_recorded_with_its_reasons(recorded: Recorded) -> None:
    recorded.run(SUITE)
    (planned,) = recorded.all(LoopPlanned)
    assert planned._replace(time=0) == LoopPlanned(
        0, "module test_it.py [asyncio]", "asyncio", "module", "test_it.py", "pool",
        "test_it.py:4", 1,
    )  # fmt: skip


def test_the_run_itself_is_described(recorded: Recorded) -> None:
    result = recorded.run("async def test_fails(): assert False")
    (began,), (ended,) = recorded.all(RunBegan), recorded.all(RunEnded)
    assert began.pytest == pytest.__version__
    assert (began.engine, began.policy, began.worker) == ("on", "planned", None)
    assert ended.exit_code == result.ret == 1


def test_a_failure_is_recorded_with_its_first_line(recorded: Recorded) -> None:
    recorded.run("""
import pytest

@pytest.fixture
async def broken():
    raise ValueError("no\\nfixture")

async def test_fails():
    raise ValueError("no test")

async def test_has_no_fixture(broken):
    pass
""").assert_outcomes(failed=1, errors=1)
    phases = [phase for test in recorded.all(TestEnded) for phase in test.phases]
    failed = [phase for phase in phases if phase.outcome == "failed"]
    assert [(phase.name, phase.error) for phase in failed] == [
        ("call", "ValueError: no test"),
        ("setup", "ValueError: no"),
    ]
    (fixture,) = recorded.all(FixtureSetUp)
    assert fixture.error == "ValueError: no"
    assert recorded.all(FixtureTornDown) == []


def test_what_is_wrong_with_the_plan_is_recorded(recorded: Recorded) -> None:
    recorded.run("""
import pytest

@pytest.fixture(scope="module")
async def db():
    yield

@pytest.mark.loopscope(scope="function")
async def test_mismatch(db):
    pass
""").assert_outcomes(errors=1)
    (found,) = recorded.all(Found)
    assert found.code == "LS101"
    assert found.text.startswith("LS101 loop scope mismatch: test_mismatch")


LEAVES = """
import asyncio
import pytest

@pytest.fixture(scope="module")
async def pool():
    yield

async def test_leaves(pool):
    asyncio.get_running_loop().create_task(asyncio.sleep(3600), name="the leftover")
"""


@pytest.mark.parametrize("policy", ["ignore", "warn"])
def test_what_is_left_behind_is_recorded_whatever_is_told(recorded: Recorded, policy: str) -> None:
    recorded.run(LEAVES, f"--loopscope-leaks={policy}", "-Wdefault").assert_outcomes(
        passed=1, warnings=int(policy == "warn")
    )
    (left,) = recorded.all(LeftBehind)
    assert (left.code, left.kind, left.test) == ("LS311", "task", "test_it.py::test_leaves")
    assert "the leftover" in left.text
    assert left.has_ended


def test_a_crash_is_recorded_with_the_fixture_and_the_test(
    recorded: Recorded, backend: str
) -> None:
    recorded.run(
        """
import anyio
import pytest

@pytest.fixture(scope="module")
async def server():
    async def fails():
        raise ValueError("in the background")

    async with anyio.create_task_group() as tasks:
        yield lambda: tasks.start_soon(fails)

async def test_waits(server):
    server()
    await anyio.sleep_forever()
""",
        backend=backend,
    ).assert_outcomes(failed=1)
    (crashed,) = recorded.all(Crashed)
    assert crashed.test == "test_it.py::test_waits"
    assert crashed.fixture is not None
    assert "server" in crashed.fixture
    assert "in the background" in str(crashed.error)


def test_a_time_limit_is_recorded(recorded: Recorded, backend: str) -> None:
    recorded.run(
        """
import anyio
import pytest

@pytest.mark.loopscope(timeout=1)
async def test_hangs():
    await anyio.sleep_forever()
""",
        backend=backend,
    ).assert_outcomes(failed=1)
    (cancelled,) = recorded.all(Cancelled)
    assert cancelled.test == "test_it.py::test_hangs"
    assert cancelled.why == "its time of 1 s was up"


def test_an_interrupt_is_recorded(recorded: Recorded) -> None:
    recorded.run("""
import signal

def test_interrupts():
    signal.raise_signal(signal.SIGINT)
""")
    (cancelled,) = recorded.all(Cancelled)
    assert cancelled.test == "test_it.py::test_interrupts"
    assert cancelled.why.startswith("KeyboardInterrupt")


def test_a_blocked_loop_is_recorded_with_its_stack(recorded: Recorded) -> None:
    recorded.run(
        """
import time

async def test_blocks():
    time.sleep(0.3)
""",
        "--loopscope-blocked=0.05",
        "-Wdefault",
    )
    (blocked,) = recorded.all(Blocked)
    assert blocked.test == "test_it.py::test_blocks"
    assert blocked.stack[-1] == "test_it.py:4 test_blocks"


def test_errors_that_cannot_be_shown_are_recorded_all_the_same(recorded: Recorded) -> None:
    recorded.run("""
import anyio
import pytest

class Unshown(Exception):
    def __repr__(self):
        raise RuntimeError("no repr")
    __str__ = __repr__

@pytest.fixture
async def broken():
    raise Unshown

@pytest.fixture
async def server():
    async def fails():
        raise Unshown

    async with anyio.create_task_group() as tasks:
        yield lambda: tasks.start_soon(fails)

async def test_has_no_fixture(broken):
    pass

async def test_waits(server):
    server()
    await anyio.sleep_forever()
""").assert_outcomes(failed=1, errors=1)
    assert [event.error for event in recorded.all(FixtureSetUp)] == ["Unshown", None]
    (crashed,) = recorded.all(Crashed)
    assert "no repr" in str(crashed.error)
