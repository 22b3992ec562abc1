"""An async test that takes too long is cancelled, whatever its vocabulary and its backend."""

from __future__ import annotations

import sys

import pytest

from tests.vocabularies.suites import ALL, TRIO, Suite, Vocabulary

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signal to be interrupted by")

OURS = ("pytest.mark.loopscope(timeout=0.3)", "loopscope", ())
THEIRS = ("pytest.mark.timeout(0.3, method='signal')", "pytest-timeout", ("-ptimeout",))

in_each_vocabulary = pytest.mark.parametrize("vocabulary", ALL, ids=str)
by_either_mark = pytest.mark.parametrize(
    ("mark", "by", "options"), [OURS, THEIRS], ids=["our mark", "pytest-timeout's"]
)

HANGS = """
import anyio, anyio.lowlevel

@fixture(scope="session")
async def session():
    yield here()
    await anyio.lowlevel.checkpoint()
    event("session down")

@fixture
async def function(WIDER):
    yield
    await anyio.lowlevel.checkpoint()
    event("function down")

async def waits():
    await anyio.sleep(3600)

@MARK
@async_test
async def test_hangs(function):
    try:
        await waits()
        event("went on")
    finally:
        event("cancelled")

@async_test
async def test_next(function, WIDER):
    for _ in range(10):
        await anyio.lowlevel.checkpoint()
    assert not WIDER or here() is session
    event("next")
"""


def written(source: str, mark: str, wider: str) -> str:
    source = source.replace("not WIDER", repr(not wider)).replace("WIDER", wider)
    return source.replace("MARK", mark)


@by_either_mark
@in_each_vocabulary
def test_it_is_cancelled_torn_down_and_never_resumed(
    suite: Suite, vocabulary: Vocabulary, mark: str, by: str, options: tuple[str, ...]
) -> None:
    pytest.importorskip("pytest_timeout")
    suite.module(vocabulary, written(HANGS, mark, "session"))
    ran = suite.ran(*vocabulary.arguments, *options)
    assert ran.outcomes == {"test_hangs": "failed", "test_next": "passed"}, ran.out
    assert suite.events == ["cancelled", "function down", "next", "function down", "session down"]
    text = ran.texts["test_hangs"]
    assert f"Timeout (>0.3s) from {by}." in text
    assert "LS321 test_hangs timed out after 0.3 s, in its call" in text
    # The last lines of code that pytest shows are those that it stood at.
    assert [line for line in text.splitlines() if line.startswith(">")] == [
        ">           await waits()",
        ">       await anyio.sleep(3600)",
    ]
    assert "  test_hangs waits for" in text.partition("task tree")[2]


@by_either_mark
@pytest.mark.parametrize("vocabulary", TRIO, ids=str)
def test_it_is_cancelled_with_its_fixtures_side_by_side(
    suite: Suite, vocabulary: Vocabulary, mark: str, by: str, options: tuple[str, ...]
) -> None:
    pytest.importorskip("pytest_timeout")
    suite.module(vocabulary, written(HANGS, mark, ""))
    ran = suite.ran(*vocabulary.arguments, *options)
    assert ran.outcomes == {"test_hangs": "failed", "test_next": "passed"}, ran.out
    assert suite.events == ["cancelled", "function down", "next", "function down"]
    text = ran.texts["test_hangs"]
    assert f"Timeout (>0.3s) from {by}." in text
    assert [line for line in text.splitlines() if line.startswith(">")] == [
        ">           await waits()",
        ">       await anyio.sleep(3600)",
    ]
    assert "LS321 test_hangs timed out after 0.3 s, in its call" in text
    assert "waits for anyio: sleep" in text.partition("task tree")[2]


BLOCKS = """
import time

@fixture(scope="session")
async def session():
    yield here()
    event("session down")

@fixture
async def function(WIDER):
    yield
    event("function down")

@MARK
@async_test
async def test_blocks(function):
    try:
        time.sleep(3600)
    finally:
        event("interrupted")

@async_test
async def test_next(function):
    event("next")
"""


@pytest.mark.parametrize("wider", ["session", ""], ids=["planned", "on its own"])
@in_each_vocabulary
def test_one_that_blocks_is_interrupted_where_it_blocks(
    suite: Suite, vocabulary: Vocabulary, wider: str
) -> None:
    suite.module(vocabulary, written(BLOCKS, OURS[0], wider))
    ran = suite.ran(*vocabulary.arguments)
    assert ran.outcomes == {"test_blocks": "failed", "test_next": "passed"}, ran.out
    downs = ["function down", "session down"] if wider else ["function down"]
    assert suite.events == ["interrupted", "function down", "next", *downs]
    text = ran.texts["test_blocks"]
    assert "LS322 test_blocks blocked the loop, and was interrupted where it did" in text
    assert ">           time.sleep(3600)" in text


STUBBORN = """
import anyio

@fixture(scope="session")
async def session():
    yield here()
    event("session down")

@fixture
async def function(session):
    yield
    event("function down")

@MARK
@async_test
async def test_refuses(function):
    while True:
        try:
            await anyio.sleep(3600)
        except BaseException:
            pass

@async_test
async def test_next(function, session):
    await anyio.sleep(0.01)
    assert here() is session
    event("next")
"""


@in_each_vocabulary
def test_one_that_refuses_to_end_is_given_up(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(vocabulary, written(STUBBORN, OURS[0], ""))
    ran = suite.ran(*vocabulary.arguments)
    assert ran.outcomes == {"test_refuses": "failed", "test_next": "passed"}, ran.out
    assert suite.events == ["function down", "next", "function down", "session down"]
    cancelled = {"asyncio": "asyncio.CancelledError", "trio": "trio.Cancelled"}[vocabulary.backend]
    assert "LS324 test_refuses did not end when it was cancelled" in ran.texts["test_refuses"]
    assert f"let {cancelled} pass" in ran.texts["test_refuses"]


@pytest.mark.parametrize("vocabulary", TRIO, ids=str)
def test_one_that_refuses_to_end_side_by_side_is_left_with_its_run(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    source = """
    import trio

    @pytest.mark.loopscope(timeout=0.3)
    @async_test
    async def test_is_shielded():
        with trio.CancelScope(shield=True):
            await trio.sleep(3600)
            event("went on")

    @async_test
    async def test_next():
        await trio.sleep(0.01)
        event("next")
    """
    suite.module(vocabulary, source)
    ran = suite.ran(*vocabulary.arguments)
    assert ran.outcomes == {"test_is_shielded": "failed", "test_next": "passed"}, ran.out
    assert suite.events == ["next"]
    assert "LS324 test_is_shielded did not end" in ran.texts["test_is_shielded"]
