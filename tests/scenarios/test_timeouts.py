"""Row 9: the mark of pytest-timeout on tests that wait, and on tests that block their loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scenarios.rows import scenario
from tests.vocabularies.suites import ALL, OWN, Vocabulary

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

LIMITED = """
import time
import anyio

@fixture(scope="module")
async def connection():
    yield here()
    event("connection down")

@fixture
async def transaction(connection):
    try:
        yield
    finally:
        await anyio.sleep(0)
        event("transaction down")

async def queries():
    async with anyio.create_task_group() as group:
        group.start_soon(reads)

async def reads():
    {hang}

@pytest.mark.timeout(0.5, method="signal")
@async_test
async def test_hangs(transaction):
    try:
        await queries()
    finally:
        event("left")
    event("resumed")

@async_test
async def test_next(connection):
    assert here() is connection
    event("next")
"""

HANGS = {
    "waits": ("await anyio.sleep(5)  # hangs here", "LS321"),
    "blocks": ("time.sleep(5)  # hangs here", "LS322"),
}


@scenario(9, ALL)
@pytest.mark.parametrize("how", HANGS)
def test_the_mark_of_pytest_timeout_cancels_the_test_and_tells_what_it_was_at(
    suite: Suite, vocabulary: Vocabulary, how: str
) -> None:
    hang, code = HANGS[how]
    suite.module(vocabulary, LIMITED.format(hang=hang))
    ran = suite.ran(*vocabulary.arguments, beside=["timeout"], apart=True)
    assert ran.outcomes == {"test_hangs": "failed", "test_next": "passed"}, ran.out
    assert suite.events == ["left", "transaction down", "next", "connection down"]
    text = ran.texts["test_hangs"]
    assert code in text, ran.out
    lines = (suite.root / "test_it.py").read_text(encoding="utf-8").splitlines()
    (line,) = (number for number, text in enumerate(lines, 1) if text.endswith("# hangs here"))
    assert f"test_it.py:{line}" in text
    assert "reads" in text
    if how == "waits":
        # The whole of the tree: what the test awaits, down to what hangs.
        assert text.index("test_hangs") < text.index("queries") < text.rindex("reads")


WITHOUT_A_MARK = """
import anyio

@async_test
async def test_hangs():
    try:
        await anyio.sleep(5)
    finally:
        event("left")
    event("resumed")

@async_test
async def test_next():
    event("next")
"""


@scenario(9, (OWN[0], OWN[1]))
@pytest.mark.parametrize("beside", [(), ("timeout",)], ids=["alone", "with pytest-timeout"])
def test_our_own_mark_sets_a_limit_with_and_without_pytest_timeout(
    suite: Suite, vocabulary: Vocabulary, beside: tuple[str, ...]
) -> None:
    marked = WITHOUT_A_MARK.replace("@async_test", "@pytest.mark.loopscope(timeout=0.5)", 1)
    suite.module(vocabulary, marked)
    ran = suite.ran(*vocabulary.arguments, beside=beside, apart=True)
    assert ran.outcomes == {"test_hangs": "failed", "test_next": "passed"}, ran.out
    assert suite.events == ["left", "next"]
    assert "LS321" in ran.texts["test_hangs"]
