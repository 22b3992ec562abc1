"""Context variables follow the scopes: seen below, gone after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

VARIABLE = """
import contextvars, pytest
VAR = contextvars.ContextVar("VAR", default="nobody")
"""

ASYNC = "async def"
SYNC = "def"


@pytest.mark.parametrize("test", [ASYNC, SYNC], ids=["async test", "sync test"])
@pytest.mark.parametrize("fixture", [ASYNC, SYNC], ids=["async fixture", "sync fixture"])
@pytest.mark.parametrize("scope", ["function", "class", "module", "package", "session"])
def test_what_a_fixture_sets_is_seen_below_it(
    run: RunSuite, scope: str, fixture: str, test: str, backend: str
) -> None:
    source = f"""{VARIABLE}
@pytest.fixture(scope="session")
async def loop():
    yield

@pytest.fixture(scope="{scope}")
{fixture} user(loop):
    token = VAR.set("ada")
    yield
    VAR.reset(token)

@pytest.fixture
def sync_below(user):
    return VAR.get()

@pytest.fixture
async def async_below(user):
    return VAR.get()

{test} test_it(user, sync_below, async_below):
    assert (VAR.get(), sync_below, async_below) == ("ada", "ada", "ada")

{test} test_again(user, async_below, sync_below):
    assert (VAR.get(), sync_below, async_below) == ("ada", "ada", "ada")
"""
    run(source, backend=backend).assert_outcomes(passed=2)


@pytest.mark.parametrize("reset", [True, False], ids=["reset", "left set"])
@pytest.mark.parametrize("fixture", [ASYNC, SYNC], ids=["async fixture", "sync fixture"])
@pytest.mark.parametrize("scope", ["function", "class"])
def test_what_a_fixture_sets_is_gone_after_its_scope(
    run: RunSuite, scope: str, fixture: str, reset: bool, backend: str
) -> None:
    source = f"""{VARIABLE}
@pytest.fixture(scope="session")
async def loop():
    yield

@pytest.fixture(scope="{scope}")
{fixture} user(loop):
    token = VAR.set("ada")
    yield
    if {reset}:
        VAR.reset(token)

class Test:
    async def test_inside(self, user):
        assert VAR.get() == "ada"

async def test_after(loop):
    assert VAR.get() == "nobody"

async def test_after_on_a_loop_of_its_own():
    assert VAR.get() == "nobody"

def test_after_without_a_loop():
    assert VAR.get() == "nobody"
"""
    run(source, backend=backend).assert_outcomes(passed=4)


@pytest.mark.parametrize("loop", ["shared", "own"])
def test_what_a_test_sets_never_reaches_the_next_one(
    run: RunSuite, loop: str, backend: str
) -> None:
    source = f"""{VARIABLE}
@pytest.fixture(scope="session")
async def shared():
    yield

@pytest.fixture
async def own():
    yield

async def test_async({loop}):
    assert VAR.get() == "nobody"
    VAR.set("async")

def test_sync({loop}):
    assert VAR.get() == "nobody"
    VAR.set("sync")

async def test_async_again({loop}):
    assert VAR.get() == "nobody"

def test_sync_again({loop}):
    assert VAR.get() == "nobody"
"""
    run(source, backend=backend).assert_outcomes(passed=4)


def test_the_innermost_scope_wins_and_the_outer_one_is_back_after_it(
    run: RunSuite, backend: str
) -> None:
    source = f"""{VARIABLE}
@pytest.fixture(scope="session", autouse=True)
async def outer():
    VAR.set("outer")
    yield

@pytest.fixture
def inner(outer):
    VAR.set("inner")
    yield

async def test_inner(inner):
    assert VAR.get() == "inner"

async def test_outer():
    assert VAR.get() == "outer"

def test_sync_inner(inner):
    assert VAR.get() == "inner"

def test_sync_outer():
    assert VAR.get() == "outer"
"""
    run(source, backend=backend).assert_outcomes(passed=4)


def test_a_wide_fixture_asked_for_by_a_narrow_one_gives_at_its_own_scope(
    run: RunSuite, backend: str
) -> None:
    source = f"""{VARIABLE}
@pytest.fixture(scope="session")
async def wide():
    VAR.set("wide")
    yield

@pytest.fixture
def narrow(request):
    request.getfixturevalue("wide")
    assert VAR.get() == "wide"

async def test_narrow(narrow):
    assert VAR.get() == "wide"

async def test_after(wide):
    assert VAR.get() == "wide"
"""
    run(source, backend=backend).assert_outcomes(passed=2)


def test_background_tasks_of_a_fixture_see_what_it_had_set(run: RunSuite, backend: str) -> None:
    source = f"""{VARIABLE}
import anyio
SEEN = []

@pytest.fixture(scope="module")
async def server():
    async def serve(ask):
        await ask.wait()
        SEEN.append(VAR.get())
        answered.set()

    VAR.set("server")
    ask, answered = anyio.Event(), anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(serve, ask)
        yield ask, answered

async def test_it(server):
    ask, answered = server
    VAR.set("test")
    ask.set()
    await answered.wait()
    assert SEEN == ["server"]
"""
    run(source, backend=backend).assert_outcomes(passed=1)


def test_a_test_sees_what_plain_pytest_code_had_set_before(run: RunSuite, backend: str) -> None:
    source = f"""{VARIABLE}
@pytest.fixture(scope="session")
def plain():
    VAR.set("plain")

def test_without_a_loop(plain):
    assert VAR.get() == "plain"

async def test_async(plain):
    assert VAR.get() == "plain"
"""
    run(source, backend=backend).assert_outcomes(passed=2)
