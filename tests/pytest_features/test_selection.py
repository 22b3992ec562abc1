"""Options that choose, order or stop tests do so with async tests as with any others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pytest_features.inner import written

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

# test_b and test_d fail; what a test does is its event.
SUITE = """
    import pytest
    from anyio.lowlevel import checkpoint
    from events import event

    @pytest.fixture(scope="module", autouse=True)
    async def module():
        await checkpoint()
        yield
        event("down")

    @pytest.fixture
    async def step(request):
        yield event
        event("~")

    async def test_a(step):
        await checkpoint()
        step("a")

    async def test_b(step):
        await checkpoint()
        step("b")
        assert False

    async def test_c(step):
        await checkpoint()
        step("c")

    async def test_d(step):
        await checkpoint()
        step("d")
        assert False

    async def test_e(step):
        await checkpoint()
        step("e")
"""

# Command lines, one after the other, and which tests the last of them runs in which order.
RUNS: dict[str, tuple[list[list[str]], str]] = {
    "-x": ([["-x"]], "a b"),
    "--maxfail": ([["--maxfail=2"]], "a b c d"),
    "-k": ([["-k", "test_b or test_e"]], "b e"),
    "-k not": ([["-k", "not test_b"]], "a c d e"),
    "node ids": ([["test_it.py::test_d", "test_it.py::test_a"]], "d a"),
    "--deselect": ([["--deselect", "test_it.py::test_b"]], "a c d e"),
    "--lf": ([[], ["--lf"]], "b d"),
    "--lf -x": ([[], ["--lf", "-x"]], "b"),
    "--ff": ([[], ["--ff"]], "b d a c e"),
    "--nf": ([[], ["--nf"]], "a b c d e"),
    "--sw": ([["--sw"], ["--sw"]], "b"),
    "--sw --sw-skip": ([["--sw"], ["--sw", "--sw-skip"]], "b c d"),
}


@pytest.mark.parametrize("runs", RUNS.values(), ids=RUNS.keys())
def test_the_same_tests_run_in_the_same_order(
    inner: Inner, way: str, runs: tuple[list[list[str]], str]
) -> None:
    command_lines, expected = runs
    inner.write({"test_it.py": written(SUITE, way)})
    for arguments in command_lines:
        inner.forget()
        inner.run(*arguments, backend=way)
    assert [event for event in inner.events if event not in ("~", "down")] == expected.split()
    # However early the run stops: what was set up is torn down, once.
    assert inner.events.count("~") == len(expected.split())
    assert inner.events[-1] == "down"
    assert inner.events.count("down") == 1


@pytest.mark.parametrize("wanted", ["asyncio", "trio"])
def test_k_selects_by_the_backend_in_the_id(inner: Inner, wanted: str) -> None:
    inner.write({"test_it.py": "async def test_a(): ...\nasync def test_b(): ...\n"})
    result = inner.run("-v", "-k", wanted, backend="asyncio,trio")
    result.assert_outcomes(passed=2, deselected=2)
    result.stdout.fnmatch_lines([f"test_it.py::test_{name}[[]{wanted}[]] PASSED*" for name in "ab"])


def test_a_node_id_selects_one_backend(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": "async def test_a(): ...\nasync def test_b(): ...\n"})
    result = inner.run(f"test_it.py::test_b[{backend}]", "-v", backend="asyncio,trio")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"test_it.py::test_b[[]{backend}[]] PASSED*"])


def test_lf_runs_a_test_again_on_the_backend_on_which_it_failed(inner: Inner) -> None:
    source = """
        from events import event

        async def test_it(loopscope):
            event(loopscope.backend)
            assert loopscope.backend == "asyncio"
    """
    inner.write({"test_it.py": source})
    inner.run(backend="asyncio,trio").assert_outcomes(passed=1, failed=1)
    inner.forget()
    inner.run("--lf", backend="asyncio,trio").assert_outcomes(failed=1)
    assert inner.events == ["trio"]


def test_collect_only_lists_tests_and_runs_nothing(inner: Inner, way: str) -> None:
    inner.write({"test_it.py": written(SUITE, way)})
    result = inner.run("--collect-only", "-q", backend=way)
    assert result.ret == 0
    assert result.outlines[:5] == [f"test_it.py::test_{name}" for name in "abcde"]
    assert inner.events == []


def test_collect_only_lists_each_backend(inner: Inner) -> None:
    source = """
        import pytest

        async def test_async(): ...

        @pytest.mark.parametrize("number", [1, 2])
        async def test_parametrized(number): ...

        def test_sync(): ...
    """
    inner.write({"test_it.py": source})
    result = inner.run("--collect-only", "-q", backend="asyncio,trio")
    assert set(result.outlines[:7]) == {
        "test_it.py::test_async[asyncio]",
        "test_it.py::test_async[trio]",
        "test_it.py::test_parametrized[asyncio-1]",
        "test_it.py::test_parametrized[asyncio-2]",
        "test_it.py::test_parametrized[trio-1]",
        "test_it.py::test_parametrized[trio-2]",
        "test_it.py::test_sync",
    }
