"""Rows 4, 5 and 18: what is held open across a yield, what crashes in it, and a skip inside one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.scenarios.rows import scenario
from tests.vocabularies.suites import ALL, ASYNCIO, FROM_ANYIO, OWN

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite, Vocabulary

SCOPES = ("function", "class", "module", "package", "session")

# Groups and limits of every library that there is on the backend. asyncio has none of its own
# before Python 3.11.
HELD = """
import contextlib
import anyio, anyio.lowlevel

groups = {"anyio": (anyio.create_task_group, lambda group: group.start_soon)}
limits = {"anyio": anyio.fail_after}
expire = {"anyio": lambda scope: setattr(scope, "deadline", anyio.current_time())}

if BACKEND == "trio":
    import trio
    groups["trio"] = trio.open_nursery, lambda nursery: nursery.start_soon
    limits["trio"] = trio.fail_after
    expire["trio"] = lambda scope: setattr(scope, "deadline", trio.current_time())
elif hasattr(asyncio, "TaskGroup"):
    def start_in(group):
        return lambda function: group.create_task(function())
    groups["asyncio"] = asyncio.TaskGroup, start_in
    limits["asyncio"] = asyncio.timeout
    expire["asyncio"] = lambda limit: limit.reschedule(here().time())

@contextlib.asynccontextmanager
async def limited(library):
    if library == "asyncio":
        async with limits[library](3600) as scope:
            yield lambda: expire[library](scope)
    else:
        with limits[library](3600) as scope:
            yield lambda: expire[library](scope)
"""


def for_each_scope(source: str) -> str:
    """Return `source` once for each scope, with `SCOPE` replaced by it."""
    return "\n".join(source.replace("SCOPE", scope) for scope in SCOPES)


GROUPS = HELD + for_each_scope(
    """
@fixture(scope="SCOPE")
async def SCOPE_groups():
    async with contextlib.AsyncExitStack() as stack:
        starters = {}
        for library, (open_group, start_in) in groups.items():
            starters[library] = start_in(await stack.enter_async_context(open_group()))
        yield starters
        event("SCOPE closes")

@async_test
async def test_a_child_of_SCOPE(SCOPE_groups):
    for start in SCOPE_groups.values():
        done = anyio.Event()
        async def child():
            await anyio.lowlevel.checkpoint()
            done.set()
        start(child)
        await done.wait()
"""
)


@scenario(4, ALL)
def test_a_group_may_be_held_open_across_the_yield_of_any_scope(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, GROUPS)
    suite.ran(*vocabulary.arguments).all_passed(*(f"test_a_child_of_{scope}" for scope in SCOPES))
    assert sorted(suite.events) == sorted(f"{scope} closes" for scope in SCOPES)


SCOPED = HELD + for_each_scope(
    """
@fixture(scope="SCOPE")
async def SCOPE_scope():
    with anyio.CancelScope() as scope:
        yield scope
    event(f"SCOPE caught {scope.cancelled_caught}")

@async_test
async def test_SCOPE_is_cancelled(SCOPE_scope):
    SCOPE_scope.cancel()
    await anyio.sleep_forever()
    event("resumed")
"""
)


@scenario(4, ALL)
def test_a_cancel_scope_may_be_held_open_across_the_yield_of_any_scope(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, SCOPED)
    ran = suite.ran(*vocabulary.arguments)
    # Not a pass: the test did not come to its end.
    assert ran.outcomes == {f"test_{scope}_is_cancelled": "failed" for scope in SCOPES}, ran.out
    assert suite.events == [f"{scope} caught True" for scope in SCOPES]


LIMITS = HELD + for_each_scope(
    """
@fixture(scope="SCOPE", params=list(limits))
async def SCOPE_limit(request):
    async with limited(request.param) as expire:
        yield expire
        event("the limit went by")

@fixture(scope="SCOPE")
async def SCOPE_inside(SCOPE_limit):
    try:
        yield SCOPE_limit
    finally:
        event("SCOPE torn down")

@async_test
async def test_hangs_in_SCOPE(SCOPE_inside):
    SCOPE_inside()
    await anyio.sleep_forever()
    event("resumed")
"""
)


@scenario(4, ALL)
def test_a_timeout_across_the_yield_of_any_scope_cancels_the_test_as_a_timeout(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, LIMITS)
    ran = suite.ran(*vocabulary.arguments)
    own = {"asyncio": "TimeoutError", "trio": "trio.TooSlowError"}
    for name, outcome in ran.outcomes.items():
        library = name.partition("[")[2]
        error = "TimeoutError" if "anyio" in library else own[vocabulary.backend]
        assert outcome == "failed", ran.out
        assert re.search(rf"^E +{error}\b", ran.texts[name], re.MULTILINE), ran.out
    names = {name.partition("[")[0] for name in ran.outcomes}
    assert names == {f"test_hangs_in_{scope}" for scope in SCOPES}
    assert len(suite.events) == len(ran.outcomes)
    assert set(suite.events) == {f"{scope} torn down" for scope in SCOPES}


CRASHING = HELD + for_each_scope(
    """
@fixture(scope="SCOPE", params=list(groups))
async def SCOPE_server(request):
    asked = anyio.Event()

    async def serve():
        await asked.wait()
        raise LookupError("no such page")

    open_group, start_in = groups[request.param]
    async with open_group() as group:
        start_in(group)(serve)
        yield asked
        event("not reached")

@fixture
async def SCOPE_sibling():
    yield
    event("sibling down")

@async_test
async def test_asks_SCOPE(SCOPE_sibling, SCOPE_server):
    SCOPE_server.set()
    try:
        await anyio.sleep_forever()
    finally:
        event("cancelled")
    event("resumed")

@async_test
async def test_next_to_SCOPE(SCOPE_sibling):
    event("ran")
"""
)


# Not pytest-trio's: its function-scoped fixtures are part of the test, and so is their error.
@scenario(5, (*OWN, *ASYNCIO, *FROM_ANYIO))
def test_a_crash_in_the_background_of_a_fixture_fails_the_test_with_its_own_error(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, CRASHING)
    ran = suite.ran(*vocabulary.arguments)
    asking = [name for name in ran.outcomes if name.startswith("test_asks_")]
    following = [name for name in ran.outcomes if name.startswith("test_next_to_")]
    assert {name.partition("[")[0] for name in asking} == {f"test_asks_{one}" for one in SCOPES}
    assert {ran.outcomes[name] for name in following} == {"passed"}, ran.out
    for name in asking:
        assert ran.outcomes[name] == "failed", ran.out
        assert "LookupError: no such page" in ran.texts[name], ran.out
        scope = name.removeprefix("test_asks_").partition("[")[0]
        assert f"raised in the background of fixture {scope}_server (test_it.py:" in ran.texts[name]
    # The order of parametrized tests is pytest's; each was cancelled, and torn down by itself.
    assert suite.events.count("cancelled") == len(asking)
    assert suite.events.count("ran") == len(following)
    assert suite.events.count("sibling down") == len(asking) + len(following)
    assert set(suite.events) == {"cancelled", "sibling down", "ran"}


SKIPPING = (
    HELD
    + """
@fixture(params=list(groups))
async def group(request):
    open_group, start_in = groups[request.param]
    async with open_group() as group:
        yield start_in(group)

@fixture(scope="session")
async def alive():
    yield here()
    event("down")

@async_test
async def test_skips_inside_a_group(alive):
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep_forever)
        await anyio.lowlevel.checkpoint()
        pytest.skip("not today")

@async_test
async def test_skips_below_a_group_that_a_fixture_holds(alive, group):
    pytest.skip("not today either")

@async_test
async def test_skips_in_a_child(alive):
    async def child():
        pytest.skip("in a child")
    async with anyio.create_task_group() as group:
        group.start_soon(child)

@async_test
async def test_next(alive):
    assert here() is alive
"""
)


@scenario(18, ALL)
def test_a_skip_inside_a_group_is_a_skip_and_the_next_test_runs(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, SKIPPING)
    ran = suite.ran(*vocabulary.arguments)
    skipped = {name for name, outcome in ran.outcomes.items() if outcome == "skipped"}
    assert {name.partition("[")[0] for name in skipped} == {
        "test_skips_inside_a_group",
        "test_skips_below_a_group_that_a_fixture_holds",
        "test_skips_in_a_child",
    }, ran.out
    assert {name: ran.outcomes[name] for name in set(ran.outcomes) - skipped} == {
        "test_next": "passed"
    }, ran.out
    assert suite.events == ["down"]
