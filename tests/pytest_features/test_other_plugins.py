"""Plugins that suites commonly have beside loopscope work on async tests as on others."""

from __future__ import annotations

import json
import sys
from collections import Counter
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.pytest_features.inner import written

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

# Two modules that share what lives as long as the session; `once` fails if it is set up twice.
SHARED = {
    "conftest.py": """
        import os
        import pytest
        from anyio.lowlevel import checkpoint
        from events import event

        def worker():
            return os.environ.get("PYTEST_XDIST_WORKER", "main")

        @pytest.fixture(scope="session")
        async def session():
            await checkpoint()
            event(f"{worker()} session up")
            yield object()
            await checkpoint()
            event(f"{worker()} session down")

        @pytest.fixture(scope="module")
        async def module(session, request):
            await checkpoint()
            event(f"{worker()} {request.module.__name__} up")
            yield object()
            await checkpoint()
            event(f"{worker()} {request.module.__name__} down")

        @pytest.fixture
        async def function(module):
            yield worker
    """,
    **{
        f"test_{name}.py": f"""
            import pytest
            from anyio.lowlevel import checkpoint
            from events import event

            @pytest.mark.parametrize("number", range(5))
            async def test_shares(function, number):
                await checkpoint()
                event(f"{{function()}} test_{name}")

            async def test_alone():
                await checkpoint()

            def test_sync(session): ...
        """
        for name in "ab"
    },
}


@pytest.mark.parametrize("arguments", [(), ("--dist=loadscope",), ("--dist=loadfile",)])
def test_xdist_gives_each_worker_fixtures_and_loops_of_its_own(
    inner: Inner, arguments: tuple[str, ...]
) -> None:
    pytest.importorskip("xdist")
    inner.write(SHARED)
    result = inner.run_apart(
        "-n2", "-Werror", *arguments, backend="asyncio,trio", plugins=["xdist"]
    )
    # test_shares and test_alone on two backends, test_sync too: it uses an async fixture.
    result.assert_outcomes(passed=2 * 2 * 7)
    assert result.ret == 0
    told = Counter(event for event in inner.events if "session" in event)
    for worker in ("gw0", "gw1"):
        # Once for each backend; pytest keeps the result of one parameter at a time.
        assert told[f"{worker} session up"] == told[f"{worker} session down"]
        assert told[f"{worker} session up"] >= 1
    if arguments == ("--dist=loadscope",):
        for name in "ab":
            workers = {event.split()[0] for event in inner.events if event.endswith(f"test_{name}")}
            assert len(workers) == 1


def test_xdist_reports_failures_with_frames_of_the_suite(inner: Inner, backend: str) -> None:
    pytest.importorskip("xdist")
    inner.write({"test_it.py": "async def test_it():\n    assert 1 == 2, 'why'\n"})
    result = inner.run_apart("-n2", "--tb=short", backend=backend, plugins=["xdist"])
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["test_it.py:2: in test_it", "*AssertionError: why"])
    assert not [line for line in result.outlines if "src/loopscope" in line]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("backends", ["asyncio", "trio", "asyncio,trio"])
def test_randomly_shuffles_and_every_test_passes(inner: Inner, backends: str, seed: int) -> None:
    pytest.importorskip("pytest_randomly")
    inner.write(SHARED)
    result = inner.run(f"--randomly-seed={seed}", backend=backends, plugins=["randomly"])
    count = 14 * len(backends.split(","))
    result.assert_outcomes(passed=count)
    assert f"Using --randomly-seed={seed}" in result.outlines
    ups = [event.split()[1] for event in inner.events if event.endswith("up")]
    downs = [event.split()[1] for event in inner.events if event.endswith("down")]
    assert Counter(ups) == Counter(downs)
    if "," not in backends:
        assert Counter(ups) == {"session": 1, "test_a": 1, "test_b": 1}


FLAKY = """
    import pytest
    from anyio.lowlevel import checkpoint
    from events import event

    attempts = []

    @pytest.fixture(scope="session")
    async def session():
        event("session up")
        yield
        await checkpoint()
        event("session down")

    @pytest.fixture(scope="module")
    async def module(session):
        event("module up")
        yield
        await checkpoint()
        event("module down")

    @pytest.fixture
    async def function(module):
        event("function up")
        await checkpoint()
        IN_SETUP
        yield
        await checkpoint()
        event("function down")

    async def test_flaky(function):
        event("test")
        await checkpoint()
        IN_TEST
"""

TWICE = "attempts.append(1); assert len(attempts) > 2"


def flaky_in(place: str) -> str:
    """Return a suite with one test of which that place fails twice."""
    source = FLAKY.replace(place, TWICE)
    return source.replace("IN_SETUP", "pass").replace("IN_TEST", "pass")


ATTEMPT = ["function up", "test", "function down"]
RERUNS = {
    "test": ("IN_TEST", ATTEMPT),
    "setup": ("IN_SETUP", ["function up"]),
}


@pytest.mark.parametrize(("place", "attempt"), RERUNS.values(), ids=RERUNS.keys())
def test_rerunfailures_sets_only_what_is_function_scoped_up_again(
    inner: Inner, way: str, place: str, attempt: list[str]
) -> None:
    pytest.importorskip("pytest_rerunfailures")
    source = flaky_in(place)
    inner.write({"test_it.py": written(source, way)})
    result = inner.run("--reruns=2", "-Werror", backend=way, plugins=["rerunfailures"])
    assert result.parseoutcomes() == {"passed": 1, "rerun": 2}
    assert inner.events == [
        "session up",
        "module up",
        *attempt * 2,
        *ATTEMPT,
        "module down",
        "session down",
    ]


def test_rerunfailures_reports_a_test_that_stays_broken(inner: Inner, way: str) -> None:
    pytest.importorskip("pytest_rerunfailures")
    source = """
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.mark.flaky(reruns=1)
        async def test_it():
            await checkpoint()
            assert False

        async def test_next():
            await checkpoint()
    """
    inner.write({"test_it.py": written(source, way)})
    result = inner.run(backend=way, plugins=["rerunfailures"])
    assert result.parseoutcomes() == {"failed": 1, "passed": 1, "rerun": 1}


def test_a_session_fixture_that_failed_is_set_up_again_for_a_rerun(inner: Inner, way: str) -> None:
    pytest.importorskip("pytest_rerunfailures")
    source = """
        import pytest
        from anyio.lowlevel import checkpoint

        attempts = []

        @pytest.fixture(scope="session")
        async def session():
            await checkpoint()
            attempts.append(1)
            assert len(attempts) > 1

        async def test_it(session): ...
    """
    inner.write({"test_it.py": written(source, way)})
    result = inner.run("--reruns=1", backend=way, plugins=["rerunfailures"])
    assert result.parseoutcomes() == {"passed": 1, "rerun": 1}


def test_cov_counts_every_line_of_async_tests_and_fixtures(inner: Inner, backend: str) -> None:
    pytest.importorskip("pytest_cov")
    source = """
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.fixture(scope="session")
        async def session():
            await checkpoint()
            value = 1
            yield value
            await checkpoint()
            value = 2

        @pytest.fixture
        async def function(session):
            await checkpoint()
            value = session
            return value

        @pytest.fixture
        def sync(function):
            value = function
            yield value
            value = 2

        async def test_async(sync):
            await checkpoint()
            value = sync
            assert value == 1
            if value == 2:
                await checkpoint()

        def test_sync(loopscope):
            async def nested():
                await checkpoint()
                return 1

            assert loopscope.run(nested) == 1
    """
    inner.write({"test_it.py": source})
    result = inner.run_apart(
        "--cov=test_it",
        "--cov-branch",
        "--cov-report=json:cov.json",
        "-Werror",
        backend=backend,
        plugins=["pytest_cov"],
    )
    result.assert_outcomes(passed=2)
    measured = json.loads((inner.root / "cov.json").read_text(encoding="utf-8"))
    file = measured["files"]["test_it.py"]
    # The body of the `if` that is never true.
    never = dedent(source).lstrip().splitlines().index("    if value == 2:") + 1
    assert file["missing_lines"] == [never + 1]
    assert [never, never + 1] in file["missing_branches"]
    assert len(file["missing_branches"]) == 1


HANGING = """
    import anyio
    import pytest
    from anyio.lowlevel import checkpoint
    from events import event

    async def hang():
        try:
            await anyio.Event().wait()
        finally:
            event("hanging left")
        event("resumed")

    @pytest.fixture(scope="session")
    async def session():
        yield
        await checkpoint()
        event("session down")

    @pytest.fixture
    async def outer(session):
        yield
        await checkpoint()
        event("outer down")

    @pytest.fixture
    async def inner(outer):
        IN_SETUP
        yield
        await checkpoint()
        IN_TEARDOWN
        event("inner down")

    # What is imported for the first test is not part of the second one's time.
    async def test_first():
        await checkpoint()

    @pytest.mark.timeout(0.3)
    async def test_hangs(inner):
        IN_TEST

    async def test_next(outer):
        await checkpoint()
        event("next")
"""

HANGS = {
    "test": ("IN_TEST", {"failed": 1, "passed": 2}, ["inner down", "outer down"]),
    "setup": ("IN_SETUP", {"errors": 1, "passed": 2}, ["outer down"]),
    "teardown": ("IN_TEARDOWN", {"errors": 1, "passed": 3}, ["outer down"]),
}


@pytest.mark.skipif(sys.platform == "win32", reason="no signal to be interrupted by")
@pytest.mark.parametrize(("place", "outcomes", "downs"), HANGS.values(), ids=HANGS.keys())
def test_timeout_ends_what_hangs_and_nothing_else(
    inner: Inner, backend: str, place: str, outcomes: dict[str, int], downs: list[str]
) -> None:
    pytest.importorskip("pytest_timeout")
    source = HANGING.replace(place, "await hang()")
    for other in ("IN_SETUP", "IN_TEARDOWN", "IN_TEST"):
        source = source.replace(other, "pass")
    inner.write({"test_it.py": source})
    # A process of its own: the outer run may have its only alarm set.
    result = inner.run_apart(
        "--timeout-method=signal", "-Werror", backend=backend, plugins=["timeout"]
    )
    result.assert_outcomes(**outcomes)
    assert inner.events == ["hanging left", *downs, "next", "outer down", "session down"]
    result.stdout.fnmatch_lines(["*Timeout*0.3*from pytest-timeout*"])


@pytest.mark.skipif(sys.platform == "win32", reason="no signal to be interrupted by")
def test_the_traceback_of_a_timeout_shows_what_hung(inner: Inner, backend: str) -> None:
    pytest.importorskip("pytest_timeout")
    source = """
        import anyio
        import pytest

        async def test_first(): ...

        @pytest.mark.timeout(0.3, method="signal")
        async def test_hangs():
            never = anyio.Event()
            await never.wait()
    """
    inner.write({"test_it.py": source})
    result = inner.run_apart("--tb=short", backend=backend, plugins=["timeout"])
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["test_it.py:9: in test_hangs"])
    assert not [line for line in result.outlines if "src/loopscope" in line]
