"""Row 19: Ctrl-C while a test waits, once and twice."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.scenarios.rows import scenario
from tests.vocabularies.suites import ALL

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite, Vocabulary

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

INTERRUPTED = """
import signal
import anyio

# The outer run may have been started in the background, where interrupts are ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

async def interrupt():
    signal.raise_signal(signal.SIGINT)
    await anyio.sleep_forever()

@fixture(scope="session")
async def server():
    event("server up")
    yield
    await anyio.lowlevel.checkpoint()
    event("server down")

@fixture
async def client(server):
    event("client up")
    yield
    event("client closing")
    {closing}
    event("client down")

@async_test
async def test_waits(client):
    try:
        await interrupt()
    finally:
        event("left")
    event("resumed")

@async_test
async def test_next(server):
    event("resumed")
"""


@scenario(19, ALL)
def test_an_interrupt_cancels_the_test_and_tears_everything_down(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, INTERRUPTED.format(closing="await anyio.lowlevel.checkpoint()"))
    ran = suite.ran(*vocabulary.arguments, apart=True)
    assert ran.code == pytest.ExitCode.INTERRUPTED, ran.out
    assert suite.events == [
        *("server up", "client up", "left"),
        *("client closing", "client down", "server down"),
    ]
    assert "never awaited" not in ran.out


@scenario(19, ALL)
def test_a_second_interrupt_ends_a_teardown_that_hangs_and_the_rest_is_torn_down(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, INTERRUPTED.format(closing="await interrupt()"))
    ran = suite.ran(*vocabulary.arguments, apart=True)
    assert ran.code == pytest.ExitCode.INTERRUPTED, ran.out
    assert suite.events == [
        *("server up", "client up", "left"),
        *("client closing", "server down"),
    ]
