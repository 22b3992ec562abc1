"""Rows 10, 11 and 21: whose a test is, what it runs on, and a loop that a suite brings itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scenarios.rows import scenario
from tests.vocabularies.suites import ASYNCIO, FROM_ANYIO, OWN, TRIO

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite, Vocabulary

UNDER_AUTO = """
@pytest.fixture
async def made():
    return running()

{mark}
async def test_it(made):
    assert running() == made
    event(library())

async def test_unmarked(made):
    assert running() == made
    event(f"unmarked {{library()}}")
"""

# What marks a test for both libraries, in vocabularies whose tests are named as below.
FOR_BOTH = {
    "anyio-asyncio": "@pytest.mark.anyio",
    "own-asyncio": '@pytest.mark.loopscope(backend=["asyncio", "trio"])',
}
ON_TRIO_TOO = [one for one in (*OWN, *FROM_ANYIO) if one.name in FOR_BOTH]


@scenario(10, ON_TRIO_TOO)
@pytest.mark.parametrize("modes", [("--asyncio-mode=auto",), ("-otrio_mode=true",)], ids=" ".join)
def test_a_test_marked_for_trio_runs_on_trio_whatever_mode_another_plugin_has(
    suite: Suite, vocabulary: Vocabulary, modes: tuple[str, ...]
) -> None:
    # Without the prelude of anyio's vocabulary, which chooses one backend.
    plain = OWN[0]
    suite.module(plain, UNDER_AUTO.format(mark=FOR_BOTH[vocabulary.name]))
    ran = suite.ran(*modes)
    ran.all_passed("test_it[asyncio]", "test_it[trio]", "test_unmarked")
    unmarked = "trio" if "trio" in modes[0] else "asyncio"
    assert suite.events == ["asyncio", "trio", f"unmarked {unmarked}"]


@scenario(10, (OWN[2], FROM_ANYIO[1], TRIO[0]))
def test_a_test_of_one_backend_keeps_it_under_the_auto_mode_of_another_plugin(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, "@async_test\nasync def test_it():\n    event(library())\n")
    suite.ran("--asyncio-mode=auto").all_passed("test_it")
    assert suite.events == ["trio"]


@scenario(10, (FROM_ANYIO[1], TRIO[0], TRIO[1]))
def test_a_limit_that_our_mark_sets_does_not_take_a_test_from_its_vocabulary(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    limit = "@pytest.mark.loopscope(timeout=60)"
    source = f"@async_test\n{limit}\nasync def test_it():\n    event(library())\n"
    suite.module(vocabulary, source)
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == ["trio"]


BESIDE_ASYNCIO = """
{prelude}
import anyio

@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"

{fixture}
async def session():
    event("up " + library())
    yield running()
    event("down " + library())

{asyncio}
async def test_before(session):
    assert running() == session

{on_trio}

{asyncio}
async def test_after(session):
    await anyio.sleep(0)
    assert running() == session
"""

SESSIONS = {
    "own-marked": ("", '@pytest.fixture(scope="session")'),
    "anyio-trio": ("@pytest.mark.anyio", '@pytest.fixture(scope="session")'),
    "trio-marked": (
        "@pytest.mark.asyncio",
        'import pytest_asyncio\n@pytest_asyncio.fixture(scope="session")',
    ),
}
TEST_ON_TRIO = """
{mark}
async def test_on_trio({names}):
    await anyio.sleep(0)
    event(library())
"""
TESTS_ON_TRIO = {
    "own-marked": TEST_ON_TRIO.format(mark="@pytest.mark.loopscope(backend='trio')", names=""),
    "trio-marked": TEST_ON_TRIO.format(mark="@pytest.mark.trio", names=""),
    "anyio-trio": """
class TestOnTrio:
    @pytest.fixture
    def anyio_backend(self):
        return "trio"

    @pytest.mark.anyio
    async def test_on_trio(self):
        await anyio.sleep(0)
        event(library())
""",
}


@scenario(11, (OWN[2], FROM_ANYIO[1], TRIO[0]))
def test_a_test_on_trio_runs_on_trio_while_a_fixture_of_the_session_lives_on_asyncio(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    mark, fixture = SESSIONS[vocabulary.name]
    source = BESIDE_ASYNCIO.format(
        prelude=OWN[0].prelude,
        asyncio=mark,
        fixture=fixture,
        on_trio=TESTS_ON_TRIO[vocabulary.name],
    )
    suite.write({"test_it.py": source})
    ran = suite.ran()
    assert set(ran.outcomes.values()) == {"passed"}, ran.out
    assert len(ran.outcomes) == 3, ran.out
    assert suite.events == ["up asyncio", "trio", "down asyncio"]


EVENT_LOOP = """
import warnings

class LoopOfTheSuite(asyncio.SelectorEventLoop):
    pass

@pytest.fixture(scope="{scope}")
def event_loop():
    loop = LoopOfTheSuite()
    event("made")
    yield loop
    loop.close()
    event("closed")

@fixture(scope="{scope}")
async def connection(event_loop):
    assert here() is event_loop
    yield here()
    assert here() is event_loop
    event("down")

@async_test
async def test_names_the_fixture(connection):
    assert here() is connection

@async_test
async def test_names_the_loop(event_loop):
    assert here() is event_loop

@async_test
async def test_names_nothing():
    assert type(here()) is LoopOfTheSuite
"""


@scenario(21, ASYNCIO)
@pytest.mark.parametrize("scope", ["function", "module", "session"])
def test_the_scope_of_an_event_loop_fixture_is_read_as_the_loop_scope_and_told_once(
    suite: Suite, vocabulary: Vocabulary, scope: str
) -> None:
    suite.module(vocabulary, EVENT_LOOP.format(scope=scope))
    ran = suite.ran(*vocabulary.arguments, "-Wdefault")
    ran.all_passed("test_names_the_fixture", "test_names_the_loop", "test_names_nothing")
    loops = 3 if scope == "function" else 1
    assert sorted(suite.events) == sorted(["down", *["made", "closed"] * loops])
    (warning,) = (line for line in ran.lines if "event_loop is the loop of this suite" in line)
    lines = (suite.root / "test_it.py").read_text(encoding="utf-8").splitlines()
    line = lines.index("def event_loop():")  # the line above it, counted from one
    assert f"test_it.py:{line}: " in warning
    assert f"its scope, {scope}, is read as the loop scope" in warning


@scenario(21, (OWN[0], OWN[2]))
def test_an_event_loop_fixture_does_not_touch_the_tests_of_another_vocabulary(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        """
        @pytest.fixture(scope="session")
        def event_loop():
            event("made")
            yield asyncio.SelectorEventLoop()

        @fixture(scope="session")
        async def connection():
            yield here()

        @async_test
        async def test_it(connection):
            assert here() is connection
            event(library())
        """,
    )
    suite.ran(*vocabulary.arguments).all_passed("test_it")
    assert suite.events == [vocabulary.backend]
