"""The fixture `loopscope`: `run`, `getfixture`, `backend`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

PRELUDE = """
import anyio, contextvars, pytest, sniffio
LOG = []

def here():
    if sniffio.current_async_library() == "trio":
        import trio
        return trio.lowlevel.current_trio_token()
    import asyncio
    return asyncio.get_running_loop()

async def there(*args):
    await anyio.sleep(0)
    return (here(), *args)
"""


def test_a_sync_test_runs_a_function_on_the_loop_of_its_fixtures(
    run: RunSuite, backend: str
) -> None:
    source = f"""{PRELUDE}
@pytest.fixture(scope="session")
async def client():
    yield here()

def test_it(client, loopscope):
    assert loopscope.run(there, 1, 2) == (client, 1, 2)
    assert loopscope.run(there) == (client,)
    assert loopscope.backend == "{backend}"

def test_an_error_comes_out(loopscope):
    async def fail():
        raise LookupError("out")
    with pytest.raises(LookupError, match="out"):
        loopscope.run(fail)
"""
    run(source, backend=backend).assert_outcomes(passed=2)


def test_a_sync_fixture_may_run_functions_in_setup_and_teardown(
    run: RunSuite, backend: str
) -> None:
    source = f"""{PRELUDE}
@pytest.fixture
def prepared(loopscope):
    made = loopscope.run(there)
    yield made
    assert loopscope.run(there) == made

async def test_it(prepared):
    assert (here(),) == prepared
"""
    run(source, backend=backend).assert_outcomes(passed=1)


def test_what_runs_sees_the_variables_of_the_caller(run: RunSuite, backend: str) -> None:
    source = f"""{PRELUDE}
VAR = contextvars.ContextVar("VAR")

def test_it(loopscope):
    async def get():
        return VAR.get()
    VAR.set("mine")
    assert loopscope.run(get) == "mine"
"""
    run(source, backend=backend).assert_outcomes(passed=1)


def test_run_inside_async_code_says_to_await(run: RunSuite, backend: str) -> None:
    source = f"""{PRELUDE}
async def test_it(loopscope):
    loopscope.run(there)
"""
    result = run(source, backend=backend)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*loopscope.run(there)",
            "E * LS405 test_it calls loopscope.run while the loop is running",
            "E * await the function instead",
        ]
    )


def test_run_with_a_coroutine_says_to_give_the_function(run: RunSuite, backend: str) -> None:
    source = f"""{PRELUDE}
def test_it(loopscope):
    loopscope.run(there(1))
"""
    result = run(source, backend=backend)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*loopscope.run(there(1))",
            "E * LS410 test_it gives loopscope.run a coroutine, and not a function",
            "E * loopscope.run(there, ...), and not loopscope.run(there(...))",
        ]
    )
    result.stdout.no_fnmatch_line("*never awaited*")


@pytest.mark.parametrize("scope", ["function", "class", "module", "package"])
def test_getfixture_sets_a_fixture_up_inside_a_running_test(
    run: RunSuite, scope: str, backend: str
) -> None:
    source = f"""{PRELUDE}
@pytest.fixture(scope="{scope}")
async def below():
    LOG.append("+below")
    yield
    LOG.append("-below")

@pytest.fixture
async def wanted(below):
    LOG.append("+wanted")
    yield here()
    await anyio.sleep(0)
    LOG.append("-wanted")

@pytest.mark.loopscope(scope="{scope}")
async def test_it(loopscope):
    assert await loopscope.getfixture("wanted") is here()
    assert await loopscope.getfixture("wanted") is here()
    LOG.append("test")

def test_log():
    expected = ["+below", "+wanted", "test", "-wanted", "-below"]
    wide = "{scope}" in ("module", "package")
    assert LOG == (expected[:-1] if wide else expected)
"""
    run(source, backend=backend).assert_outcomes(passed=2)


def test_getfixture_works_in_an_async_fixture_and_for_sync_fixtures(
    run: RunSuite, backend: str
) -> None:
    source = f"""{PRELUDE}
@pytest.fixture
def plain():
    return 1

@pytest.fixture
async def other():
    yield 2

@pytest.fixture
async def both(loopscope):
    yield await loopscope.getfixture("plain"), await loopscope.getfixture("other")

async def test_it(both):
    assert both == (1, 2)
"""
    run(source, backend=backend).assert_outcomes(passed=1)


def test_the_error_of_a_fixture_asked_for_arrives_where_it_is_awaited(
    run: RunSuite, backend: str
) -> None:
    source = f"""{PRELUDE}
@pytest.fixture
async def broken():
    raise LookupError("in setup")
    yield

async def test_it(loopscope):
    with pytest.raises(LookupError, match="in setup"):
        await loopscope.getfixture("broken")
    with pytest.raises(pytest.FixtureLookupError):
        await loopscope.getfixture("nowhere")
"""
    run(source, backend=backend).assert_outcomes(passed=1)


def test_a_dynamic_request_in_running_code_says_what_to_await(run: RunSuite, backend: str) -> None:
    source = f"""{PRELUDE}
@pytest.fixture
async def client():
    yield here()

async def test_it(request, loopscope):
    with pytest.raises(Exception, match="LS404 test_it asks for the async fixture client") as exc:
        request.getfixturevalue("client")
    assert 'await loopscope.getfixture("client")' in str(exc.value)
    assert await loopscope.getfixture("client") is here()

async def test_after(client):
    assert client is here()
"""
    run(source, backend=backend).assert_outcomes(passed=2)


def test_a_sync_fixture_may_be_asked_for_in_running_code(run: RunSuite, backend: str) -> None:
    source = f"""{PRELUDE}
@pytest.fixture
def plain():
    return 1

async def test_it(request):
    assert request.getfixturevalue("plain") == 1
"""
    run(source, backend=backend).assert_outcomes(passed=1)
