"""Rows 6 and 7: tasks that a test starts on asyncio, which die unobserved or are left running."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.scenarios.rows import scenario
from tests.vocabularies.suites import ASYNCIO, FROM_ANYIO, OWN

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite, Vocabulary

ON_ASYNCIO = (OWN[0], *ASYNCIO, FROM_ANYIO[0], FROM_ANYIO[2])

DYING = """
@fixture(scope="session")
async def shared():
    yield here()

async def delivers():
    raise LookupError("no such address")

async def ends(task):
    ended = asyncio.Event()
    task.add_done_callback(lambda _: ended.set())
    await ended.wait()

@async_test
async def test_sends(shared):
    task = asyncio.create_task(delivers(), name="courier")  # created here
    await ends(task)
    event("sent")

@async_test
async def test_looks(shared):
    with pytest.raises(LookupError):
        await asyncio.create_task(delivers())

@async_test
async def test_gathers(shared):
    found = await asyncio.gather(delivers(), return_exceptions=True)
    assert type(found[0]) is LookupError

@async_test
async def test_next(shared):
    assert here() is shared
"""


@scenario(6, ON_ASYNCIO)
def test_a_task_that_dies_unobserved_fails_the_test_that_started_it(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, DYING)
    ran = suite.ran(*vocabulary.arguments)
    outcomes = dict(ran.outcomes)
    # Whether its body or its teardown fails, it does not count as passed.
    assert outcomes.pop("test_sends") in ("failed", "passed+error"), ran.out
    assert outcomes == dict.fromkeys(["test_looks", "test_gathers", "test_next"], "passed"), ran.out
    text = ran.texts["test_sends"]
    assert "LookupError: no such address" in text
    assert "LS305" in text
    assert "courier" in text
    assert f"test_it.py:{line_that_ends(suite, '# created here')}" in text
    assert suite.events == ["sent"]


def line_that_ends(suite: Suite, text: str) -> int:
    """Return the number of the only line that ends in `text`."""
    lines = (suite.root / "test_it.py").read_text(encoding="utf-8").splitlines()
    (number,) = (number for number, line in enumerate(lines, 1) if line.endswith(text))
    return number


LEAVING = """
@fixture(scope="session")
async def shared():
    yield here()

ticks = []

async def ticks_on():
    try:
        while True:
            ticks.append(1)
            await asyncio.sleep(0)
    finally:
        event("cancelled")

{mark}
@async_test
async def test_leaves_one(shared):
    asyncio.create_task(ticks_on(), name="ticker")  # created here
    await asyncio.sleep(0)
    event("body done")

@async_test
async def test_next(shared):
    assert here() is shared
    before = len(ticks)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    event(f"ticked {{len(ticks) - before}} times")
"""
CANCELLED = ["body done", "cancelled", "ticked 0 times"]


@scenario(7, ON_ASYNCIO)
def test_a_task_left_running_is_cancelled_and_warned_of_by_the_line_that_created_it(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, LEAVING.format(mark=""))
    ran = suite.ran(*vocabulary.arguments, "-Wdefault")
    ran.all_passed("test_leaves_one", "test_next")
    assert suite.events == CANCELLED
    told = "\n".join(line for line in ran.lines if "LeakWarning" in line or "LS311" in line)
    assert "LeakWarning" in told, ran.out
    assert "LS311" in told, ran.out
    assert f"test_it.py:{line_that_ends(suite, '# created here')}" in ran.out
    assert "ticker" in ran.out or "ticks_on" in ran.out


POLICIES = {"ini": "-oloopscope_leaks={}", "mark": "@pytest.mark.loopscope(leaks={!r})"}


@scenario(7, ON_ASYNCIO)
@pytest.mark.parametrize("by", POLICIES)
@pytest.mark.parametrize("policy", ["ignore", "error"])
def test_what_is_left_is_ignored_or_fails_the_test_as_asked_for_and_is_cancelled_in_both(
    suite: Suite, vocabulary: Vocabulary, policy: str, by: str
) -> None:
    said = POLICIES[by].format(policy)
    suite.module(vocabulary, LEAVING.format(mark=said if by == "mark" else ""))
    ran = suite.ran(*vocabulary.arguments, *([said] if by == "ini" else []))
    assert suite.events == CANCELLED, ran.out
    if policy == "ignore":
        ran.all_passed("test_leaves_one", "test_next")
        assert "LS311" not in ran.out
        return
    assert ran.outcomes["test_leaves_one"] in ("failed", "passed+error"), ran.out
    assert ran.outcomes["test_next"] == "passed", ran.out
    assert "LS311" in ran.texts["test_leaves_one"]
    line = line_that_ends(suite, "# created here")
    assert f"test_it.py:{line}" in ran.texts["test_leaves_one"]


@scenario(7, ON_ASYNCIO)
@pytest.mark.parametrize("allowed", ["ticker", "tick*", "ticks_on"])
def test_what_is_allowed_to_be_left_lives_on_and_is_not_told_of(
    suite: Suite, vocabulary: Vocabulary, allowed: str
) -> None:
    suite.module(vocabulary, LEAVING.format(mark=""))
    suite.write({"pytest.ini": f"[pytest]\nloopscope_leaks_allow = {allowed}\n"})
    ran = suite.ran(*vocabulary.arguments)
    ran.all_passed("test_leaves_one", "test_next")
    (ticked,) = re.findall(r"ticked (\d+) times", "\n".join(suite.events))
    assert int(ticked) > 0, suite.events
    assert "LS311" not in ran.out
