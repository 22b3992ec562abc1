"""What the ini file ignores is neither told nor a reason to refuse a test, where it says so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope import errors
from loopscope.diagnose.catalog import CODES
from loopscope.errors import LoopscopeWarning
from loopscope.plugin.ignored import IGNORABLE
from loopscope.plugin.silence import Silence

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

MISMATCH = """
import asyncio, loopscope, pytest

@loopscope.fixture(scope="module")
async def db():
    yield

@pytest.mark.loopscope(scope="function")
async def test_login(db):
    pass

@pytest.mark.loopscope(scope="function")
async def test_logout(db):
    pass
"""


def silence(*lines: str) -> Silence:
    """Return what these lines of an ini file say."""
    config = SimpleNamespace(getini=lambda name: list(lines), inipath=None)
    return Silence.of(cast("pytest.Config", config))


def told(result: pytest.RunResult) -> int:
    """Return how often a finding about loop scopes is told before the first test."""
    before, _, _ = result.stdout.str().partition("test_it.py ")
    return before.count("LS101 ")


def test_without_a_line_everything_is_told(run: RunSuite) -> None:
    result = run(MISMATCH)
    result.assert_outcomes(errors=2)
    assert told(result) == 2


@pytest.mark.parametrize("line", ["LS101", "LS1", "LS10", "LS101  # old tests", "LS101 test_*.py"])
def test_what_is_ignored_is_not_told_and_refuses_nothing(run: RunSuite, line: str) -> None:
    result = run(MISMATCH, f"-oloopscope_ignore={line}")
    result.assert_outcomes(passed=2)
    assert told(result) == 0


def test_what_is_ignored_for_one_test_is_told_of_the_other(run: RunSuite) -> None:
    result = run(MISMATCH, "-oloopscope_ignore=LS101 test_it.py::test_login")
    result.assert_outcomes(passed=1, errors=1)
    assert told(result) == 1
    result.stdout.fnmatch_lines(["*ERROR at setup of test_logout*"])


@pytest.mark.parametrize("line", ["LS101 other/*", "LS101 test_it.py::test_log", "LS304"])
def test_what_is_ignored_elsewhere_is_told(run: RunSuite, line: str) -> None:
    result = run(MISMATCH, f"-oloopscope_ignore={line}")
    result.assert_outcomes(errors=2)
    assert told(result) == 2


def test_a_fixture_is_ignored_for_some_of_its_users_and_refuses_the_others(
    run: RunSuite, pytester: pytest.Pytester
) -> None:
    conftest = """
import loopscope

@loopscope.fixture(scope="session")
async def pool():
    yield

@loopscope.fixture(loop_scope="function")
async def row(pool):
    yield
"""
    pytester.makeconftest(conftest)
    source = """
import pytest

@pytest.mark.loopscope(scope="function")
async def test_it(row):
    pass
"""
    pytester.mkdir("legacy").joinpath("test_legacy.py").write_text(source)
    result = run(source, "-oloopscope_ignore=LS101 legacy", "legacy", "test_it.py")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["LS101 *row (function loop) uses pool*"])
    alone = run(source, "-oloopscope_ignore=LS101 legacy", "legacy")
    alone.assert_outcomes(passed=1)
    alone.stdout.no_fnmatch_line("*LS101*")
    at_its_place = run(source, "-oloopscope_ignore=LS101 conftest.py", "legacy", "test_it.py")
    at_its_place.assert_outcomes(passed=2)
    at_its_place.stdout.no_fnmatch_line("*LS101*")


def test_several_lines_add_up(run: RunSuite, pytester: pytest.Pytester) -> None:
    pytester.makeini("""
        [pytest]
        loopscope_ignore =
            # nothing but a comment
            LS304
            LS101 test_it.py::test_login test_it.py::test_logout
    """)
    run(MISMATCH).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("LS999 tests/*", "'LS999' is not a valid code to ignore. Valid: LS1, *LS3, *LS101, LS1*"),
        ("LS", "'LS' is not a valid code to ignore. Valid: *"),
        ("ls101", "'ls101' is not a valid code to ignore. Valid: *"),
        ("LS1010", "'LS1010' is not a valid code to ignore. Valid: *"),
        (
            "LS201",
            "LS201 (backend mismatch) cannot be ignored: what it is told of cannot run. Valid: *",
        ),
        ("LS4", "LS4 (vocabulary) cannot be ignored: what it is told of cannot run. Valid: *"),
    ],
)
def test_a_line_that_names_nothing_to_ignore_is_a_usage_error_that_lists_what_there_is(
    run: RunSuite, pytester: pytest.Pytester, line: str, problem: str
) -> None:
    pytester.makeini(f"[pytest]\nloopscope_ignore =\n    LS304\n    {line}\n")
    result = run(MISMATCH)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*tox.ini: loopscope_ignore: '{line}': {problem}"])


def test_the_codes_of_what_cannot_run_cannot_be_ignored() -> None:
    assert {"LS101", "LS104", "LS304"} <= set(IGNORABLE)
    assert not {"LS102", "LS103", "LS201", "LS401", "LS405"} & set(IGNORABLE)


@pytest.mark.parametrize(
    ("place", "node", "covered"),
    [
        ("tests/old/*", "tests/old/test_a.py::test_b", True),
        ("tests/old/*", "tests/old/deep/test_a.py::test_b", True),
        ("tests/old", "tests/old/test_a.py::test_b", True),
        ("./tests/old/", "tests/old/test_a.py", True),
        ("tests/old", "tests/older/test_a.py::test_b", False),
        ("*/test_a.py", "tests/old/test_a.py::test_b", True),
        ("tests/test_a.py::test_b", "tests/test_a.py::test_b", True),
        ("tests/test_a.py::test_b", "tests/test_a.py::test_b[1]", True),
        ("tests/test_a.py::TestB", "tests/test_a.py::TestB::test_c", True),
        ("tests/test_a.py::test_b", "tests/test_a.py::test_bc", False),
        ("tests/test_a.py::test_b", "tests/test_a.py", False),
        ("tests", "", False),
    ],
)
def test_a_place_covers_what_is_at_it_and_below_it(place: str, node: str, covered: bool) -> None:
    assert silence(f"LS304 {place}").covers("LS304", node) is covered


def test_an_item_is_covered_by_its_node_id(request: pytest.FixtureRequest) -> None:
    assert silence(f"LS304 {request.node.nodeid}").covers("LS304", request.node)
    assert not silence("LS304 somewhere").covers("LS304", request.node)


@given(st.sampled_from(sorted(CODES)), st.sampled_from(["LS1", "LS3", "LS101", "LS304"]))
def test_a_line_covers_the_codes_of_its_family_that_can_be_ignored(code: str, line: str) -> None:
    covered = silence(line).covers(code, "test_a.py::test_b")
    assert covered == (code.startswith(line) and CODES[code].can_be_ignored)


@pytest.mark.parametrize(
    ("options", "warned"),
    [
        ([], True),
        (["-oloopscope_ignore=LS304"], False),
        (["-oloopscope_ignore=LS304 test_it.py"], False),
        (["-oloopscope_ignore=LS304 other.py"], True),
        (["-Wignore::loopscope.errors.ShutdownWarning"], False),
        (["-Wignore::loopscope.errors.LoopscopeWarning"], False),
        (["-Wignore::loopscope.errors.LeakWarning"], True),
    ],
)
def test_a_warning_is_silenced_by_its_code_and_by_its_category(
    run: RunSuite, options: list[str], warned: bool
) -> None:
    source = """
import asyncio

async def test_it():
    async def fail():
        raise OSError("no")
    asyncio.get_running_loop().shutdown_asyncgens = fail
"""
    result = run(source, "-Wdefault", *options)
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] == 1
    assert outcomes.get("warnings", 0) == warned
    if warned:
        result.stdout.fnmatch_lines(["*ShutdownWarning: LS304 a loop of its own was not shut*"])


# What is told while the suite runs: the source of a test that is told of, and its options.
AT_RUN_TIME = {
    "LS305": (
        """
async def die():
    raise OSError("dead")

async def test_it():
    task = asyncio.create_task(die())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
""",
        (),
    ),
    "LS306": (
        """
async def test_it():
    error = {"message": "oh", "exception": OSError("told to the loop")}
    asyncio.get_running_loop().call_exception_handler(error)
""",
        (),
    ),
    "LS311": (
        """
async def test_it():
    asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
""",
        ("-oloopscope_leaks=error",),
    ),
    "LS323": (
        """
async def test_it():
    time.sleep(0.2)
    await asyncio.sleep(0)
""",
        ("-oloopscope_blocked=0.05", "-Werror"),
    ),
}


@pytest.mark.parametrize("code", AT_RUN_TIME)
def test_a_report_at_run_time_is_not_made_of_what_is_ignored(run: RunSuite, code: str) -> None:
    source, options = AT_RUN_TIME[code]
    source = f"import asyncio, time\n{source}"
    told = run(source, *options)
    assert told.ret == pytest.ExitCode.TESTS_FAILED
    assert f"{code} " in told.stdout.str()
    for line in (code, "LS3 test_it.py"):
        silenced = run(source, *options, f"-oloopscope_ignore={line}")
        silenced.assert_outcomes(passed=1)
        assert code not in silenced.stdout.str()
    elsewhere = run(source, *options, f"-oloopscope_ignore={code} other.py")
    assert elsewhere.ret == pytest.ExitCode.TESTS_FAILED


def test_every_warning_of_ours_has_a_category_below_one() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    ours = [one for one in kinds if issubclass(one, Warning)]
    assert len(ours) >= 3
    assert all(issubclass(one, LoopscopeWarning) and one.__doc__ for one in ours)
