"""A group, a cancel scope or a timeout is held open across a `yield`, in every vocabulary."""

from __future__ import annotations

import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.vocabularies.suites import ALL

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite, Vocabulary

SCOPES = ("function", "class", "module", "package", "session")

# Each is written for one library; anyio's are for both.
GROUPS = {
    "asyncio": """
        @contextlib.asynccontextmanager
        async def open_group():
            async with asyncio.TaskGroup() as group:
                yield lambda function: group.create_task(function())
    """,
    "trio": """
        import trio

        @contextlib.asynccontextmanager
        async def open_group():
            async with trio.open_nursery() as nursery:
                yield nursery.start_soon
    """,
    "anyio": """
        @contextlib.asynccontextmanager
        async def open_group():
            async with anyio.create_task_group() as group:
                yield group.start_soon
    """,
}


# Every vocabulary with the library of its backend, and with anyio. asyncio has neither groups nor
# timeouts before Python 3.11.
PAIRS = [
    pytest.param(vocabulary, library, id=f"{vocabulary} {library}")
    for vocabulary in ALL
    for library in (vocabulary.backend, "anyio")
    if library != "asyncio" or sys.version_info >= (3, 11)
]


WITH_GROUPS = """
def grouped(scope):
    @fixture(scope=scope, name=f"{{scope}}_group")
    async def fixture_function():
        async with open_group() as start:
            event(f"{{scope}} up")
            yield start
            event(f"{{scope}} down")
    return fixture_function

{fixtures}

async def answered(start):
    done = anyio.Event()
    async def child():
        await anyio.lowlevel.checkpoint()
        assert (library(), here()) == before
        done.set()
    before = library(), here()
    start(child)
    await done.wait()

@async_test
async def test_a_child_runs_beside_the_test({arguments}):
    for start in ({arguments}):
        await answered(start)

@async_test
async def test_the_groups_outlive_a_test({arguments}):
    for start in ({arguments}):
        await answered(start)
""".format(
    fixtures="\n".join(f'{scope}_fixture = grouped("{scope}")' for scope in SCOPES),
    arguments=", ".join(f"{scope}_group" for scope in SCOPES),
)


@pytest.mark.parametrize(("vocabulary", "library"), PAIRS)
def test_a_group_is_held_open_across_the_yield_of_any_scope(
    suite: Suite, vocabulary: Vocabulary, library: str
) -> None:
    opened = "import contextlib\nimport anyio, anyio.lowlevel\n" + dedent(GROUPS[library])
    suite.module(vocabulary, opened + WITH_GROUPS)
    suite.ran(*vocabulary.arguments).all_passed(
        "test_a_child_runs_beside_the_test", "test_the_groups_outlive_a_test"
    )
    narrow = ["function", "class"]  # pytest gives both the life of a test that is in no class
    up = [f"{scope} up" for scope in SCOPES]
    wide = [f"{scope} {way}" for way in ("up", "down") for scope in SCOPES if scope not in narrow]
    assert sorted(suite.events) == sorted(
        [*wide, *(f"{scope} {way}" for way in ("up", "down") for scope in narrow for _ in range(2))]
    )
    # Whatever was opened last is closed first.
    assert [one.replace("up", "down") for one in reversed(suite.events[: len(up)])] == [
        *suite.events[len(up) : len(up) + 2],
        *suite.events[-3:],
    ]


LIMITED = """
import anyio

{limit}

@fixture
async def limited():
    async with limit(3600) as expire:
        event("limit set")
        yield expire
        event("never reached")

@fixture
async def beside(limited):
    try:
        yield
    finally:
        event("beside down")

@fixture(scope="module")
async def module():
    yield here()
    event("module down")

@async_test
async def test_hangs(beside, limited, module):
    try:
        event("hangs")
        limited()
        await anyio.sleep_forever()
    finally:
        event("cancelled")

@async_test
async def test_next(module):
    assert here() is module
    event("next")
"""

LIMITS = {
    "asyncio": (
        "TimeoutError",
        """
        import contextlib

        @contextlib.asynccontextmanager
        async def limit(seconds):
            async with asyncio.timeout(seconds) as timeout:
                yield lambda: timeout.reschedule(here().time())
        """,
    ),
    "trio": (
        "TooSlowError",
        """
        import contextlib, trio

        @contextlib.asynccontextmanager
        async def limit(seconds):
            with trio.fail_after(seconds) as scope:
                yield lambda: setattr(scope, "deadline", trio.current_time())
        """,
    ),
    "anyio": (
        "TimeoutError",
        """
        import contextlib

        @contextlib.asynccontextmanager
        async def limit(seconds):
            with anyio.fail_after(seconds) as scope:
                yield lambda: setattr(scope, "deadline", anyio.current_time())
        """,
    ),
}


@pytest.mark.parametrize(("vocabulary", "library"), PAIRS)
def test_a_timeout_across_a_yield_cancels_the_test_and_surfaces_as_a_timeout(
    suite: Suite, vocabulary: Vocabulary, library: str
) -> None:
    error, limit = LIMITS[library]
    suite.module(vocabulary, LIMITED.format(limit=dedent(limit)))
    ran = suite.ran(*vocabulary.arguments)
    assert list(ran.outcomes) == ["test_hangs", "test_next"], ran.out
    assert ran.outcomes["test_next"] == "passed", ran.out
    assert ran.outcomes["test_hangs"] == "failed", ran.out
    assert f"{error}" in ran.texts["test_hangs"], ran.out
    assert ran.code == 1
    assert suite.events == ["limit set", "hangs", "cancelled", "beside down", "next", "module down"]


SCOPED = """
import anyio

@fixture
async def scope():
    with anyio.CancelScope() as scope:
        yield scope
    assert scope.cancelled_caught
    event("caught")

@async_test
async def test_cancels_itself(scope):
    scope.cancel()
    event("cancelling")
    await anyio.sleep_forever()

@async_test
async def test_next():
    event("next")
"""


@pytest.mark.parametrize("vocabulary", ALL, ids=str)
def test_a_cancel_scope_across_a_yield_catches_its_own_cancellation(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, SCOPED)
    ran = suite.ran(*vocabulary.arguments)
    # The test did not come to its end, and nobody said why: that is not a pass.
    assert ran.outcomes["test_cancels_itself"] == "failed", ran.out
    assert ran.outcomes["test_next"] == "passed", ran.out
    assert suite.events == ["cancelling", "caught", "next"]
