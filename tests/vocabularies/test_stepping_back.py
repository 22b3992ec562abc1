"""Where loopscope is off or only observes, the plugins are themselves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.vocabularies.suites import HERE, PEERS, engine

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

WAYS = ("not loaded", "off", "observe")

CONFTEST = f"""
{HERE}
from pathlib import Path
from types import ModuleType

MODULES = {PEERS}

@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    for name, module in MODULES.items():
        plugin = config.pluginmanager.get_plugin(name)
        assert isinstance(plugin, ModuleType) and plugin.__name__ == module
        assert Path(plugin.__file__).with_suffix("").parts[-2:] == tuple(module.split("."))
    for item in items:
        event(f"{{item.name}} {{type(item).__name__}}")

def pytest_terminal_summary(config):
    event(f"ours: {{config.pluginmanager.hasplugin('loopscope-execution')}}")
"""

TESTS = f"""
{HERE}

@pytest.mark.asyncio
async def test_asyncio():
    event(type(asyncio.current_task().get_coro()).__name__)

@pytest.mark.asyncio
async def test_asyncgen():
    yield

@pytest.mark.anyio
async def test_anyio(anyio_backend_name):
    from anyio import pytest_plugin
    assert pytest_plugin._current_runner is not None
    assert library() == anyio_backend_name

@pytest.mark.trio
async def test_trio(autojump_clock):
    import trio
    assert library() == "trio"
    around, task = [], trio.lowlevel.current_task()
    while task.parent_nursery is not None:
        task = task.parent_nursery.parent_task
        around.append(task.name)
    assert any(name.startswith("pytest_trio.plugin.") for name in around)

def test_sync(): ...
"""


@pytest.mark.parametrize("how", WAYS)
def test_each_plugin_is_itself_and_its_items_are_its_own(suite: Suite, how: str) -> None:
    suite.write({"conftest.py": CONFTEST, "test_it.py": TESTS})
    ran = suite.ran(*engine(how), "-Wignore::pytest.PytestCollectionWarning")
    assert ran.outcomes == {
        "test_asyncio": "passed",
        "test_asyncgen": "xfailed",
        "test_anyio[asyncio]": "passed",
        "test_anyio[trio]": "passed",
        "test_trio": "passed",
        "test_sync": "passed",
    }, ran.out
    assert sorted(suite.events) == sorted(
        [
            "test_asyncio Coroutine",
            "test_asyncgen AsyncGenerator",
            "test_anyio[asyncio] Function",
            "test_anyio[trio] Function",
            "test_trio Function",
            "test_sync Function",
            "coroutine",
            "ours: False",
        ]
    )


# Each of them fails on the plugin that it is written for, and passes on our engine.
TELLTALE = """
import asyncio
import contextvars
import pytest
import pytest_asyncio

var = contextvars.ContextVar("var", default="unset")

@pytest_asyncio.fixture(scope="session")
async def session():
    yield asyncio.get_running_loop()

@pytest.mark.asyncio
async def test_asyncio(session):
    assert asyncio.get_running_loop() is session

@pytest.fixture
def sets():
    token = var.set("by a sync fixture")
    yield
    var.reset(token)

@pytest.fixture(scope="module")
async def wide(anyio_backend):
    yield

@pytest.mark.anyio
async def test_anyio(wide, sets):
    assert var.get() == "by a sync fixture"

@pytest.fixture(scope="module")
async def wide_of_trio():
    yield

@pytest.mark.trio
async def test_trio(wide_of_trio): ...
"""

TOLD = ("test_asyncio", "test_anyio[asyncio]", "test_anyio[trio]", "test_trio")


@pytest.mark.parametrize("how", ["on", *WAYS])
def test_what_only_our_engine_can_do_tells_who_executes(suite: Suite, how: str) -> None:
    suite.write({"test_it.py": TELLTALE})
    ran = suite.ran(*engine(how), "-Wdefault")
    assert set(ran.outcomes) == set(TOLD), ran.out
    if how == "on":
        assert set(ran.outcomes.values()) == {"passed"}, ran.out
    else:
        assert "passed" not in ran.outcomes.values(), ran.out


def test_a_later_run_in_the_same_process_finds_the_plugins_as_they_were(suite: Suite) -> None:
    suite.write({"test_it.py": TESTS.replace("test_asyncgen", "asyncgen")})
    names = ("test_asyncio", "test_anyio[asyncio]", "test_anyio[trio]", "test_trio", "test_sync")
    ours = ("-k", "test_asyncio")
    suite.ran(*ours).all_passed("test_asyncio")
    suite.write({"conftest.py": CONFTEST})
    suite.ran(*engine("not loaded")).all_passed(*names)
    assert "test_asyncio Coroutine" in suite.events
    (suite.root / "conftest.py").unlink()
    suite.ran(*ours).all_passed("test_asyncio")


def test_runs_of_freshly_imported_modules_do_not_stand_in_for_one_another(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = pytest.importorskip("pytest_asyncio.plugin")
    suite.write({"test_it.py": TESTS.replace("test_asyncgen", "asyncgen")})
    for _ in range(2):
        monkeypatch.delitem(sys.modules, "loopscope.dialects.item_class", raising=False)
        suite.ran("-k", "test_asyncio").all_passed("test_asyncio")
    stand_in = vars(peer)["PytestAsyncioFunction"]
    assert issubclass(stand_in.original, pytest.Function)


def test_observing_prints_the_ladder_and_leaves_execution_to_them(suite: Suite) -> None:
    suite.write({"conftest.py": CONFTEST, "test_it.py": TESTS + SESSION})
    ran = suite.ran(
        *engine("observe"), "--loopscope-ladder", "-Wignore::pytest.PytestCollectionWarning"
    )
    assert "ours: False" in suite.events
    assert "test_asyncio Coroutine" in suite.events
    assert ran.outcomes["test_shares"] == "passed", ran.out
    (heading,) = (line for line in ran.lines if line.startswith("loopscope ladder: "))
    assert heading.endswith(" tests")
    start = ran.lines.index(heading)
    assert ran.lines[start + 1].startswith("session [asyncio]: because `session` at test_it.py:")
    assert any(" session  session  test_it.py:" in line for line in ran.lines), ran.out


SESSION = """
import pytest_asyncio

@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def session():
    yield here()

@pytest.mark.asyncio(loop_scope="session")
async def test_shares(session):
    assert here() is session
"""


def test_our_own_words_are_not_known_where_we_are_not_loaded(suite: Suite) -> None:
    suite.write({"test_it.py": "import pytest\n@pytest.mark.loopscope\nasync def test_it(): ...\n"})
    ran = suite.ran(*engine("not loaded"), "--strict-markers", apart=True)
    assert ran.code == pytest.ExitCode.INTERRUPTED
    assert "'loopscope' not found in `markers` configuration option" in ran.out


def test_an_engine_that_is_off_knows_its_words_still(suite: Suite) -> None:
    source = "import pytest\n@pytest.mark.loopscope\ndef test_it(): ...\n"
    suite.write(
        {
            "test_it.py": source,
            "pytest.ini": "[pytest]\nloopscope_engine = off\n"
            "asyncio_default_fixture_loop_scope = function\n",
        }
    )
    ran = suite.ran("--strict-markers", "--strict-config")
    ran.all_passed("test_it")
