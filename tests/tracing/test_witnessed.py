"""What is witnessed of a run that we execute is what code has seen, and not what was planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.trace.events import FixtureSetUp, FixtureTornDown, LoopOpened, RunBegan, TestEnded

if TYPE_CHECKING:
    from tests.tracing.conftest import Recorded

WITNESS = "--loopscope-witness"
SUITE = """
import pytest

@pytest.fixture(scope="module")
async def pool():
    yield

@pytest.fixture
async def value(pool):
    return 1

async def test_shares(value): ...

async def test_has_its_own(): ...

def test_sync(): ...
"""


def test_everything_is_seen_where_it_was_planned(recorded: Recorded, backend: str) -> None:
    recorded.run(SUITE, WITNESS, backend=backend).assert_outcomes(passed=3)
    (began,) = recorded.all(RunBegan)
    assert began.witnessed
    module = f"module test_it.py [{backend}]"
    assert [event.loop for event in recorded.all(TestEnded)] == [
        module,
        f"function test_it.py::test_has_its_own [{backend}]",
        None,
    ]
    assert [event.loop for event in recorded.all(FixtureSetUp)] == [module, module]
    # One after its `yield`; the other has no code to run.
    assert [event.loop for event in recorded.all(FixtureTornDown)] == [None, module]


LYING = """
from loopscope.plugin.runtime import Runtime

loop_for = Runtime.loop_for

def lying(self, vertex):
    wide = [loop for loop in self.loops if loop.anchor.scope.word == "module"]
    return wide[0] if wide and vertex.name == "test_has_its_own" else loop_for(self, vertex)
"""


def test_what_runs_elsewhere_than_the_plan_has_it_is_seen_there(
    recorded: Recorded, backend: str
) -> None:
    recorded.pytester.makeconftest(f"{LYING}\nRuntime.loop_for = lying\n")
    recorded.run(SUITE, WITNESS, backend=backend).assert_outcomes(passed=3)
    seen = [event.loop for event in recorded.all(TestEnded)]
    assert seen[:2] == [f"module test_it.py [{backend}]"] * 2


def test_a_loop_that_is_not_of_ours_is_called_by_who_was_seen_on_it(recorded: Recorded) -> None:
    recorded.pytester.makeconftest("""
import asyncio

def pytest_pyfunc_call(pyfuncitem):
    asyncio.run(pyfuncitem.obj())
    return True
""")
    result = recorded.run("async def test_it(): ...", WITNESS, "--loopscope-mode=strict")
    result.assert_outcomes(passed=1)
    (loop,) = recorded.all(LoopOpened)
    assert (loop.loop, loop.scope) == ("a loop of test_it.py::test_it [asyncio]", None)


def test_what_a_fixture_holds_open_over_its_yield_stays_open(
    recorded: Recorded, backend: str
) -> None:
    pytest.importorskip("anyio")
    recorded.run(
        """
import anyio
import pytest

@pytest.fixture(scope="module")
async def limit():
    with pytest.raises(TimeoutError):
        with anyio.fail_after(0.01):
            yield

async def test_is_cancelled(limit):
    await anyio.sleep(60)
""",
        WITNESS,
        backend=backend,
    )
    (down,) = recorded.all(FixtureTornDown)
    assert down.loop == f"module test_it.py [{backend}]"
