"""A failure shows the frames of the author of the suite, and none of the machinery's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

# Fixtures in a file of their own: pytest cuts a traceback at the file of the test by itself.
CONFTEST = """
    import pytest
    from anyio.lowlevel import checkpoint

    async def breaks():
        await checkpoint()
        raise ValueError("why")

    @pytest.fixture
    async def coroutine():
        await breaks()

    @pytest.fixture
    async def generator():
        await breaks()
        yield

    @pytest.fixture
    async def teardown():
        yield
        await breaks()

    @pytest.fixture(scope="session")
    async def session_coroutine():
        await breaks()

    @pytest.fixture(scope="session")
    async def session_teardown():
        yield
        await breaks()

    @pytest.fixture
    async def holds():
        yield 1

    @pytest.fixture
    def sync_on_async(holds):
        raise ValueError("why")

    @pytest.fixture
    def sync_generator_on_async(holds):
        raise ValueError("why")
        yield

    @pytest.fixture
    def sync_teardown_on_async(holds):
        yield
        raise ValueError("why")

    @pytest.fixture
    async def chained():
        try:
            await breaks()
        except ValueError as exc:
            raise KeyError("outer") from exc

    @pytest.fixture
    def runs(loopscope):
        loopscope.run(breaks)

    @pytest.fixture
    async def not_a_generator():
        yield 1
        yield 2

    @pytest.fixture
    async def finalized(request):
        def finalizer():
            raise ValueError("why")
        request.addfinalizer(finalizer)
"""

# A test, and the lines of the suite that its traceback points at, outermost first.
TESTS = {
    "test": (
        "from conftest import breaks\nasync def test_it():\n    await breaks()",
        ["test_it.py:3", "conftest.py:6"],
    ),
    "assert": ("async def test_it():\n    assert 1 == 2", ["test_it.py:2"]),
    "assert with fixture": ("async def test_it(holds):\n    assert 1 == 2", ["test_it.py:2"]),
    "sync test on async": ("def test_it(holds):\n    assert 1 == 2", ["test_it.py:2"]),
    "method": (
        "class TestIt:\n    async def test_it(self):\n        assert 1 == 2",
        ["test_it.py:3"],
    ),
    "coroutine fixture": (
        "async def test_it(coroutine): ...",
        ["conftest.py:10", "conftest.py:6"],
    ),
    "generator fixture": (
        "async def test_it(generator): ...",
        ["conftest.py:14", "conftest.py:6"],
    ),
    "teardown": ("async def test_it(teardown): ...", ["conftest.py:20", "conftest.py:6"]),
    "sync test, async fixture": (
        "def test_it(coroutine): ...",
        ["conftest.py:10", "conftest.py:6"],
    ),
    "session fixture": (
        "async def test_it(session_coroutine): ...",
        ["conftest.py:24", "conftest.py:6"],
    ),
    "session fixture again": (
        "async def test_0(session_coroutine): ...\nasync def test_it(session_coroutine): ...",
        ["conftest.py:24", "conftest.py:6"] * 2,
    ),
    "sync on async": ("async def test_it(sync_on_async): ...", ["conftest.py:37"]),
    "sync generator on async": (
        "async def test_it(sync_generator_on_async): ...",
        ["conftest.py:41"],
    ),
    "sync teardown on async": (
        "async def test_it(sync_teardown_on_async): ...",
        ["conftest.py:47"],
    ),
    "chained": (
        "async def test_it(chained): ...",
        ["conftest.py:52", "conftest.py:6", "conftest.py:54"],
    ),
    "loopscope.run": (
        "from conftest import breaks\ndef test_it(loopscope):\n    loopscope.run(breaks)",
        ["test_it.py:3", "conftest.py:6"],
    ),
    "loopscope.run in a fixture": (
        "def test_it(runs): ...",
        ["conftest.py:58", "conftest.py:6"],
    ),
    "loopscope.getfixture": (
        "async def test_it(loopscope):\n    await loopscope.getfixture('coroutine')",
        ["test_it.py:2", "conftest.py:10", "conftest.py:6"],
    ),
    "getfixturevalue": (
        "def test_it(request, holds):\n    request.getfixturevalue('coroutine')",
        ["test_it.py:2", "conftest.py:10", "conftest.py:6"],
    ),
    "finalizer": ("async def test_it(finalized): ...", ["conftest.py:68"]),
    "yields twice": ("async def test_it(not_a_generator): ...", []),
}

MACHINERY = re.compile(r"loopscope/(plugin|backends)|asyncio/|trio/|_pytest/|pluggy/")

# Between a test and a fixture that it asks for by a call, pytest shows frames of its own.
FRAMES_OF_PYTEST = re.compile(r"_pytest/|pluggy/")


@pytest.mark.parametrize("style", ["auto", "short"])
@pytest.mark.parametrize(("test", "expected"), TESTS.values(), ids=TESTS.keys())
def test_only_frames_of_the_suite_are_shown(
    inner: Inner, style: str, test: str, expected: list[str]
) -> None:
    inner.write({"conftest.py": CONFTEST, "test_it.py": f"\n{test}\n"})
    result = inner.run(f"--tb={style}", backend="asyncio,trio")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    told = [line for line in result.outlines if not line.startswith(("rootdir:", "plugins:"))]
    if "getfixture" in test:
        told = [line for line in told if not FRAMES_OF_PYTEST.search(line)]
    assert [line for line in told if MACHINERY.search(line)] == []
    shown = [match[0] for line in told if (match := re.match(r"(conftest|test_it)\.py:\d+", line))]
    assert shown == expected * 2


def test_only_frames_of_the_suite_are_shown_at_the_end_of_the_session(
    inner: Inner, backend: str
) -> None:
    source = "async def test_it(session_teardown): ..."
    inner.write({"conftest.py": CONFTEST, "test_it.py": source})
    result = inner.run("--tb=short", backend=backend)
    result.assert_outcomes(passed=1, errors=1)
    shown = [line for line in result.outlines if ": in " in line]
    assert shown == ["conftest.py:29: in session_teardown", "conftest.py:6: in breaks"]


@pytest.mark.skipif(pytest.version_tuple < (8, 4), reason="older ones print all of a group")
def test_a_group_shows_only_frames_of_the_suite(inner: Inner, backend: str) -> None:
    source = """
        import anyio

        async def breaks():
            raise ValueError("why")

        async def test_it():
            async with anyio.create_task_group() as group:
                group.start_soon(breaks)
    """
    inner.write({"test_it.py": source})
    result = inner.run(backend=backend)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ValueError: why"])
    assert not [line for line in result.outlines if "src/loopscope/" in line]


@pytest.mark.parametrize("style", ["line", "no", "native"])
def test_other_styles_work(inner: Inner, backend: str, style: str) -> None:
    inner.write({"test_it.py": "async def test_it():\n    raise ValueError('why')\n"})
    result = inner.run(f"--tb={style}", backend=backend)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_it - ValueError: why"])
    if style == "line":
        result.stdout.fnmatch_lines(["*/test_it.py:2: ValueError: why"])


def test_showlocals_shows_the_locals_of_the_test(inner: Inner, backend: str) -> None:
    source = """
        async def test_it():
            value = "local"
            raise ValueError
    """
    inner.write({"test_it.py": source})
    result = inner.run("--showlocals", backend=backend)
    result.stdout.fnmatch_lines(["value      = 'local'"])
    assert not [line for line in result.outlines if line.startswith("self ")]
