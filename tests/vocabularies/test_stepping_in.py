"""Where loopscope executes, what users see of the plugins that it stands in for is still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.vocabularies.suites import HERE, PEERS, engine

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

TESTS = f"""
{HERE}

@pytest.mark.asyncio
async def test_asyncio():
    event(library())

@pytest.mark.anyio
async def test_anyio(anyio_backend_name):
    event(library())

@pytest.mark.trio
async def test_trio():
    event(library())

async def test_unmarked():
    event(library())

def test_sync(): ...
"""

# The hooks at which a conftest may ask who is there, and what each is told.
ASKS = """
import pytest

NAMES = ("asyncio", "anyio", "trio")

def note(config, when):
    there = [name for name in NAMES if config.pluginmanager.hasplugin(name)]
    with open("asked.txt", "a") as file:
        file.write(f"{when}: {' '.join(there)}\\n")

def pytest_addoption(parser, pluginmanager):
    assert all(pluginmanager.hasplugin(name) for name in NAMES)

def pytest_configure(config):
    note(config, "configure")

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config):
    note(config, "collected")

def pytest_sessionfinish(session):
    note(session.config, "finished")
"""


def test_whoever_asks_is_told_that_the_plugins_are_there(suite: Suite) -> None:
    suite.write({"test_it.py": TESTS, "conftest.py": ASKS})
    ran = suite.ran()
    assert set(ran.outcomes.values()) == {"passed"}, ran.out
    assert (suite.root / "asked.txt").read_text().splitlines() == [
        "configure: asyncio anyio trio",
        "collected: asyncio anyio trio",
        "finished: asyncio anyio trio",
    ]


@pytest.mark.parametrize(
    ("arguments", "header"),
    [
        (
            ("-oasyncio_default_fixture_loop_scope=class",),
            "asyncio: mode=strict, debug=False, asyncio_default_fixture_loop_scope=class, "
            "asyncio_default_test_loop_scope=function",
        ),
        (
            (
                "--asyncio-mode=auto",
                "--asyncio-debug",
                "-oasyncio_default_fixture_loop_scope=module",
                "-oasyncio_default_test_loop_scope=session",
            ),
            "asyncio: mode=auto, debug=True, asyncio_default_fixture_loop_scope=module, "
            "asyncio_default_test_loop_scope=session",
        ),
    ],
    ids=["defaults", "all set"],
)
@pytest.mark.parametrize("how", ["on", "off"])
def test_the_line_in_the_header_is_what_it_was(
    suite: Suite, how: str, arguments: tuple[str, ...], header: str
) -> None:
    suite.write({"test_it.py": "def test_it(): ..."})
    ran = suite.ran(*engine(how), *arguments)
    (told,) = (line for line in ran.lines if line.startswith("asyncio: "))
    # Theirs prints a mode as enum does, which depends on the version of Python.
    for mode in ("auto", "strict"):
        told = told.replace(f"Mode.{mode.upper()}", mode)
    assert told == header


CONFTEST = """
import pytest
import pytest_asyncio
from events import event

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        event(f"{item.name} {pytest_asyncio.is_async_test(item)}")
"""


@pytest.mark.parametrize("mode", ["strict", "auto"])
@pytest.mark.parametrize("how", ["on", "off"])
def test_is_async_test_says_whose_a_test_is_while_items_are_modified(
    suite: Suite, how: str, mode: str
) -> None:
    source = TESTS.replace("async def test_unmarked", "@pytest.mark.skip\nasync def test_unmarked")
    source += "\n@pytest.mark.skip\n@pytest.mark.asyncio\nasync def test_skipped(): ..."
    suite.write({"test_it.py": source, "conftest.py": CONFTEST})
    suite.ran(*engine(how), f"--asyncio-mode={mode}")
    told = dict(event.split(" ") for event in suite.events if " " in event)
    is_auto = str(mode == "auto")
    expected = {
        "test_asyncio": "True",
        "test_skipped": "True",
        "test_unmarked": is_auto,
        "test_sync": "False",
    }
    assert {name: told[name] for name in expected} == expected
    if how == "on":  # in auto mode theirs takes the tests of the others too
        for name in ("test_anyio[asyncio]", "test_anyio[trio]", "test_trio"):
            assert told[name] == "False"


LATE = {
    "added": "item.add_marker(pytest.mark.asyncio(loop_scope='session'), append=False)",
    "set by default": "[mark.kwargs.setdefault('loop_scope', 'session') "
    "for mark in item.iter_markers('asyncio')]",
}

LATE_CONFTEST = """
import asyncio
import pytest
import pytest_asyncio

@pytest.hookimpl({order})
def pytest_collection_modifyitems(items):
    for item in items:
        if pytest_asyncio.is_async_test(item):
            {late}

@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def session():
    yield asyncio.get_running_loop()
"""

LATE_TESTS = """
import asyncio
import pytest

@pytest.mark.asyncio
async def test_uses_it(session):
    assert asyncio.get_running_loop() is session

class TestInAClass:
    @pytest.mark.asyncio
    async def test_uses_nothing(self, request):
        # Not planned onto it, but marked.
        assert asyncio.get_running_loop() is request.config.session_loop

@pytest.fixture(autouse=True, scope="session")
def remember(session, request):
    request.config.session_loop = session
"""


@pytest.mark.parametrize("order", ["tryfirst=True", "trylast=True"])
@pytest.mark.parametrize("late", LATE)
@pytest.mark.parametrize(
    ("how", "loops"), [("on", "planned"), ("on", "declared"), ("off", "planned")]
)
def test_marks_that_a_conftest_adds_late_take_effect(
    suite: Suite, how: str, loops: str, late: str, order: str
) -> None:
    conftest = LATE_CONFTEST.format(order=order, late=LATE[late])
    suite.write({"conftest.py": conftest, "test_it.py": LATE_TESTS})
    suite.ran(*engine(how), f"--loopscope-loops={loops}").all_passed(
        "test_uses_it", "TestInAClass::test_uses_nothing"
    )


@pytest.mark.parametrize("how", ["on", "off"])
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("asyncio", {"test_asyncio", "test_unmarked"}),
        ("trio", {"test_trio"}),
        ("anyio", {"test_anyio[asyncio]", "test_anyio[trio]"}),
        ("not asyncio and not anyio and not trio", {"test_sync"}),
    ],
)
def test_marks_select_in_auto_mode(
    suite: Suite, how: str, expression: str, expected: set[str]
) -> None:
    suite.write({"test_it.py": TESTS})
    ran = suite.ran(*engine(how), "--asyncio-mode=auto", "-m", expression)
    if how == "off" and "asyncio" in expression:
        # Theirs marks the tests of the others as its own.
        expected = expected | {"test_anyio[asyncio]", "test_anyio[trio]", "test_trio"}
        expected -= set() if expression == "asyncio" else expected - {"test_sync"}
    assert set(ran.outcomes) == expected, ran.out


@pytest.mark.parametrize(
    ("name", "mark", "fixture"),
    [
        ("asyncio", "asyncio", "unused_tcp_port"),
        ("anyio", "anyio", "free_tcp_port"),
        ("trio", "trio", "autojump_clock"),
    ],
)
def test_a_vocabulary_is_switched_off_by_the_name_of_its_plugin(
    suite: Suite, name: str, mark: str, fixture: str
) -> None:
    source = f"""
import pytest

@pytest.mark.{mark}
async def test_bears_an_unknown_mark(): ...
"""
    suite.write({"test_it.py": source})
    ran = suite.ran(f"-pno:{name}", "--strict-markers", apart=True)
    assert ran.code == pytest.ExitCode.INTERRUPTED, ran.out
    assert f"'{mark}' not found in `markers` configuration option" in ran.out
    source = f"def test_asks({fixture}): ...\n\nasync def test_async(): ...\n"
    suite.write({"test_it.py": source})
    ran = suite.ran(f"-pno:{name}")
    assert ran.outcomes == {"test_asks": "error", "test_async": "passed"}, ran.out
    assert f"fixture '{fixture}' not found" in ran.texts["test_asks"]
    assert not any(line.startswith(f"{name}: ") for line in ran.lines)


def test_other_vocabularies_do_not_notice_that_one_is_switched_off(suite: Suite) -> None:
    suite.write(
        {"test_it.py": TESTS.replace("@pytest.mark.anyio\n", "").replace("anyio_backend_name", "")}
    )
    ran = suite.ran("-pno:anyio", "--asyncio-mode=auto")
    assert set(ran.outcomes.values()) == {"passed"}, ran.out
    assert suite.events == ["asyncio", "asyncio", "trio", "asyncio"]


ENABLE_TRIO = "from pytest_trio.enable_trio_mode import *\n"

IN_TRIO_MODE = f"""
{HERE}

@pytest.fixture
async def made():
    yield here()

async def test_on_trio(made, autojump_clock):
    assert library() == "trio"
    assert here() is made
    event("on trio")

class TestInAClass:
    async def test_on_trio_too(self, made, nursery):
        assert library() == "trio"
        assert here() is made
        event("on trio too")
"""

BESIDE_IT = f"""
{HERE}

async def test_beside():
    event(f"beside on {{library()}}")
"""


@pytest.mark.parametrize("how", ["on", "off"])
def test_a_conftest_enables_trio_mode_by_an_import(suite: Suite, how: str) -> None:
    suite.write(
        {
            "beside/test_beside.py": BESIDE_IT,
            "of_trio/conftest.py": ENABLE_TRIO,
            "of_trio/test_it.py": IN_TRIO_MODE,
        }
    )
    ran = suite.ran(*engine(how), "beside", "of_trio")
    ran.all_passed("test_beside", "test_on_trio", "TestInAClass::test_on_trio_too")
    # As with theirs: pytest gives the hook of one conftest every test of the run.
    assert suite.events == ["beside on trio", "on trio", "on trio too"]


@pytest.mark.parametrize("order", [("ours", "theirs"), ("theirs", "ours")], ids="-".join)
@pytest.mark.parametrize("name", PEERS)
def test_plugins_that_are_named_one_by_one_may_come_in_any_order(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, name: str, order: tuple[str, str]
) -> None:
    modules = {"ours": "loopscope.plugin.entry", "theirs": PEERS[name]}
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    suite.write({"test_it.py": TESTS})
    arguments = [f"-p{modules[one]}" for one in order]
    ran = suite.ran(*arguments, "-k", f"test_{name} or test_sync", apart=True)
    assert ran.code == 0, ran.out
    assert set(ran.outcomes.values()) == {"passed"}, ran.out
    assert set(suite.events) == ({"asyncio", "trio"} if name == "anyio" else {name})


def test_xdist_runs_all_vocabularies_in_its_workers(suite: Suite) -> None:
    pytest.importorskip("xdist")
    suite.write({f"test_{letter}.py": TESTS for letter in "ab"})
    ran = suite.ran("-n2", "--asyncio-mode=auto", apart=True)
    assert ran.outcomes == dict.fromkeys(
        (
            "test_asyncio",
            "test_anyio[asyncio]",
            "test_anyio[trio]",
            "test_trio",
            "test_unmarked",
            "test_sync",
        ),
        "passed+passed",
    ), ran.out
    assert sorted(suite.events) == ["asyncio"] * 6 + ["trio"] * 4


@pytest.mark.parametrize(
    "named",
    [(), ("pytest_asyncio.plugin", "anyio.pytest_plugin", "pytest_trio.plugin")],
    ids=["alone", "after the others"],
)
def test_a_conftest_may_bring_us_in(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, named: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest('pytest_plugins = ["loopscope.plugin.entry"]')
    pytester.makepyfile("""
        import pytest

        @pytest.mark.asyncio
        async def test_asyncio(): ...

        @pytest.mark.anyio
        async def test_anyio(): ...

        @pytest.mark.trio
        async def test_trio(): ...

        async def test_unmarked(): ...
    """)
    options = [f"-p{name}" for name in named]
    result = pytester.runpytest_subprocess(
        *options, "-oasyncio_default_fixture_loop_scope=function"
    )
    result.assert_outcomes(passed=5)
