"""An `event_loop` fixture of the suite's own is its loop, as before pytest-asyncio 0.23."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.vocabularies.suites import HERE

if TYPE_CHECKING:
    from tests.vocabularies.suites import Ran, Suite

CONFTEST = """
{HERE}
import pytest_asyncio

class LoopOfTheSuite(asyncio.SelectorEventLoop):
    def close(self):
        if not self.is_closed():
            event("loop closed")
        super().close()

@pytest.fixture(scope="{scope}")
def event_loop():
    loop = LoopOfTheSuite()
    event("loop made")
    yield loop
    event("loop to be closed")
    loop.close()

{fixture}(scope="{scope}")
async def wide(event_loop):
    assert here() is event_loop
    event("wide up")
    yield event_loop
    assert here() is event_loop
    event("wide down")

{fixture}
async def narrow(wide):
    assert here() is wide
    event("narrow up")
    yield
    assert here() is wide
    event("narrow down")

# As in suites of the time: the fixture does not name the loop that it runs on.
{fixture}(scope="{scope}")
async def unnamed():
    event(f"unnamed up {{type(here()).__name__}}")
    yield here()
    event(f"unnamed down {{type(here()).__name__}}")
"""

TESTS = """
{HERE}
mark = {mark}

@mark
async def test_names_the_loop(event_loop):
    assert here() is event_loop
    assert type(here()).__name__ == "LoopOfTheSuite"

@mark
async def test_names_nothing():
    event(type(here()).__name__)

class TestInAClass:
    @mark
    async def test_uses_fixtures(self, narrow, wide, unnamed, event_loop):
        assert here() is wide is unnamed is event_loop
        event("test")

def test_is_no_coroutine(event_loop):
    assert event_loop.run_until_complete(asyncio.sleep(0, "ran")) == "ran"

def test_asks_for_a_fixture(wide):
    assert wide.run_until_complete(asyncio.sleep(0, "ran")) == "ran"
"""

STYLES = {
    "strict": ("@pytest_asyncio.fixture", "pytest.mark.asyncio", ("--loopscope-mode=strict",)),
    "auto": ("@pytest.fixture", "lambda function: function", ("--asyncio-mode=auto",)),
}

NAMES = (
    "test_names_the_loop",
    "test_names_nothing",
    "TestInAClass::test_uses_fixtures",
    "test_is_no_coroutine",
    "test_asks_for_a_fixture",
)

RECOGNISED = "the fixture event_loop is the loop of this suite"


def written(suite: Suite, scope: str, style: str, files: int = 1) -> tuple[str, ...]:
    """Write a suite of `files` modules; return the arguments it is run with."""
    fixture, mark, arguments = STYLES[style]
    suite.write({"conftest.py": CONFTEST.format(HERE=HERE, scope=scope, fixture=fixture)})
    for number in range(files):
        suite.write({f"test_{number}.py": TESTS.format(HERE=HERE, mark=mark)})
    return arguments


def warnings_about_it(ran: Ran) -> list[str]:
    """Return the lines that tell of the fixture."""
    return [line for line in ran.lines if RECOGNISED in line]


QUIET = f"-Wignore:{RECOGNISED}"


@pytest.mark.parametrize("style", STYLES)
def test_a_loop_of_session_scope_is_the_loop_of_every_test_and_fixture(
    suite: Suite, style: str
) -> None:
    arguments = written(suite, "session", style, files=2)
    ran = suite.ran(*arguments, QUIET)
    assert ran.outcomes == dict.fromkeys(NAMES, "passed+passed"), ran.out
    assert suite.events == [
        "loop made",
        "LoopOfTheSuite",
        "wide up",
        "unnamed up LoopOfTheSuite",
        "narrow up",
        "test",
        "narrow down",
        "LoopOfTheSuite",
        "narrow up",
        "test",
        "narrow down",
        "unnamed down LoopOfTheSuite",
        "wide down",
        "loop to be closed",
        "loop closed",
    ]


@pytest.mark.parametrize("style", STYLES)
def test_a_loop_of_module_scope_is_made_and_closed_once_a_module(suite: Suite, style: str) -> None:
    arguments = written(suite, "module", style, files=2)
    ran = suite.ran(*arguments, QUIET)
    assert ran.outcomes == dict.fromkeys(NAMES, "passed+passed"), ran.out
    assert suite.events == 2 * [
        "loop made",
        "LoopOfTheSuite",
        "wide up",
        "unnamed up LoopOfTheSuite",
        "narrow up",
        "test",
        "narrow down",
        "unnamed down LoopOfTheSuite",
        "wide down",
        "loop to be closed",
        "loop closed",
    ]


@pytest.mark.parametrize("scope", ["function", "class"])
def test_a_loop_of_a_narrow_scope_is_made_for_each_who_asks(suite: Suite, scope: str) -> None:
    arguments = written(suite, scope, "strict")
    suite.ran(*arguments, QUIET).all_passed(*NAMES)
    assert suite.events.count("loop made") == suite.events.count("loop closed") == len(NAMES)
    closing = [index for index, event in enumerate(suite.events) if event == "loop to be closed"]
    assert all(suite.events[index + 1] == "loop closed" for index in closing)


@pytest.mark.parametrize("scope", ["function", "module", "session"])
@pytest.mark.parametrize("style", STYLES)
def test_one_warning_names_the_line_and_what_to_write_instead(
    suite: Suite, scope: str, style: str
) -> None:
    arguments = written(suite, scope, style, files=2)
    ran = suite.ran(*arguments, "-Wdefault")
    assert ran.code == 0, ran.out
    (warning,) = warnings_about_it(ran)
    lines = dedent(CONFTEST.format(HERE=HERE, scope=scope, fixture="")).lstrip("\n").splitlines()
    line = next(index for index, text in enumerate(lines, 1) if "pytest.fixture(" in text)
    assert f"conftest.py:{line}: PytestDeprecationWarning" in warning
    assert f"its scope, {scope}, is read as the loop scope" in warning
    assert "loop_scope" in warning


OVERRIDDEN = """
{HERE}
import pytest_asyncio

@pytest.fixture(scope="module")
def event_loop():
    loop = asyncio.SelectorEventLoop()
    event("inner made")
    yield loop
    loop.close()
    event("inner closed")

@pytest_asyncio.fixture(scope="module")
async def unnamed():
    yield here()

@pytest.mark.asyncio
async def test_is_on_the_nearer_loop(event_loop, unnamed):
    assert here() is event_loop is unnamed
    assert type(here()).__name__ != "LoopOfTheSuite"
"""


def test_a_module_overrides_the_loop_of_the_suite(suite: Suite) -> None:
    arguments = written(suite, "session", "strict")
    suite.write({"test_1.py": OVERRIDDEN.format(HERE=HERE)})
    ran = suite.ran(*arguments, QUIET)
    assert ran.outcomes == dict.fromkeys((*NAMES, "test_is_on_the_nearer_loop"), "passed"), ran.out
    order = [event for event in suite.events if "made" in event or "closed" in event]
    assert order == ["loop made", "inner made", "inner closed", "loop to be closed", "loop closed"]


OTHERS = """
{HERE}

@pytest.mark.anyio
async def test_of_anyio(anyio_backend_name):
    assert library() == anyio_backend_name
    if library() == "asyncio":
        assert type(here()).__name__ != "LoopOfTheSuite"

@pytest.mark.trio
async def test_of_trio():
    assert library() == "trio"

async def test_of_ours():
    assert type(here()).__name__ != "LoopOfTheSuite"
"""


def test_the_loop_is_that_of_one_vocabulary_and_no_other(suite: Suite) -> None:
    written(suite, "session", "strict")
    suite.write({"test_1.py": OTHERS.format(HERE=HERE)})
    ran = suite.ran(QUIET)
    assert set(ran.outcomes.values()) == {"passed"}, ran.out
    assert len(ran.outcomes) == len(NAMES) + 4


POLICY = """
{HERE}

@pytest.fixture(scope="session")
def event_loop():
    policy = asyncio.get_event_loop_policy()
    loop = policy.new_event_loop()
    yield loop
    loop.close()
"""

OF_THE_DOCUMENTATION = """
{HERE}
import pytest_asyncio

@pytest_asyncio.fixture(scope="session")
async def server(event_loop):
    started = event_loop.create_future()
    task = event_loop.create_task(asyncio.sleep(0))
    task.add_done_callback(lambda _: started.set_result(here()))
    yield await started

@pytest.mark.asyncio
async def test_the_server_is_on_the_loop_of_the_test(server):
    assert server is here()

@pytest.mark.asyncio
async def test_so_it_is_for_the_next_test(server, event_loop):
    assert server is here() is event_loop is asyncio.get_event_loop()
"""


def test_the_override_that_the_documentation_gave_works_as_it_was(suite: Suite) -> None:
    suite.write(
        {
            "conftest.py": POLICY.format(HERE=HERE),
            "test_it.py": OF_THE_DOCUMENTATION.format(HERE=HERE),
        }
    )
    suite.ran(QUIET).all_passed(
        "test_the_server_is_on_the_loop_of_the_test", "test_so_it_is_for_the_next_test"
    )
