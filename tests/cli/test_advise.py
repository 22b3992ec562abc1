"""What `loopscope advise` says is true: pasted into a suite, it makes that pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.advise.versions import release
from tests.advise.pasting import advised, chdir, outcomes, paste
from tests.cli.command import run
from tests.cli.suites import ASYNCIO, written

if TYPE_CHECKING:
    from pathlib import Path

pytest_asyncio = pytest.importorskip("pytest_asyncio")
pytest.importorskip("anyio")

UNSET = "[pytest]\n"
STRICT = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
AUTO = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
POOL = """
import asyncio
import pytest_asyncio

@pytest_asyncio.fixture(scope="{scope}")
async def pool():
    yield asyncio.get_running_loop()
"""
BARE_POOL = POOL.replace("pytest_asyncio", "pytest")
MARKED = """
import asyncio
import pytest

@pytest.mark.asyncio
async def test_pool(pool):
    assert asyncio.get_running_loop() is pool

class TestPool:
    @pytest.mark.parametrize("number", [1, 2])
    @pytest.mark.asyncio
    async def test_again(self, pool, number):
        assert asyncio.get_running_loop() is pool

@pytest.mark.asyncio
async def test_alone(): ...

def test_sync(pool):
    assert pool is not None
"""
BARE = MARKED.replace("@pytest.mark.asyncio\n", "\n").replace("    \n", "")

THROUGH_OTHERS = """
import asyncio
import pytest, pytest_asyncio

@pytest_asyncio.fixture
async def account(pool):
    assert asyncio.get_running_loop() is pool
    return pool

@pytest.fixture
def named(account):
    return account

@pytest_asyncio.fixture(params=["a", "b"], name="user")
async def a_user(named, request):
    assert asyncio.get_running_loop() is named
    return named

@pytest.mark.asyncio
async def test_user(user):
    assert asyncio.get_running_loop() is user
"""
IN_A_CLASS = """
import asyncio
import pytest, pytest_asyncio

@pytest_asyncio.fixture(scope="class")
async def shared():
    return asyncio.get_running_loop()

class TestShared:
    pytestmark = pytest.mark.asyncio

    async def test_one(self, shared):
        assert asyncio.get_running_loop() is shared

@pytest.mark.asyncio
async def test_outside(shared):
    assert asyncio.get_running_loop() is shared
"""
CONTRADICTS = """
import asyncio
import pytest

@pytest.mark.asyncio(loop_scope="module")
async def test_elsewhere(pool):
    assert asyncio.get_running_loop() is pool
"""

# One run is one process: each kind of suite has what can go wrong with its settings, side by side.
SUITES = {
    "unset": {
        "pytest.ini": UNSET,
        "session/conftest.py": POOL.format(scope="session"),
        "session/test_a.py": MARKED,
        "session/test_b.py": CONTRADICTS,
        "package/__init__.py": "",
        "package/api/__init__.py": "",
        "package/conftest.py": POOL.format(scope="package"),
        "package/test_c.py": MARKED,
        "package/api/test_d.py": MARKED,
        "class/test_e.py": IN_A_CLASS,
    },
    "strict": {
        "pytest.ini": STRICT,
        "module/conftest.py": POOL.format(scope="module"),
        "module/test_a.py": MARKED,
        "through/conftest.py": POOL.format(scope="session"),
        "through/test_b.py": THROUGH_OTHERS,
    },
    "auto": {
        "pytest.ini": AUTO,
        "conftest.py": BARE_POOL.format(scope="session"),
        "test_a.py": BARE,
        "test_b.py": BARE,
    },
}


@pytest.mark.parametrize("name", SUITES)
def test_with_what_is_advised_for_pytest_asyncio_the_suite_passes_on_it(
    tmp_path: Path, name: str
) -> None:
    suite = written(tmp_path, SUITES[name])
    code, said = outcomes(suite, "-pno:anyio", "-pno:trio")
    assert code == 1, said
    advice = advised(suite)
    paste(suite, advice["asyncio"])
    code, said = outcomes(suite, "-pno:anyio", "-pno:trio", "-Werror")
    assert code == 0, said
    again = advised(suite)
    assert (again["findings"], again["asyncio"]["declarations"]) == (0, [])
    assert again["asyncio"]["settings"] == {}


@pytest.mark.parametrize("name", SUITES)
def test_with_what_is_advised_for_anyio_the_suite_passes_on_it(tmp_path: Path, name: str) -> None:
    suite = written(tmp_path, SUITES[name])
    paste(suite, advised(suite)["anyio"])
    code, said = outcomes(suite, "-pno:trio")
    assert code == 0, said


ANYIO = """
import asyncio
import pytest

pytestmark = pytest.mark.anyio

@pytest.fixture(scope="module")
async def pool():
    yield asyncio.get_running_loop()

async def test_pool(pool):
    assert asyncio.get_running_loop() is pool
"""
OURS = ANYIO.replace("pytestmark = pytest.mark.anyio\n", "")
ONLY_ASYNCIO = """
import pytest

@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"
"""


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"conftest.py": ONLY_ASYNCIO, "test_a.py": ANYIO}, id="anyio"),
        pytest.param({"test_a.py": OURS}, id="loopscope"),
    ],
)
def test_a_suite_in_other_words_passes_on_pytest_asyncio_with_what_is_advised(
    tmp_path: Path, files: dict[str, str]
) -> None:
    suite = written(tmp_path, {"pytest.ini": UNSET, **files})
    paste(suite, advised(suite)["asyncio"])
    code, said = outcomes(suite, "-Werror")
    assert code == 0, said


HELD_OPEN = """
import anyio, pytest, pytest_asyncio

@pytest_asyncio.fixture
async def group():
    async with anyio.create_task_group() as group:
        yield group

@pytest.mark.asyncio
async def test_group(group): ...
"""
AS_BEFORE_0_23 = """
import asyncio, pytest

@pytest.fixture(scope="session")
def event_loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()

@pytest.mark.asyncio
async def test_loop(event_loop):
    assert asyncio.get_running_loop() is event_loop
"""
TOO_WIDE = ANYIO.replace('scope="module"', 'scope="session"')


@pytest.mark.parametrize(
    ("source", "plugin", "said"),
    [
        pytest.param(HELD_OPEN, "asyncio", "cancel scope in a different task", id="held-open"),
        pytest.param(
            AS_BEFORE_0_23,
            "asyncio",
            "AssertionError",
            id="event-loop",
            marks=pytest.mark.skipif(
                release(pytest_asyncio.__version__) < (1,), reason="there the fixture is the loop"
            ),
        ),
        pytest.param(TOO_WIDE, "anyio", "ScopeMismatch", id="wider-than-anyio-backend"),
    ],
)
def test_what_is_said_to_fail_does_so(tmp_path: Path, source: str, plugin: str, said: str) -> None:
    suite = written(tmp_path, {"pytest.ini": UNSET, "test_a.py": source})
    (failing,) = advised(suite)[plugin]["fails"]
    assert failing.startswith(
        ("group (test_a.py:4)", "pool (test_a.py:7)", "event_loop (test_a.py:4)")
    )
    code, output = outcomes(suite)
    assert code == 1
    assert said in output


def test_a_suite_that_runs_well_keeps_what_it_has(tmp_path: Path) -> None:
    tests = "import pytest\n\n@pytest.mark.asyncio\nasync def test_it(): ...\n"
    advice = advised(written(tmp_path, {"pytest.ini": STRICT, "test_a.py": tests}))
    assert advice["recommendation"]["engines"] == ["pytest-asyncio"]
    assert advice["recommendation"]["keeps"] is True
    assert (advice["configuration"], advice["declarations"]) == ([], [])


def test_it_is_printed_as_text_with_a_place_for_each_fact(tmp_path: Path) -> None:
    suite = written(tmp_path, {**ASYNCIO, "app.py": "import asyncpg\n"})
    with chdir(suite):
        result = run("advise", "test_db.py")
    assert result.exit_code == 0
    for line in (
        "  5 tests, 4 async: 4 pytest-asyncio",
        "  code  import asyncpg  asyncio  1      app.py:1",
        "  db       session  session  session  2      0         3          conftest.py:4",
        '  @pytest.mark.asyncio(loop_scope="session")',
        "      on test_query, in place of @pytest.mark.asyncio  test_db.py:4",
        "  loopscope verify --against installed test_db.py",
        "Recommended: keep pytest-asyncio",
    ):
        assert f"{line}\n" in result.output


def test_it_is_written_into_a_file_as_markdown(tmp_path: Path) -> None:
    suite = written(tmp_path, ASYNCIO)
    with chdir(suite):
        result = run("advise", "--format=markdown", "--output=advice.md")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "advice.md is written\nRecommended: keep pytest-asyncio\n"
    page = (suite / "advice.md").read_text(encoding="utf-8")
    assert page.startswith("# Async tests: advice\n")
    assert "## Recommended: keep pytest-asyncio\n" in page
    assert "\n| fixture | scope |" in page


def test_what_cannot_be_read_is_named_and_left_out(tmp_path: Path) -> None:
    files = {"pytest.ini": UNSET, "old.py": "print 'hello'\n", "test_a.py": "def test_it(): ...\n"}
    with chdir(written(tmp_path, files)):
        result = run("advise")
    assert result.exit_code == 0
    assert result.stderr == "old.py is no Python that can be read here, and is left out\n"
    assert "Recommended: nothing" in result.output


def test_what_cannot_be_collected_is_2_and_nothing_is_written(tmp_path: Path) -> None:
    with chdir(written(tmp_path, {"pytest.ini": UNSET, "test_a.py": "import nothing_of_the_kind"})):
        result = run("advise", "--output=advice.txt")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nothing_of_the_kind" in result.stderr
    assert not (tmp_path / "advice.txt").exists()
