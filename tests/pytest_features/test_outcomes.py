"""What a test or fixture does to its own outcome: the same table for sync and async code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pytest_features.inner import written

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

# What is done, and what comes of it in the test itself, in the setup and in the teardown of a
# fixture; a fixture whose teardown goes wrong had a test that passed.
ACTIONS = {
    "skip": ("pytest.skip('why')", "skipped", "skipped", "skipped"),
    "fail": ("pytest.fail('why')", "failed", "errors", "errors"),
    "fail without a traceback": ("pytest.fail('x', pytrace=False)", "failed", "errors", "errors"),
    "xfail": ("pytest.xfail('why')", "xfailed", "xfailed", "xfailed"),
    "importorskip": ("pytest.importorskip('no_such_module')", "skipped", "skipped", "skipped"),
    "raise": ("raise ValueError", "failed", "errors", "errors"),
    "assert": ("assert 1 == 2", "failed", "errors", "errors"),
    "raise a group": ("raise ExceptionGroup('x', [ValueError()])", "failed", "errors", "errors"),
    "SystemExit": ("raise SystemExit(3)", "failed", "errors", "errors"),
    "nothing": ("pass", "passed", "passed", "passed"),
}

# As `-rA` says it.
WORDS = {"passed": "PASSED", "failed": "FAILED", "errors": "ERROR", "xfailed": "XFAIL"}

SUITE = """
    import sys
    import pytest
    from anyio.lowlevel import checkpoint

    if sys.version_info < (3, 11):
        from exceptiongroup import ExceptionGroup

    async def test_in_test():
        await checkpoint()
        ACTION

    @pytest.fixture
    async def coroutine():
        await checkpoint()
        ACTION
        return 1

    async def test_in_setup(coroutine):
        await checkpoint()

    @pytest.fixture
    async def generator():
        await checkpoint()
        ACTION
        yield 1

    async def test_in_setup_of_generator(generator):
        await checkpoint()

    @pytest.fixture
    async def teardown():
        await checkpoint()
        yield 1
        await checkpoint()
        ACTION

    async def test_in_teardown(teardown):
        await checkpoint()

    async def test_next():
        await checkpoint()
"""


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS.keys())
def test_outcome_by_action(inner: Inner, way: str, action: tuple[str, str, str, str]) -> None:
    code, in_test, in_setup, in_teardown = action
    inner.write({"test_it.py": written(SUITE.replace("ACTION", code), way)})
    result = inner.run("-rA", backend=way)
    # Skipped tests are listed by line and not by name.
    told = {
        (line.split()[0], next(word for word in line.split() if "::" in word))
        for line in result.outlines
        if line.startswith(tuple(WORDS.values())) and "::" in line
    }
    expected = {
        (WORDS[outcome], f"test_it.py::{name}")
        for outcome, name in (
            (in_test, "test_in_test"),
            (in_setup, "test_in_setup"),
            (in_setup, "test_in_setup_of_generator"),
            ("passed", "test_in_teardown"),
            (in_teardown, "test_in_teardown"),
            ("passed", "test_next"),
        )
        if outcome != "skipped"
    }
    assert told == expected
    skipped = [in_test, in_setup, in_setup, in_teardown].count("skipped")
    assert result.parseoutcomes().get("skipped", 0) == skipped


# A mark, the body of the test, and what comes of it.
MARKS = {
    "skip": ("skip(reason='why')", "assert False", "skipped"),
    "skipif": ("skipif(True, reason='why')", "assert False", "skipped"),
    "skipif false": ("skipif(False, reason='why')", "pass", "passed"),
    "xfail": ("xfail", "assert False", "xfailed"),
    "xfail passes": ("xfail", "pass", "xpassed"),
    "xfail strict": ("xfail(strict=True)", "assert False", "xfailed"),
    "xfail strict passes": ("xfail(strict=True)", "pass", "failed"),
    "xfail raises": ("xfail(raises=ValueError)", "raise ValueError", "xfailed"),
    "xfail raises another": ("xfail(raises=ValueError)", "raise KeyError", "failed"),
    "xfail not run": ("xfail(run=False)", "raise SystemExit", "xfailed"),
}


@pytest.mark.parametrize(("mark", "body", "outcome"), MARKS.values(), ids=MARKS.keys())
def test_outcome_by_mark(inner: Inner, way: str, mark: str, body: str, outcome: str) -> None:
    source = f"""
        import pytest
        from anyio.lowlevel import checkpoint
        from events import event

        @pytest.fixture
        async def fixture():
            event("set up")

        @pytest.mark.{mark}
        async def test_it(fixture):
            await checkpoint()
            {body}
    """
    inner.write({"test_it.py": written(source, way)})
    inner.run(backend=way).assert_outcomes(**{outcome: 1})
    # A test that is not run needs no fixtures, and so no loop.
    assert inner.events == ([] if outcome == "skipped" or "run=False" in mark else ["set up"])


def test_a_mark_added_while_a_fixture_is_set_up_counts(inner: Inner, way: str) -> None:
    source = """
        import pytest

        @pytest.fixture
        async def hopeless(request):
            request.node.add_marker(pytest.mark.xfail(strict=True))

        async def test_it(hopeless):
            assert False
    """
    inner.write({"test_it.py": written(source, way)})
    inner.run(backend=way).assert_outcomes(xfailed=1)


def test_a_skip_is_located_at_the_test(inner: Inner, way: str) -> None:
    source = """
        import pytest

        @pytest.fixture
        async def skipping():
            pytest.skip("in a fixture")

        async def test_skips():
            pytest.skip("in a test")

        async def test_uses(skipping): ...
    """
    inner.write({"test_it.py": written(source, way)})
    result = inner.run("-rs", backend=way)
    shown = [line for line in result.outlines if line.startswith("SKIPPED")]
    assert sorted(shown) == [
        "SKIPPED [1] test_it.py:10: in a fixture",
        "SKIPPED [1] test_it.py:8: in a test",
    ]


STOPPED = """
    import pytest
    from anyio.lowlevel import checkpoint
    from events import event

    @pytest.fixture(scope="session")
    async def session():
        await checkpoint()
        event("session up")
        yield
        await checkpoint()
        event("session down")

    @pytest.fixture
    async def function(session):
        await checkpoint()
        IN_SETUP
        event("function up")
        yield
        await checkpoint()
        event("function down")

    async def test_first(function):
        await checkpoint()
        IN_TEST
        event("not reached")

    async def test_next():
        event("not reached")
"""

STOPS = {
    "pytest.exit": ("pytest.exit('enough', returncode=7)", 7),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", pytest.ExitCode.INTERRUPTED),
}


@pytest.mark.parametrize(("code", "expected"), STOPS.values(), ids=STOPS.keys())
@pytest.mark.parametrize("place", ["TEST", "SETUP"])
def test_what_stops_the_run_tears_every_fixture_down(
    inner: Inner, way: str, place: str, code: str, expected: int
) -> None:
    source = STOPPED.replace(f"IN_{place}", code).replace("IN_SETUP", "pass")
    source = source.replace("IN_TEST", "pass")
    inner.write({"test_it.py": written(source, way)})
    # pytester raises again what interrupts a run in this process.
    run = inner.run_apart if expected == pytest.ExitCode.INTERRUPTED else inner.run
    assert run(backend=way).ret == expected
    assert "not reached" not in inner.events
    ups = [event for event in inner.events if event.endswith("up")]
    downs = [event.replace("up", "down") for event in reversed(ups)]
    assert ups == (["session up", "function up"] if place == "TEST" else ["session up"])
    assert inner.events == ups + downs


@pytest.mark.parametrize("code", ["raise SystemExit", "raise KeyboardInterrupt"])
def test_what_ends_a_teardown_early_leaves_no_loop_open(inner: Inner, code: str) -> None:
    # pytest drops the finalizers behind the one that raises such a thing.
    conftest = """
        import asyncio
        import gc
        from events import event

        def pytest_unconfigure():
            for found in gc.get_objects():
                if isinstance(found, asyncio.AbstractEventLoop):
                    event(f"closed: {found.is_closed()}")
    """
    source = f"""
        import pytest

        @pytest.fixture
        async def fixture():
            yield
            {code}

        async def test_it(fixture): ...
    """
    inner.write({"conftest.py": conftest, "test_it.py": source})
    inner.run_apart()
    assert "closed: False" not in inner.events
