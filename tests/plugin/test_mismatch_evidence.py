"""A note says no more than the error leads to, wherever the error is, and is told once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.plugin.noted import CLIENT, WHY, note, notes

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="pytest shows no notes")


IN_A_PHASE = {
    "setup": "await shared.use()\n    yield",
    "teardown": "yield\n    await shared.use()",
}


@pytest.mark.parametrize("phase", IN_A_PHASE)
def test_a_fixture_that_fails_is_told_as_the_user(run: RunSuite, phase: str) -> None:
    source = f"""{CLIENT}
shared = Client()

async def test_one():
    await shared.use()

@pytest.fixture(scope="module")
async def user():
    {IN_A_PHASE[phase]}

async def test_two(user):
    pass
"""
    told = note(run(source))
    assert told[0] == "LS104 user uses shared, which is bound to another loop"
    assert told[2].endswith("user    uses it on the loop of module test_it.py")


def test_a_fixture_that_is_torn_down_after_a_test_that_does_not_use_it_is_told_as_the_user(
    run: RunSuite,
) -> None:
    source = f"""{CLIENT}
shared = Client()

async def test_one():
    await shared.use()

@pytest.fixture(scope="module")
async def user():
    yield
    await shared.use()

async def test_two(user):
    pass

async def test_three():
    pass
"""
    told = note(run(source))
    assert told[0] == "LS104 user uses shared, which is bound to another loop"
    assert told[2].endswith("user    uses it on the loop of module test_it.py")


def test_the_error_of_a_fixture_is_explained_once_to_all_its_users(run: RunSuite) -> None:
    source = f"""{CLIENT}
shared = Client()

async def test_one():
    await shared.use()

@pytest.fixture(scope="module")
async def user():
    await shared.use()

async def test_two(user):
    pass

async def test_three(user):
    pass
"""
    result = run(source)
    result.assert_outcomes(passed=1, errors=2)
    first, second = notes(result)
    assert first == second


WRAPPED = {
    "cause": "raise OSError('no connection') from exc",
    "context": "raise OSError('no connection')",
    "group": "raise ExceptionGroup('all failed', [exc, OSError()])",
}


@pytest.mark.parametrize("how", WRAPPED)
def test_an_error_that_a_library_wraps_is_explained(run: RunSuite, how: str) -> None:
    source = f"""{CLIENT}
shared = Client()

async def connect():
    try:
        await shared.use()
    except RuntimeError as exc:
        {WRAPPED[how]}

async def test_one():
    await connect()

async def test_two():
    await connect()
"""
    result = run(source)
    result.assert_outcomes(passed=1, failed=1)
    assert note(result)[0] == "LS104 test_two uses shared, which is bound to another loop"


def test_what_the_error_does_not_lead_to_is_told_as_no_more_than_what_was_found(
    run: RunSuite,
) -> None:
    source = f"""{CLIENT}
@pytest.fixture(scope="session", autouse=True)
def bystander():
    return Client()

async def test_one(bystander):
    await bystander.use()

async def test_two():
    raise RuntimeError("Event loop is closed")
"""
    assert note(run(source)) == [
        "LS104 test_two uses something that is bound to another loop",
        "  test_it.py:15  bystander  fixture; bystander.ready._loop is the loop of "
        "test_it.py::test_one, closed when that ended",
        "  test_it.py:23  test_two   uses it on a loop of its own",
        f"{WHY};",
        "        the error does not tell what it is about: this is what was found",
    ]


def test_where_nothing_was_found_nothing_is_told(run: RunSuite) -> None:
    source = """
async def test_it():
    raise RuntimeError("Event loop is closed")
"""
    assert notes(run(source)) == []


def test_a_loop_that_the_test_has_closed_itself_is_nobody_elses(run: RunSuite) -> None:
    source = """
import asyncio

def test_it(loopscope):
    async def find():
        return asyncio.get_running_loop()
    loop = loopscope.run(find)
    loop.close()
    loop.call_soon(print)
"""
    result = run(source, "-Wignore")
    assert result.parseoutcomes()["failed"] == 1
    assert notes(result) == []


def test_a_mismatch_on_another_loop_of_ours_that_is_open_says_whose_it_is(run: RunSuite) -> None:
    source = f"""{CLIENT}
shared = Client()

@pytest.mark.loopscope(scope="module")
async def test_one():
    await shared.use()

async def test_two():
    await shared.use()
"""
    told = note(run(source))
    assert told[1].endswith("shared.ready._loop is the loop of module test_it.py")


def test_a_silenced_code_is_not_told(run: RunSuite) -> None:
    source = f"""{CLIENT}
shared = Client()

async def test_one():
    await shared.use()

async def test_two():
    await shared.use()
"""
    result = run(source, "-oloopscope_ignore=LS104 test_it.py")
    result.assert_outcomes(passed=1, failed=1)
    assert notes(result) == []
    assert notes(run(source, "-oloopscope_ignore=LS104 test_other.py")) != []


@pytest.fixture(params=["asyncio", "uvloop"])
def loops(request: pytest.FixtureRequest) -> str:
    """Each kind of loop that objects bind themselves to."""
    name: str = request.param
    pytest.importorskip(name)
    return name


NESTED = {
    "run": "asyncio.run(asyncio.sleep(0))",
    "run_until_complete": "asyncio.get_event_loop().run_until_complete(asyncio.sleep(0))",
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("call", NESTED.values(), ids=NESTED)
def test_a_loop_run_inside_a_running_one_is_told_where(
    run: RunSuite, loops: str, call: str
) -> None:
    source = f"""
import asyncio

def helper():
    {call}

async def test_it():
    helper()
"""
    result = run(source, "-Wignore", backend=loops)
    result.assert_outcomes(failed=1)
    told = note(result)
    assert told[:2] == [
        "LS501 test_it runs a loop inside the loop that runs it",
        "  test_it.py:4  test_it  runs a loop of its own here",
    ]
    assert notes(run(source, "-Wignore", "-oloopscope_ignore=LS5", backend=loops)) == []


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_trio_run_inside_trio_is_told_too(run: RunSuite) -> None:
    pytest.importorskip("trio")
    source = """
import trio

async def test_it():
    trio.run(trio.sleep, 0)
"""
    result = run(source, "-Wignore", backend="trio")
    assert note(result)[0] == "LS501 test_it runs a loop inside the loop that runs it"


def test_another_failure_is_not_explained(run: RunSuite) -> None:
    source = f"""{CLIENT}
shared = Client()

async def test_one():
    await shared.use()

async def test_two():
    assert shared.ready is None

async def test_three():
    pytest.skip("Event loop is closed")
"""
    result = run(source)
    result.assert_outcomes(passed=1, failed=1, skipped=1)
    assert notes(result) == []
