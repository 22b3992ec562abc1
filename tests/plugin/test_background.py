"""What dies in the background of a test fails that test, with the error and whose it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

HERE = """
import asyncio, pytest

async def fail(error=None):
    await asyncio.sleep(0)
    raise error or ValueError("boom")

def start(coroutine, name="the background"):
    task = asyncio.ensure_future(coroutine)
    task.set_name(name)
    return task

async def until(task):
    while not task.done():
        await asyncio.sleep(0)

@pytest.fixture(scope="module")
async def shared():
    yield []
"""

# A loop of its own, or one that the test shares with others.
LOOPS = {"own-loop": "", "shared-loop": "shared"}


@pytest.fixture(params=["asyncio", "uvloop"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each of asyncio's loops."""
    name: str = request.param
    pytest.importorskip(name)
    return name


def line_of(source: str, marker: str) -> str:
    """Return the line of the inner suite that ends in a comment."""
    lines = source.strip().splitlines()
    (number,) = (number for number, line in enumerate(lines, 1) if line.endswith(f"# {marker}"))
    return f"test_it.py:{number}"


@pytest.mark.parametrize("arguments", LOOPS.values(), ids=LOOPS)
@pytest.mark.parametrize("held", [True, False], ids=["held", "collected"])
def test_a_task_that_dies_unobserved_fails_its_own_test_with_the_original_error(
    run: RunSuite, backend: str, arguments: str, held: bool
) -> None:
    source = f"""{HERE}
KEPT = []

async def test_before({arguments}):
    pass

async def test_it({arguments}):
    task = asyncio.ensure_future(fail())  # starts it
    task.set_name("the background")
    {"KEPT.append(task)" if held else "del task"}
    await asyncio.sleep(0.01)

async def test_after({arguments}):
    pass
"""
    result = run(source, backend=backend)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_it _*",
            "E *ValueError: boom",
            "E *LS305 ended the background task 'the background', and nobody awaited that",
            f"E *{line_of(source, 'starts it')}  created it",
            "E *test_it.py:*  test_it, on whose behalf it ran",
            "FAILED test_it.py::test_it - ValueError: boom",
        ]
    )


OBSERVED = {
    "awaited": """
    with pytest.raises(ValueError):
        await task
""",
    "asked": """
    await until(task)
    assert task.exception()
""",
    "gathered": """
    with pytest.raises(ValueError):
        await asyncio.gather(task, start(asyncio.sleep(60)))
""",
    "gathered-with-another-that-fails": """
    with pytest.raises(ValueError):
        await asyncio.gather(task, start(fail()))
""",
    "gathered-as-a-result": "    await asyncio.gather(task, return_exceptions=True)\n",
    "waited-for": """
    with pytest.raises(ValueError):
        await asyncio.wait_for(task, 60)
""",
    "as-completed": """
    with pytest.raises(ValueError):
        for one in asyncio.as_completed([task]):
            await one
""",
    "cancelled": "    task.cancel()\n",
    "shielded": """
    with pytest.raises(ValueError):
        await asyncio.shield(task)
""",
}


@pytest.mark.parametrize("observe", OBSERVED.values(), ids=OBSERVED)
def test_a_task_whose_outcome_somebody_asked_for_fails_nothing(
    run: RunSuite, backend: str, observe: str
) -> None:
    source = f"""{HERE}
async def test_it(shared):
    task = start(fail())
{observe}
"""
    options = "--loopscope-leaks=ignore"  # one of them leaves the other task running
    run(source, options, backend=backend).assert_outcomes(passed=1)


def test_a_task_group_tells_its_own_errors(run: RunSuite, backend: str) -> None:
    source = f"""{HERE}
import anyio

async def test_it(shared):
    with pytest.raises(BaseException) as caught:
        async with anyio.create_task_group() as group:
            group.start_soon(fail)
    assert repr(caught.value.exceptions[0]) == "ValueError('boom')"
"""
    run(source, backend=backend).assert_outcomes(passed=1)


def test_what_only_the_loop_is_told_of_fails_the_test_that_runs(
    run: RunSuite, backend: str
) -> None:
    source = f"""{HERE}
def callback():
    raise ValueError("boom")

async def test_it(shared):
    asyncio.get_running_loop().call_soon(callback)
    await asyncio.sleep(0)

async def test_after(shared):
    pass
"""
    result = run(source, backend=backend)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*def callback():*",
            ">       raise ValueError(*",
            "E *ValueError: boom",
            "E *LS306 only the loop was told of this, while test_it ran: Exception in callback *",
        ]
    )


def test_a_handler_of_the_suite_is_called_instead(run: RunSuite, backend: str) -> None:
    source = f"""{HERE}
async def test_it(shared):
    told = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: told.append(context["exception"]))
    loop.call_soon(lambda: 1 / 0)
    start(fail())
    await asyncio.sleep(0.01)
    loop.set_exception_handler(None)
    assert sorted(type(error).__name__ for error in told) == ["ValueError", "ZeroDivisionError"]
"""
    run(source, backend=backend).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        ("raise KeyError('own')", {"failed": 1}),
        ("pytest.fail('own')", {"failed": 1}),
        ("pytest.skip('own')", {"skipped": 1}),
        ("pytest.xfail('own')", {"xfailed": 1}),
    ],
    ids=["error", "fail", "skip", "xfail"],
)
def test_a_test_that_ends_by_itself_has_a_note_of_what_died_besides(
    run: RunSuite, ending: str, outcome: dict[str, int]
) -> None:
    source = f"""{HERE}
async def test_it(shared):
    await until(start(fail()))
    {ending}
"""
    result = run(source)
    result.assert_outcomes(**outcome)
    if outcome == {"failed": 1}:
        result.stdout.fnmatch_lines(
            ["*own*", "*besides: ValueError('boom')", "*LS305 ended the background task *"]
        )


def test_two_that_die_are_told_in_one_group(run: RunSuite) -> None:
    source = f"""{HERE}
async def test_it():
    shared = globals().setdefault("KEPT", [])
    shared += [start(fail(), "one"), start(fail(KeyError("other")), "two")]
    await asyncio.wait(shared)
"""
    result = run(source)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*ExceptionGroup: Multiple exceptions occurred in asynchronous callbacks*",
            "*ValueError: boom*",
            "*LS305 ended the background task 'one'*",
            "*KeyError: 'other'*",
            "*LS305 ended the background task 'two'*",
        ]
    )


@pytest.mark.parametrize("scope", ["", '(scope="module")'], ids=["function", "module"])
@pytest.mark.parametrize("observes", [True, False], ids=["observed", "unobserved"])
@pytest.mark.parametrize("value", ["held", "held.append"], ids=["value", "variable"])
def test_a_fixture_that_holds_a_task_may_await_it_in_its_teardown(
    run: RunSuite, backend: str, scope: str, observes: bool, value: str
) -> None:
    source = f"""{HERE}
@pytest.fixture{scope}
async def kept(shared):
    held = []
    yield {value}
    if {observes}:
        await asyncio.gather(*held, return_exceptions=True)

async def test_it(kept):
    task = start(fail())
    getattr(kept, "append", kept)(task)
    await until(task)

async def test_after(shared):
    pass
"""
    result = run(source, backend=backend)
    if observes:
        result.assert_outcomes(passed=2)
    else:
        result.assert_outcomes(passed=2, errors=1)
        wide = bool(scope)
        last = "test_after" if wide else "test_it"
        result.stdout.fnmatch_lines(
            [
                f"*ERROR at teardown of {last} _*",
                "E *ValueError: boom",
                "E *LS305 ended the background task 'the background'*",
                "E *test_it.py:*  test_it, on whose behalf it ran",
            ]
        )


def test_a_synchronous_fixture_may_hold_it_too(run: RunSuite) -> None:
    source = f"""{HERE}
@pytest.fixture
def kept(loopscope):
    held = []
    yield held.append
    async def gather():
        await asyncio.gather(*held, return_exceptions=True)
    loopscope.run(gather)

async def test_it(kept):
    task = start(fail())
    kept(task)
    await until(task)
"""
    run(source).assert_outcomes(passed=1)


def test_the_instance_of_a_test_class_may_hold_it(run: RunSuite) -> None:
    source = f"""{HERE}
class Test:
    @pytest.fixture(autouse=True)
    async def around(self):
        yield
        with pytest.raises(ValueError):
            await self.task

    async def test_it(self):
        self.task = start(fail())
        await until(self.task)
"""
    run(source).assert_outcomes(passed=1)


@pytest.mark.parametrize("scope", ["", '(scope="module")'], ids=["function", "module"])
def test_a_task_of_a_fixture_is_told_when_the_fixture_ends(run: RunSuite, scope: str) -> None:
    source = f"""{HERE}
@pytest.fixture{scope}
async def kept(shared):
    task = start(fail())
    await until(task)
    yield task

async def test_it(kept):
    pass
"""
    result = run(source)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_it*",
            "E *ValueError: boom",
            "E *test_it.py:*  kept, on whose behalf it ran",
        ]
    )


@pytest.mark.parametrize("where", ["setup", "teardown"])
def test_a_task_that_nobody_holds_is_told_in_the_phase_in_which_it_died(
    run: RunSuite, backend: str, where: str
) -> None:
    die = "start(fail()); await asyncio.sleep(0.01)"
    source = f"""{HERE}
@pytest.fixture
async def kept(shared):
    {die if where == "setup" else "pass"}
    yield
    {die if where == "teardown" else "pass"}

async def test_it(kept):
    pass

async def test_after(shared):
    pass
"""
    result = run(source, backend=backend)
    result.assert_outcomes(passed=1 if where == "setup" else 2, errors=1)
    result.stdout.fnmatch_lines([f"*ERROR at {where} of test_it*", "E *ValueError: boom"])


def test_a_death_is_not_told_to_a_later_test(run: RunSuite) -> None:
    source = f"""{HERE}
KEPT = []

async def test_it(shared):
    KEPT.append(start(fail()))
    await until(KEPT[0])

@pytest.mark.parametrize("number", range(3))
async def test_after(shared, number):
    await asyncio.sleep(0.001)
"""
    result = run(source)
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_it - ValueError: boom"])
