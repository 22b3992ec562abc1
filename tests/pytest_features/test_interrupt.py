"""Ctrl-C: the first one tears everything down, the second one insists, the third one leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.pytest_features.processes import ALL_DOWN, INT, SCOPES, conftest, downs, signalled

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

CONFTEST = conftest(before="from anyio.lowlevel import checkpoint as CHECKPOINT\n")

# What is done when the signal comes.
MOMENTS = """
import time
import anyio
import pytest
from anyio.lowlevel import checkpoint
from told import event, ready

async def waits():
    never = anyio.Event()
    await checkpoint()
    ready()
    await never.wait()

async def has_a_task_that_waits():
    async with anyio.create_task_group() as group:
        group.start_soon(waits)

async def blocks():
    await checkpoint()
    ready()
    time.sleep(60)

async def has_a_task_that_blocks():
    async with anyio.create_task_group() as group:
        group.start_soon(blocks)

async def is_busy():
    await checkpoint()
    ready()
    while True:
        await checkpoint()

async def cleans_up():
    try:
        await waits()
    finally:
        with anyio.CancelScope(shield=True):
            await checkpoint()
            event("cleaned")

async def does_not_care():
    never = anyio.Event()
    while True:
        try:
            ready()
            await never.wait()
        except BaseException:
            pass
"""

IN_CALL = """
class TestIt:
    async def test_it(self, of_function):
        try:
            await MOMENT()
        finally:
            event("left")
        event("resumed")

def test_next():
    event("resumed")
"""

IN_SETUP = """
@pytest.fixture(scope="SCOPE")
async def slow(of_SCOPE):
    try:
        await MOMENT()
    finally:
        event("left")
    yield

async def test_it(slow, of_function):
    event("resumed")

def test_next():
    event("resumed")
"""

IN_TEARDOWN = """
@pytest.fixture(scope="SCOPE")
async def slow(of_SCOPE):
    yield
    try:
        await MOMENT()
    finally:
        event("left")

async def test_it(of_function, slow): ...

def test_last(of_session): ...
"""

IN_SYNC_FIXTURE = """
@pytest.fixture
def slow(of_function):
    try:
        ready()
        time.sleep(60)
    finally:
        event("left")

async def test_it(slow):
    event("resumed")
"""

IN_SYNC_TEST = """
def test_it(loopscope, of_function):
    try:
        loopscope.run(MOMENT)
    finally:
        event("left")
"""


@dataclass(frozen=True)
class Case:
    """What is under way, on which backend, and what happens from the first signal on."""

    suite: str
    moment: str
    backend: str
    events: list[str]
    scope: str = "function"

    @property
    def source(self) -> str:
        suite = self.suite.replace("MOMENT", self.moment).replace("SCOPE", self.scope)
        return MOMENTS + suite


MODULE_DOWN = downs("module", "package", "session")
WHILE = {
    "a test waits": Case(IN_CALL, "waits", "asyncio", ["left", *ALL_DOWN]),
    "a test waits on uvloop": Case(IN_CALL, "waits", "uvloop", ["left", *ALL_DOWN]),
    "a task of a test waits": Case(IN_CALL, "has_a_task_that_waits", "trio", ["left", *ALL_DOWN]),
    "a test blocks": Case(IN_CALL, "blocks", "asyncio", ["left", *ALL_DOWN]),
    "a task blocks": Case(IN_CALL, "has_a_task_that_blocks", "asyncio", ["left", *ALL_DOWN]),
    "a test blocks on trio": Case(IN_CALL, "blocks", "trio", ["left", *ALL_DOWN]),
    "a test is busy": Case(IN_CALL, "is_busy", "uvloop", ["left", *ALL_DOWN]),
    "a test cleans up": Case(IN_CALL, "cleans_up", "trio", ["cleaned", "left", *ALL_DOWN]),
    "setup": Case(IN_SETUP, "waits", "trio", ["left", *ALL_DOWN]),
    "setup of a module": Case(IN_SETUP, "waits", "asyncio", ["left", *MODULE_DOWN], "module"),
    "setup of a session": Case(IN_SETUP, "blocks", "trio", ["left", "session down"], "session"),
    "teardown": Case(IN_TEARDOWN, "waits", "asyncio", ["left", *ALL_DOWN]),
    "teardown of a module": Case(
        IN_TEARDOWN, "waits", "trio", [*ALL_DOWN[:2], "left", *MODULE_DOWN], "module"
    ),
    "teardown of a session": Case(
        IN_TEARDOWN, "blocks", "asyncio", [*ALL_DOWN[:4], "left", "session down"], "session"
    ),
    "a sync fixture blocks": Case(IN_SYNC_FIXTURE, "", "asyncio", ["left", *ALL_DOWN]),
    "a sync test waits": Case(IN_SYNC_TEST, "waits", "trio", ["left", *ALL_DOWN]),
}


@pytest.mark.parametrize("case", WHILE.values(), ids=WHILE)
def test_the_first_interrupt_tears_everything_down(inner: Inner, case: Case) -> None:
    inner.write({"conftest.py": CONFTEST, "test_it.py": case.source})
    ended = signalled(inner, [INT], backend=case.backend)
    assert ended.code == pytest.ExitCode.INTERRUPTED, ended.output
    assert ended.events == case.events, ended.output
    assert "KeyboardInterrupt" in ended.output
    assert ended.is_clean, ended.output


HANGING = {
    "test": Case(IN_CALL, "does_not_care", "asyncio", ALL_DOWN),
    "test on uvloop": Case(IN_CALL, "does_not_care", "uvloop", ALL_DOWN),
    "test on trio": Case(IN_CALL, "does_not_care", "trio", ALL_DOWN),
    "setup": Case(IN_SETUP, "does_not_care", "trio", MODULE_DOWN, "module"),
    "teardown": Case(IN_TEARDOWN, "does_not_care", "asyncio", ALL_DOWN),
    "teardown of a session": Case(IN_TEARDOWN, "does_not_care", "trio", ALL_DOWN, "session"),
}


@pytest.mark.parametrize("case", HANGING.values(), ids=HANGING)
def test_the_second_interrupt_abandons_what_hangs_and_tears_the_rest_down(
    inner: Inner, case: Case
) -> None:
    inner.write({"conftest.py": CONFTEST, "test_it.py": case.source})
    ended = signalled(inner, [INT, INT], backend=case.backend)
    assert ended.code == pytest.ExitCode.INTERRUPTED, ended.output
    # What was abandoned may have been told so; it has no say in the rest.
    assert [event for event in ended.events if event != "left"] == case.events, ended.output
    assert ended.is_clean, ended.output


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_third_interrupt_tears_nothing_down_any_more(inner: Inner, backend: str) -> None:
    # The test hangs when it is cancelled, and so does the next thing that is torn down.
    source = MOMENTS + IN_TEARDOWN.replace("async def test_it(of_function, slow): ...", "")
    source = source.replace("SCOPE", "function").replace("MOMENT", "does_not_care")
    source += "\nasync def test_it(slow):\n    await does_not_care()\n"
    inner.write({"conftest.py": CONFTEST, "test_it.py": source})
    ended = signalled(inner, [INT, INT, INT], "-k", "test_it", backend=backend)
    assert ended.code != 0
    assert "session down" not in ended.events


# How each of the other vocabularies marks its tests, its fixtures, and says "checkpoint".
VOCABULARIES = {
    "pytest-asyncio": (
        "import asyncio, pytest_asyncio\nasync def CHECKPOINT(): await asyncio.sleep(0)\n",
        "pytest_asyncio.fixture",
        "@pytest.mark.asyncio(loop_scope='session')",
        ("pytest_asyncio.plugin",),
    ),
    "anyio": (
        "from anyio.lowlevel import checkpoint as CHECKPOINT\n"
        "@pytest.fixture(scope='session')\ndef anyio_backend(): return 'trio'\n",
        "pytest.fixture",
        "@pytest.mark.anyio",
        ("anyio.pytest_plugin",),
    ),
}


@pytest.mark.parametrize("vocabulary", VOCABULARIES.values(), ids=VOCABULARIES)
def test_it_is_the_same_in_other_vocabularies(
    inner: Inner, vocabulary: tuple[str, str, str, tuple[str, ...]]
) -> None:
    before, fixture, mark, plugins = vocabulary
    test = IN_CALL.replace("    async def", f"    {mark}\n    async def").replace("MOMENT", "waits")
    loops = ", loop_scope='session'" if "asyncio" in fixture else ""
    fixtures = conftest(fixture, before)
    for scope in SCOPES:
        fixtures = fixtures.replace(f'"{scope}")\n', f'"{scope}"{loops})\n')
    inner.write({"conftest.py": fixtures, "test_it.py": MOMENTS + test})
    ended = signalled(inner, [INT], "--loopscope-mode=strict", backend="sync", plugins=plugins)
    assert ended.code == pytest.ExitCode.INTERRUPTED, ended.output
    assert ended.events == ["left", *ALL_DOWN], ended.output
    assert ended.is_clean, ended.output


SIDE_BY_SIDE = """
    import pytest
    import pytest_trio
    import trio
    from told import event, ready

    @pytest_trio.trio_fixture
    async def outer():
        yield
        await trio.lowlevel.checkpoint()
        event("outer down")

    @pytest_trio.trio_fixture
    async def inner(outer):
        yield
        await trio.lowlevel.checkpoint()
        event("inner down")

    @pytest.mark.trio
    async def test_it(inner):
        try:
            ready()
            await trio.sleep_forever()
        finally:
            event("left")

    def test_next():
        event("resumed")
"""


def test_fixtures_that_run_beside_the_test_are_torn_down(inner: Inner) -> None:
    inner.write({"test_it.py": SIDE_BY_SIDE})
    ended = signalled(inner, [INT], backend="sync", plugins=["pytest_trio.plugin"])
    assert ended.code == pytest.ExitCode.INTERRUPTED, ended.output
    assert ended.events == ["left", "inner down", "outer down"], ended.output
    assert ended.is_clean, ended.output
