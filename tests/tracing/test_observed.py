"""What a trace says of a run that other plugins execute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.trace.events import (
    FixtureSetUp,
    LoopClosed,
    LoopOpened,
    RunBegan,
    TestBegan,
    TestEnded,
)
from tests.tracing.conftest import Recorded

if TYPE_CHECKING:
    from collections.abc import Sequence

for module in ("anyio", "pytest_asyncio", "pytest_trio", "hypothesis"):
    pytest.importorskip(module)

OBSERVE = ("--loopscope-engine=observe", "-pno:randomly", "-pno:cacheprovider")

PREAMBLE = """
import anyio
import pytest
import pytest_asyncio
from hypothesis import given, strategies
"""


class Observed(Recorded):
    """A suite that is executed by the plugins whose words it uses."""

    def rerun(self, *options: str) -> pytest.RunResult:
        trace = f"--loopscope-trace={self.path}"
        ini = "-oasyncio_default_fixture_loop_scope=function"
        return self.pytester.runpytest_subprocess("-Werror", trace, ini, *OBSERVE, *options)

    def observe(self, source: str) -> pytest.RunResult:
        return self.run(f"{PREAMBLE}\n{source}")

    def ran(self) -> dict[str, str | None]:
        """Return where each test really ran, by its name."""
        return {event.test.partition("::")[2]: event.loop for event in self.all(TestEnded)}


@pytest.fixture
def observed(pytester: pytest.Pytester) -> Observed:
    return Observed(pytester)


def names(events: Sequence[LoopOpened | LoopClosed]) -> list[str]:
    return [event.loop for event in events]


def test_what_runs_elsewhere_than_it_would_be_planned_differs(observed: Observed) -> None:
    observed.observe("""
@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pool():
    yield

@pytest.mark.asyncio
async def test_elsewhere(pool):
    pass

@pytest.mark.asyncio(loop_scope="session")
async def test_there(pool):
    pass

@pytest.mark.asyncio
async def test_alone():
    pass
""").assert_outcomes(passed=3)
    (began,) = observed.all(RunBegan)
    assert began.engine == "observe"
    assert observed.ran() == {
        "test_elsewhere": "a loop of test_it.py::test_elsewhere [asyncio]",
        "test_there": "session [asyncio]",
        "test_alone": "function test_it.py::test_alone [asyncio]",
    }
    planned = {event.name: event.planned for event in observed.all(TestBegan)}
    assert planned["test_elsewhere"] != observed.ran()["test_elsewhere"]
    assert planned["test_alone"] == observed.ran()["test_alone"]
    (pool,) = observed.all(FixtureSetUp)
    assert pool.loop == "session [asyncio]"


def test_the_end_of_each_loop_is_seen(observed: Observed) -> None:
    observed.observe("""
@pytest.mark.asyncio
async def test_asyncio():
    pass

@pytest.mark.trio
async def test_trio():
    pass
""").assert_outcomes(passed=2)
    opened = names(observed.all(LoopOpened))
    assert len(opened) == 2
    assert names(observed.all(LoopClosed)) == opened


def test_anyio_s_tests_are_seen_on_both_backends(observed: Observed) -> None:
    observed.observe("""
@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param

@pytest.fixture(scope="module")
async def pool(anyio_backend):
    yield

@pytest.mark.anyio
async def test_it(pool):
    pass
""").assert_outcomes(passed=2)
    key = "anyio_backend at test_it.py:7"
    assert list(observed.ran().values()) == [
        f"module test_it.py [{key} [asyncio]]",
        f"module test_it.py [{key} [trio]]",
    ]
    assert [event.backend for event in observed.all(LoopOpened)] == ["asyncio", "trio"]
    fixtures = [event for event in observed.all(FixtureSetUp) if event.name == "pool"]
    assert [event.loop for event in fixtures] == list(observed.ran().values())


def test_methods_and_fixtures_of_classes_keep_their_instance(observed: Observed) -> None:
    observed.observe("""
class TestIt:
    @pytest_asyncio.fixture
    async def me(self):
        yield self

    @pytest_asyncio.fixture
    async def mine(self):
        return self

    @pytest.mark.asyncio
    async def test_it(self, me, mine):
        assert me is self
        assert mine is self
""").assert_outcomes(passed=1)
    loops = {event.loop for event in observed.all(FixtureSetUp)}
    assert loops == set(observed.ran().values())


def test_what_a_fixture_holds_open_is_left_in_its_task(observed: Observed) -> None:
    observed.observe("""
EVENTS = []

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.fixture
async def held():
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep_forever)
            yield "value"
            tasks.cancel_scope.cancel()
    finally:
        EVENTS.append("down")

@pytest.mark.anyio
async def test_it(held):
    assert held == "value"

def test_after():
    assert EVENTS == ["down"]
""").assert_outcomes(passed=2)


def test_examples_of_hypothesis_are_seen(observed: Observed) -> None:
    observed.observe("""
@pytest.mark.asyncio
@given(strategies.integers())
async def test_it(number):
    pass
""").assert_outcomes(passed=1)
    assert observed.ran()["test_it"] is not None


def test_what_is_synchronous_runs_on_no_loop(observed: Observed) -> None:
    observed.observe("""
@pytest.fixture
def plain():
    yield 1

def test_it(plain):
    pass
""").assert_outcomes(passed=1)
    assert observed.ran() == {"test_it": None}
    (fixture,) = observed.all(FixtureSetUp)
    assert fixture.loop is None
    assert observed.all(LoopOpened) == []
