"""However a test or a run ends, what was set up is torn down, and the rest goes on if it can."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.pytest_features.inner import written
from tests.pytest_features.processes import INT, signalled

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

# What is done in a task of a task group in a task group, and what comes of it where a test does it,
# and where the setup and the teardown of a fixture do.
ACTIONS = {
    "skip": ("pytest.skip('why')", "skipped", "skipped", "skipped"),
    "importorskip": ("pytest.importorskip('no_such')", "skipped", "skipped", "skipped"),
    "xfail": ("pytest.xfail('why')", "xfailed", "xfailed", "xfailed"),
    "fail": ("pytest.fail('why')", "failed", "errors", "errors"),
    "SystemExit": ("raise SystemExit(3)", "failed", "errors", "errors"),
    "GeneratorExit": ("raise GeneratorExit", "failed", "errors", "errors"),
    "BaseException": ("raise BaseException", "failed", "errors", "errors"),
    "BdbQuit": ("raise bdb.BdbQuit", "failed", "errors", "errors"),
}

IN_A_GROUP = """
    import bdb
    import pytest
    from anyio.lowlevel import checkpoint
    from anyio import create_task_group
    from events import event

    async def act():
        await checkpoint()
        ACTION

    async def deep():
        async with create_task_group() as outer:
            async with create_task_group() as inner:
                inner.start_soon(act)

    @pytest.fixture(scope="session")
    async def session():
        yield
        await checkpoint()
        event("session down")

    @pytest.fixture
    async def function(session):
        yield
        await checkpoint()
        event("function down")

    @pytest.fixture
    async def in_setup(function):
        await deep()
        yield

    @pytest.fixture
    async def in_teardown(function):
        yield
        await deep()

    async def test_in_test(function):
        await deep()

    async def test_in_setup(in_setup): ...

    async def test_in_teardown(in_teardown): ...

    async def test_next(function):
        await checkpoint()
"""


def in_one_task(source: str) -> str:
    """Return `source` as it would be without task groups, for sync code."""
    start, end = source.index("    async def deep"), source.index("    @pytest.fixture(scope")
    plain = source[:start] + "    deep = act\n\n" + source[end:]
    return re.sub(r".*create_task_group\n", "", plain)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_outcomes_out_of_nested_groups_are_those_of_sync_code(
    inner: Inner, way: str, action: tuple[str, str, str, str]
) -> None:
    code, *outcomes = action
    source = IN_A_GROUP.replace("ACTION", code)
    source = written(in_one_task(source), way) if way == "sync" else source
    inner.write({"test_it.py": source})
    counts = inner.run(backend=way).parseoutcomes()
    # The test whose fixture fails in its teardown has passed, and so has the next one.
    expected = {outcome: outcomes.count(outcome) for outcome in outcomes} | {"passed": 2}
    told = {"error": "errors"}
    assert {told.get(name, name): count for name, count in counts.items()} == expected
    # All but one come to the end of the test: pytest drops what a teardown of no ordinary end left.
    assert inner.events[-1] == "session down"
    if way != "sync":
        assert inner.events == [*["function down"] * 4, "session down"]


ENDINGS = {
    "exit": ("pytest.exit('enough', returncode=7)", 7),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", pytest.ExitCode.INTERRUPTED),
}


@pytest.mark.parametrize("place", ["test", "setup", "teardown"])
@pytest.mark.parametrize(("code", "expected"), ENDINGS.values(), ids=ENDINGS)
def test_what_ends_the_run_out_of_nested_groups_ends_it_once_all_is_torn_down(
    inner: Inner, backend: str, place: str, code: str, expected: int
) -> None:
    inner.write({"test_it.py": IN_A_GROUP.replace("ACTION", code)})
    # pytester raises again what interrupts a run in this process.
    run = inner.run_apart if expected == pytest.ExitCode.INTERRUPTED else inner.run
    result = run("-k", f"test_in_{place} or test_next", backend=backend)
    assert result.ret == expected
    assert inner.events == ["function down", "session down"]


@pytest.mark.parametrize("code", ["pytest.exit('enough', returncode=7)", "raise SystemExit(3)"])
def test_a_background_task_of_a_fixture_may_end_the_run(
    inner: Inner, backend: str, code: str
) -> None:
    source = f"""
        import anyio
        import pytest
        from anyio.lowlevel import checkpoint
        from events import event

        @pytest.fixture(scope="session")
        async def session():
            yield
            await checkpoint()
            event("session down")

        @pytest.fixture(scope="module")
        async def serves(session):
            async with anyio.create_task_group() as group:
                yield group

        async def ends():
            {code}

        async def test_it(serves):
            serves.start_soon(ends)
            await anyio.sleep_forever()

        async def test_next(session):
            event("next")
    """
    inner.write({"test_it.py": source})
    result = inner.run(backend=backend)
    if "exit(" in code and "pytest" in code:
        assert result.ret == 7
        assert inner.events == ["session down"]
    else:
        assert result.parseoutcomes()["failed"] == 1
        assert inner.events == ["next", "session down"]


# Of a teardown that ends like this, pytest drops the finalizers that come behind it.
DROPPED = """
    import pytest
    from anyio.lowlevel import checkpoint
    from events import event

    @pytest.fixture
    async def outer():
        yield
        await checkpoint()
        event("outer down")

    @pytest.fixture
    def ends(outer):
        yield
        raise SystemExit

    async def test_it(ends): ...

    async def test_next():
        event("next")
"""


def test_what_a_sync_teardown_makes_pytest_drop_is_torn_down_before_the_next_test(
    inner: Inner, backend: str
) -> None:
    inner.write({"test_it.py": DROPPED})
    inner.run(backend=backend).assert_outcomes(passed=2, errors=1)
    assert inner.events == ["outer down", "next"]


def test_what_goes_wrong_in_it_is_told(inner: Inner) -> None:
    inner.write({"test_it.py": DROPPED.replace('event("outer down")', "raise ValueError('no')")})
    result = inner.run()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["LS334 fixture outer (test_it.py:5) failed*ValueError('no')"])


@pytest.mark.parametrize("option", ["-x", "--maxfail=2"])
def test_a_run_that_stops_after_failures_tears_everything_down(
    inner: Inner, way: str, option: str
) -> None:
    source = """
        import pytest
        from anyio.lowlevel import checkpoint
        from events import event

        @pytest.fixture(scope="session")
        async def session():
            yield
            await checkpoint()
            event("session down")

        @pytest.fixture(scope="module")
        async def module(session):
            yield
            await checkpoint()
            event("module down")

        @pytest.mark.parametrize("number", range(4))
        async def test_it(module, number):
            event("ran")
            await checkpoint()
            assert False
    """
    inner.write({"test_it.py": written(source, way)})
    result = inner.run(option, backend=way)
    times = 1 if option == "-x" else 2
    result.assert_outcomes(failed=times)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert inner.events == [*["ran"] * times, "module down", "session down"]


def test_a_worker_that_dies_costs_its_own_test_only(inner: Inner, way: str) -> None:
    pytest.importorskip("xdist")
    source = """
        import os
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.fixture(scope="session")
        async def session():
            await checkpoint()
            yield 1
            await checkpoint()

        @pytest.mark.parametrize("number", range(6))
        async def test_it(session, number):
            await checkpoint()
            if number == 2:
                os._exit(1)
    """
    inner.write({"test_it.py": written(source, way)})
    result = inner.run_apart("-n2", backend=way, plugins=["xdist"])
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["*crashed while running 'test_it.py::test_it*2*"])


RUNNING = {
    "a job of the executor": (
        "asyncio",
        "asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)",
        ["LS332 the run was interrupted*sleep()", "LS333*asyncio_0*"],
    ),
    "a thread": (
        "trio",
        "threading.Thread(target=time.sleep, args=(60,), name='left').start()",
        ["LS333*left*"],
    ),
}


@pytest.mark.parametrize(("backend", "code", "lines"), RUNNING.values(), ids=RUNNING)
def test_an_interrupted_run_does_not_wait_for_threads(
    inner: Inner, backend: str, code: str, lines: list[str]
) -> None:
    source = f"""
        import asyncio
        import threading
        import time
        import anyio
        import pytest
        from told import event, ready

        @pytest.fixture(scope="session")
        async def session():
            yield
            event("session down")

        async def test_it(session):
            never = anyio.Event()
            {code}
            ready()
            await never.wait()
    """
    inner.write({"test_it.py": source})
    ended = signalled(inner, [INT], backend=backend)
    assert ended.code == pytest.ExitCode.INTERRUPTED, ended.output
    assert ended.events == ["session down"]
    pytest.LineMatcher(ended.output.splitlines()).fnmatch_lines(lines)
    assert "Exception ignored" not in ended.output
