"""pytest gets placeholders for fixtures that run beside the test, and the test runs with them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("trio")

import loopscope.backends.side_by_side
import loopscope.plugin.side_by_side  # noqa: F401  # once: see conftest.py

if TYPE_CHECKING:
    from collections.abc import Callable

    RunSuite = Callable[..., pytest.RunResult]

CONFTEST = """
import inspect

import pytest
import trio
from trio.testing import MockClock

from loopscope.core.placeholders import NURSERY
from loopscope.plugin.side_by_side import SideBySide

runs = []

def claims(item):
    return item.get_closest_marker("trio") is not None

def takes(definition, item):
    function = definition.func
    is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    return hasattr(function, "is_trio") or (is_async and claims(item))

def run_for(item):
    def run(main, **options):
        runs.append(item.name)
        return trio.run(main, **options)
    return run

def pytest_configure(config):
    config.addinivalue_line("markers", "trio: runs side by side with its fixtures")
    config.pluginmanager.register(SideBySide(claims, takes, run_for))

def trio_fixture(function):
    function.is_trio = True
    return pytest.fixture(function)

@trio_fixture
def nursery():
    return NURSERY

@pytest.fixture
def clock():
    return MockClock(autojump_threshold=0)
"""

MODULE = """
import pytest
import trio

from conftest import runs, trio_fixture
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> RunSuite:
    """Write `source` as a test module, run it, and return what came of it."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(CONFTEST)

    def run_suite(source: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(test_it=MODULE + source)
        options = ("-Werror", "-rA", "-pno:cacheprovider", *options)
        return pytester.runpytest_inprocess(*options, no_reraise_ctrlc=True)

    return run_suite


def test_fixtures_of_every_kind_run_beside_the_test(run: RunSuite) -> None:
    result = run("""
events = []

@pytest.fixture
async def coroutine():
    events.append("coroutine up")
    return "coroutine"

@pytest.fixture
async def generator(coroutine):
    events.append("generator up")
    yield coroutine, "generator"
    await trio.lowlevel.checkpoint()
    events.append("generator down")

@trio_fixture
def sync(generator):
    yield *generator, "sync"
    events.append("sync down")

@pytest.fixture
def plain():
    return "plain"

@pytest.mark.trio
async def test_it(sync, plain):
    assert (*sync, plain) == ("coroutine", "generator", "sync", "plain")
    assert events == ["coroutine up", "generator up"]

def test_after():
    assert events[2:] == ["sync down", "generator down"]
    assert runs == ["test_it"]
""")
    result.assert_outcomes(passed=2)


def test_what_depends_on_such_a_fixture_is_one(run: RunSuite) -> None:
    result = run("""
@trio_fixture
def now():
    return trio.current_time()

@pytest.fixture
def later(now):
    return now + trio.current_time() + 1

@pytest.mark.trio
async def test_it(later, clock):
    assert later == 1
""")
    result.assert_outcomes(passed=1)


def test_a_fixture_that_fails_makes_the_test_a_failure(run: RunSuite) -> None:
    result = run("""
@pytest.fixture
async def bad():
    raise ValueError("bad")

@pytest.mark.trio
@pytest.mark.xfail(raises=ValueError, strict=True)
async def test_it(bad):
    assert False

@pytest.mark.trio
async def test_fails(bad):
    assert False
""")
    result.assert_outcomes(failed=1, xfailed=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_fails - ValueError: bad"])


def test_only_function_scope_is_possible(run: RunSuite) -> None:
    result = run("""
@pytest.fixture(scope="module")
async def wide():
    pass

@pytest.mark.trio
async def test_it(wide):
    pass
""")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*RuntimeError: Trio fixtures must be function-scope"])


def test_only_a_test_that_is_claimed_can_use_one(run: RunSuite) -> None:
    result = run("""
@pytest.fixture
def indirect(nursery):
    pass

def test_direct(nursery):
    pass

def test_indirect(indirect):
    pass
""")
    result.assert_outcomes(errors=2)
    expected = "*RuntimeError: Trio fixtures can only be used by Trio tests"
    result.stdout.fnmatch_lines([expected, expected])


def test_a_fixture_that_is_no_argument_is_not_run(run: RunSuite) -> None:
    result = run("""
@pytest.fixture(autouse=True)
async def forgotten():
    assert False

@pytest.mark.trio
async def test_it():
    pass
""")
    result.assert_outcomes(passed=1)


def test_a_method_is_bound_to_the_instance_of_the_test(run: RunSuite) -> None:
    result = run("""
class TestIt:
    @pytest.fixture
    async def me(self):
        return self

    @pytest.mark.trio
    async def test_it(self, me):
        assert me is self
""")
    result.assert_outcomes(passed=1)


def test_a_parameter_reaches_the_fixture(run: RunSuite) -> None:
    result = run("""
@pytest.fixture(params=[1, 2])
async def number(request):
    return request.param

@pytest.mark.trio
async def test_it(number, request):
    assert number == request.node.callspec.params["number"]
""")
    result.assert_outcomes(passed=2)


def test_tasks_are_named_after_fixture_and_test(run: RunSuite) -> None:
    result = run("""
@pytest.fixture
async def held():
    yield

@pytest.mark.trio
async def test_it(held):
    nursery = trio.lowlevel.current_task().parent_nursery
    names = {task.name for task in nursery.child_tasks}
    assert names == {"<test 'test_it'>", "<fixture 'held'>"}
""")
    result.assert_outcomes(passed=1)


def test_clock_and_instruments_are_those_the_test_asks_for(run: RunSuite) -> None:
    result = run("""
class Meter(trio.abc.Instrument):
    def before_run(self):
        self.has_run = True

@pytest.fixture
def meter():
    return Meter()

@pytest.fixture
def hides(clock):
    pass

@pytest.mark.trio
async def test_it(clock, meter):
    assert meter.has_run
    await trio.sleep(1000)
    assert trio.current_time() == 1000

@pytest.mark.trio
async def test_hidden(hides):
    assert trio.current_time() != 0
""")
    result.assert_outcomes(passed=2)


def test_there_can_be_one_clock_only(run: RunSuite) -> None:
    result = run("""
@pytest.fixture
def another(clock):
    return clock

@pytest.mark.trio
async def test_it(clock, another):
    pass
""")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ValueError: Expected at most one Clock in kwargs, got *"])


OUTCOMES = """
def skip():
    pytest.skip("with a reason")

def xfail():
    pytest.xfail("with a reason")

def fail():
    pytest.fail("with a reason")

async def do(action):
    action()

@pytest.mark.trio
@pytest.mark.parametrize("actions", [{actions}])
async def test_it(actions):
    async with trio.open_nursery() as nursery:
        for action in actions:
            nursery.start_soon(do, action)

@pytest.fixture
async def early():
    skip()

@pytest.mark.trio
async def test_early(early):
    assert False
"""


def test_an_outcome_alone_in_a_group_keeps_its_reason(run: RunSuite) -> None:
    result = run(OUTCOMES.format(actions="(skip,), (xfail,), (fail,)"))
    result.assert_outcomes(skipped=2, xfailed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "SKIPPED [[]2[]] test_it.py:7: with a reason",
            "XFAIL test_it.py::test_it[[]actions1[]] - *with a reason",
            "FAILED test_it.py::test_it[[]actions2[]] - Failed: with a reason",
        ]
    )


def test_an_outcome_among_other_errors_is_one_of_them(run: RunSuite) -> None:
    result = run(OUTCOMES.format(actions="(skip, xfail), (skip, fail), (skip, lambda: 1 / 0)"))
    result.assert_outcomes(skipped=1, failed=3)


@pytest.mark.parametrize("error", ["pytest.exit('enough')", "raise_interrupt()"])
def test_what_ends_the_session_does_so_out_of_a_group(run: RunSuite, error: str) -> None:
    result = run(
        f"""
def raise_interrupt():
    raise KeyboardInterrupt

async def background():
    {error}

@pytest.fixture
async def held():
    yield
    print("torn down")

@pytest.mark.trio
async def test_it(nursery, held):
    nursery.start_soon(background)
    await trio.sleep_forever()

def test_after():
    print("went on")
""",
        "-s",
    )
    result.stdout.fnmatch_lines(["*torn down*"])
    result.stdout.no_fnmatch_line("*went on*")
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_a_traceback_shows_the_code_of_the_user_and_no_other(
    pytester: pytest.Pytester, run: RunSuite
) -> None:
    pytester.makepyfile(
        helper="""
        import pytest

        @pytest.fixture
        async def fails():
            raise ValueError("bad")
        """
    )
    result = run(
        """
from helper import fails

def check():
    assert 1 == 2

@pytest.mark.trio
async def test_it():
    check()

@pytest.mark.trio
async def test_fixture(fails):
    pass
""",
        "--tb=short",
    )
    result.stdout.fnmatch_lines(
        [
            "*___ test_it ___*",
            "test_it.py:13: in test_it",
            "    check()",
            "test_it.py:9: in check",
            "    assert 1 == 2",
            "E   assert 1 == 2",
            "*___ test_fixture ___*",
            "helper.py:5: in fails",
            '    raise ValueError("bad")',
            "E   ValueError: bad",
            "*=== short test summary info ===*",
        ],
        consecutive=True,
    )


def test_a_claimed_test_has_to_be_async(run: RunSuite) -> None:
    result = run("""
import unittest

@pytest.mark.trio
def test_it():
    pass

@pytest.mark.trio
class TestCase(unittest.TestCase):
    def test_case(self):
        pass
""")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "test function `<Function test_it>` is marked trio but is not async",
            "test function `<TestCaseFunction test_case>` is marked trio but is not async",
        ]
    )


def test_a_method_of_a_test_case_is_run(run: RunSuite) -> None:
    result = run("""
import unittest

class TestIt(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def look(self, request):
        before = request.node.obj
        yield
        assert request.node.obj == before

    @pytest.mark.trio
    async def test_it(self):
        await trio.lowlevel.checkpoint()
        self.assertEqual(runs, ["test_it"])

    def test_sync(self):
        pass
""")
    result.assert_outcomes(passed=2)


def test_other_tests_are_left_alone(run: RunSuite) -> None:
    result = run("""
import unittest

@pytest.fixture
def plain():
    return 1

def test_it(plain):
    assert plain == 1

class TestIt(unittest.TestCase):
    def test_case(self):
        assert not runs
""")
    result.assert_outcomes(passed=2)


HYPOTHESIS = """
from hypothesis import HealthCheck, given, settings, strategies as st

ours = settings(
    max_examples=5,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
"""


def test_each_example_gets_a_run_and_fixtures_of_its_own(run: RunSuite) -> None:
    pytest.importorskip("hypothesis")
    result = run(f"""{HYPOTHESIS}
events = []

@pytest.fixture
async def fresh():
    events.append("up")
    yield trio.lowlevel.current_root_task()
    events.append("down")

@ours
@given(number=st.integers())
@pytest.mark.trio
async def test_it(fresh, number):
    assert fresh is trio.lowlevel.current_root_task()
    events.append("test")

def test_after():
    assert events == ["up", "test", "down"] * 5
    assert runs == ["test_it"] * 5
""")
    result.assert_outcomes(passed=2)


def test_an_example_of_a_method_has_its_instance_and_its_parameters(run: RunSuite) -> None:
    pytest.importorskip("hypothesis")
    result = run(f"""{HYPOTHESIS}
import unittest

class TestIt:
    @ours
    @given(number=st.integers())
    @pytest.mark.parametrize("other", [1, 2])
    @pytest.mark.trio
    async def test_it(self, number, other):
        assert isinstance(self, TestIt)
        assert other in (1, 2)

    @ours
    @given(number=st.integers())
    @pytest.mark.trio
    async def test_positional(self, /, number):
        assert isinstance(self, TestIt)

class TestCase(unittest.TestCase):
    @ours
    @given(number=st.integers())
    @pytest.mark.trio
    async def test_case(self, number):
        self.assertEqual(trio.lowlevel.current_task().name, "<test 'test_case'>")
""")
    result.assert_outcomes(passed=4)


def test_the_function_of_a_test_by_hypothesis_is_put_back(run: RunSuite) -> None:
    pytest.importorskip("hypothesis")
    result = run(f"""{HYPOTHESIS}
import inspect

@ours
@given(number=st.integers())
@pytest.mark.trio
async def test_it(number):
    assert False

def test_after():
    assert inspect.iscoroutinefunction(test_it.hypothesis.inner_test)
""")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*test case: test_it(*"])


def test_examples_that_hypothesis_rejects_are_rejected(run: RunSuite) -> None:
    pytest.importorskip("hypothesis")
    result = run(f"""{HYPOTHESIS}
from hypothesis import assume

@ours
@given(number=st.booleans())
@pytest.mark.trio
async def test_it(number):
    assume(number)
    assert number
""")
    result.assert_outcomes(passed=1)


def test_the_scheduler_repeats_itself_from_example_to_example(run: RunSuite) -> None:
    pytest.importorskip("hypothesis")
    result = run(f"""{HYPOTHESIS}
traces = []

@ours
@given(number=st.integers())
@pytest.mark.trio
async def test_it(number, nursery):
    trace = []

    async def note(number):
        for _ in range(5):
            trace.append(number)
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(note, number)
    traces.append(tuple(trace))

def test_after():
    assert len(traces) == 5
    assert len(set(traces)) == 1
""")
    result.assert_outcomes(passed=2)


def test_a_traced_test_stops_in_its_own_first_line(
    pytester: pytest.Pytester, run: RunSuite
) -> None:
    run("""
@pytest.mark.trio
async def test_it(clock):
    x = clock
""")
    command = (sys.executable, "-mpytest", "--trace", "-pno:cacheprovider")
    result = pytester.run(*command, stdin=b"p type(clock)\ncontinue\n", timeout=60)
    result.stdout.fnmatch_lines(["-> x = clock", "*MockClock*", "*1 passed*"])


def test_the_plugin_can_be_imported_without_trio() -> None:
    program = "import sys, loopscope.plugin.side_by_side; sys.exit('trio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
