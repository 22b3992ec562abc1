"""Several backends in one suite."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import rerun

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

trio = pytest.importorskip("trio")

BOTH = "asyncio,trio"

LIBRARY = """
import pytest, sniffio
library = sniffio.current_async_library
LOG = []
"""


def test_every_async_test_runs_on_each_backend_with_its_name_in_the_id(run: RunSuite) -> None:
    source = f"""{LIBRARY}
async def test_it(request):
    assert request.node.name == f"test_it[{{library()}}]"

def test_sync():
    pass

def test_sync_with_a_loop(loopscope, request):
    assert request.node.name == f"test_sync_with_a_loop[{{loopscope.backend}}]"

@pytest.mark.parametrize("x", [1, 2])
async def test_more(x):
    pass
"""
    result = run(source, backend=BOTH)
    result.assert_outcomes(passed=2 + 1 + 2 + 4)
    assert "PASSED test_it.py::test_it[trio]" in result.outlines
    assert "PASSED test_it.py::test_sync" in result.outlines


def test_one_backend_leaves_ids_alone(run: RunSuite) -> None:
    result = run("async def test_it():\n    pass\n", backend="trio")
    assert "PASSED test_it.py::test_it" in result.outlines


@pytest.mark.parametrize("scope", ["function", "module", "session"])
def test_a_fixture_has_one_instance_for_each_backend(run: RunSuite, scope: str) -> None:
    source = f"""{LIBRARY}
@pytest.fixture(scope="{scope}")
async def made():
    LOG.append(f"+{{library()}}")
    yield library()
    LOG.append(f"-{{library()}}")

@pytest.fixture(scope="{scope}")
def handed_on(made):
    return made

async def test_one(handed_on):
    assert handed_on == library()

async def test_two(handed_on):
    assert handed_on == library()

def test_log():
    expected = {{"function": 2, "module": 1, "session": 1}}["{scope}"]
    assert LOG.count("+asyncio") == LOG.count("+trio") == expected
"""
    run(source, backend=BOTH).assert_outcomes(passed=5)


def test_tests_that_share_a_session_fixture_run_on_one_backend_after_the_other(
    run: RunSuite,
) -> None:
    source = f"""{LIBRARY}
@pytest.fixture(scope="session")
async def made():
    LOG.append(f"+{{library()}}")
    yield
    LOG.append(f"-{{library()}}")

async def test_one(made):
    LOG.append(library())

async def test_two(made):
    LOG.append(library())

def test_log():
    assert LOG[:6] == ["+asyncio", "asyncio", "asyncio", "-asyncio", "+trio", "trio"]
"""
    run(source, backend=BOTH).assert_outcomes(passed=5)


def test_a_sync_fixture_that_reaches_no_loop_is_shared_by_all_backends(run: RunSuite) -> None:
    source = f"""{LIBRARY}
@pytest.fixture(scope="session")
def container():
    LOG.append(1)
    return LOG

async def test_one(container):
    assert container == [1]
"""
    run(source, backend=BOTH).assert_outcomes(passed=2)


def test_a_mark_chooses_the_backend_of_a_test(run: RunSuite) -> None:
    source = f"""{LIBRARY}
@pytest.fixture(scope="session")
async def made():
    yield library()

@pytest.mark.loopscope(backend="trio")
async def test_trio(made):
    assert made == library() == "trio"

async def test_default(made):
    assert made == library() == "asyncio"

@pytest.mark.loopscope(backend=["trio", "asyncio"])
async def test_both(made):
    assert made == library()

@pytest.mark.loopscope(backend="trio")
class TestAll:
    async def test_it(self):
        assert library() == "trio"

    @pytest.mark.loopscope(backend="asyncio")
    async def test_closest_mark_wins(self):
        assert library() == "asyncio"
"""
    run(source).assert_outcomes(passed=6)


def test_a_mark_overrules_the_backends_of_the_run(run: RunSuite) -> None:
    source = f"""{LIBRARY}
@pytest.mark.loopscope(backend="trio")
async def test_trio():
    assert library() == "trio"
"""
    result = run(source, backend=BOTH)
    result.assert_outcomes(passed=1)
    assert "PASSED test_it.py::test_trio" in result.outlines


def test_a_backend_alternating_between_tests_gets_a_fresh_fixture_each_time(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(f"""{LIBRARY}
@pytest.fixture(scope="session")
async def made():
    LOG.append("+" + library())
    yield library()
    LOG.append("-" + library())

@pytest.mark.loopscope(backend="trio")
async def test_1(made):
    assert made == library()

async def test_2(made):
    assert made == library()

@pytest.mark.loopscope(backend="trio")
async def test_3(made):
    assert made == library()
    assert LOG == ["+trio", "-trio", "+asyncio", "-asyncio", "+trio"]
""")
    rerun(pytester).assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("curio", "'curio' is not a valid backend. Valid: asyncio, uvloop, trio."),
        ("asyncio,nope", "'nope' is not a valid backend. Valid: asyncio, uvloop, trio."),
    ],
)
def test_an_unknown_backend_is_a_usage_error(run: RunSuite, name: str, message: str) -> None:
    result = run("async def test_it(): pass", backend=name)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}"])


@pytest.fixture
def no_trio(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "trio" else find_spec(name)
    )


MISSING = (
    "the backend 'trio' needs trio, which is not installed: pip install pytest-loopscope[[]trio[]]"
)


@pytest.mark.usefixtures("no_trio")
def test_a_mark_that_names_a_missing_backend_fails_its_test_alone(run: RunSuite) -> None:
    source = """
import pytest

@pytest.mark.loopscope(backend="trio")
async def test_trio():
    pass

async def test_fine():
    pass
"""
    result = run(source)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines([f"  test_it.py:3  test_trio  {MISSING}"])


@pytest.mark.usefixtures("no_trio")
def test_an_option_that_names_a_missing_backend_is_a_usage_error(run: RunSuite) -> None:
    result = run("async def test_it(): pass", backend=BOTH)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{MISSING}"])


def test_strict_mode_multiplies_only_what_is_ours(run: RunSuite) -> None:
    source = """
import pytest

@pytest.mark.loopscope
async def test_ours():
    pass

async def test_plain():
    pass
"""
    result = run(source, "--loopscope-mode=strict", "--collect-only", "-q", backend=BOTH)
    assert [line for line in result.outlines if "::" in line] == [
        "test_it.py::test_ours[asyncio]",
        "test_it.py::test_ours[trio]",
        "test_it.py::test_plain",
    ]


def test_a_trio_test_runs_on_trio_while_an_asyncio_session_fixture_is_alive(run: RunSuite) -> None:
    source = f"""{LIBRARY}
import asyncio, trio

@pytest.fixture(scope="session", autouse=True)
async def ticking():
    if library() == "asyncio":
        task = asyncio.ensure_future(asyncio.sleep(3600))
        yield
        task.cancel()
    else:
        yield

async def test_asyncio():
    await asyncio.sleep(0)

@pytest.mark.loopscope(backend="trio")
async def test_trio():
    await trio.sleep(0)
    trio.lowlevel.current_task()
"""
    run(source).assert_outcomes(passed=2)
