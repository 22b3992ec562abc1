"""The debugger stops in async tests as it does in others."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pexpect")

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

SUITE = """
    import pytest
    from anyio.lowlevel import checkpoint
    from events import event

    @pytest.fixture(scope="session")
    async def session():
        yield "from the fixture"
        await checkpoint()
        event("session down")

    @pytest.fixture
    async def function(session):
        yield session
        await checkpoint()
        event("function down")

    async def test_first(function):
        value = "local of the test"
        await checkpoint()
        {}
        await checkpoint()
        event("resumed")

    async def test_next(function):
        await checkpoint()
        event("next")
"""


def debug(inner: Inner, *arguments: str, backend: str) -> Any:
    """Start the suite with a terminal of its own."""
    line = " ".join([*inner.with_only([], backend), "--color=no", *arguments])
    return inner.pytester.spawn_pytest(line, expect_timeout=30)


def ask(child: Any, question: str, answer: str) -> None:
    """Type `question` at the prompt and wait for `answer`."""
    child.sendline(question)
    child.expect_exact(answer)
    child.expect_exact("(Pdb)")


def end(child: Any) -> str:
    """Wait until the run is over and return what it printed since it was last looked at."""
    rest: str = child.read().decode()
    child.wait()
    return rest


def test_pdb_shows_the_frame_in_which_a_test_failed(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SUITE.format("assert value is None")})
    child = debug(inner, "--pdb", backend=backend)
    child.expect_exact("(Pdb)")
    ask(child, "p value", "'local of the test'")
    ask(child, "p function", "'from the fixture'")
    # The fixtures of the test still stand.
    assert inner.events == []
    child.sendline("c")
    assert "1 failed, 1 passed" in end(child)
    assert inner.events == ["function down", "next", "function down", "session down"]


def test_pdb_shows_the_frame_in_which_a_fixture_failed(inner: Inner, backend: str) -> None:
    source = """
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.fixture
        async def broken():
            value = "local of the fixture"
            await checkpoint()
            raise ValueError

        async def test_it(broken): ...
    """
    inner.write({"test_it.py": source})
    child = debug(inner, "--pdb", backend=backend)
    child.expect_exact("(Pdb)")
    ask(child, "p value", "'local of the fixture'")
    child.sendline("c")
    assert "1 error" in end(child)


def test_quitting_the_debugger_tears_every_fixture_down(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SUITE.format("assert value is None")})
    child = debug(inner, "--pdb", backend=backend)
    child.expect_exact("(Pdb)")
    child.sendline("q")
    assert "Quitting debugger" in end(child)
    assert inner.events == ["function down", "session down"]


def test_a_breakpoint_stops_inside_the_test_and_resumes(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SUITE.format("breakpoint()")})
    child = debug(inner, backend=backend)
    child.expect_exact("(Pdb)")
    ask(child, "p value", "'local of the test'")
    child.sendline("c")
    assert "2 passed" in end(child)
    assert inner.events[0] == "resumed"


def test_stepping_over_an_await_stays_in_the_test(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SUITE.format("breakpoint()")})
    child = debug(inner, backend=backend)
    child.expect_exact("(Pdb)")
    # Where a breakpoint stops depends on the version of Python: on its line or on the next.
    after_the_await = dedent(SUITE).lstrip().splitlines().index('    event("resumed")') + 1
    ask(child, f"until {after_the_await}", '-> event("resumed")')
    ask(child, "p value", "'local of the test'")
    child.sendline("c")
    assert "2 passed" in end(child)


def test_quitting_at_a_breakpoint_ends_the_run_and_tears_down(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SUITE.format("breakpoint()")})
    child = debug(inner, backend=backend)
    child.expect_exact("(Pdb)")
    child.sendline("q")
    assert "Quitting debugger" in end(child)
    assert inner.events == ["function down", "session down"]


IN_A_TASK = """
    import anyio
    import pytest
    from anyio.lowlevel import checkpoint
    from events import event

    async def stops():
        await checkpoint()
        breakpoint()
        event("resumed")

    async def deep():
        async with anyio.create_task_group() as group:
            group.start_soon(stops)
            await anyio.sleep_forever()

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
    async def stopping(function):
        await deep()

    async def test_in_task(function):
        await deep()

    async def test_in_fixture(stopping): ...
"""


@pytest.mark.parametrize("place", ["task", "fixture"])
def test_quitting_inside_a_task_of_a_group_ends_the_run_and_tears_down(
    inner: Inner, backend: str, place: str
) -> None:
    inner.write({"test_it.py": IN_A_TASK})
    child = debug(inner, "-k", f"test_in_{place}", backend=backend)
    child.expect_exact("(Pdb)")
    child.sendline("q")
    assert "Quitting debugger" in end(child)
    assert inner.events == ["function down", "session down"]


def test_an_interrupt_at_the_prompt_is_the_debuggers(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SUITE.format("breakpoint()")})
    child = debug(inner, backend=backend)
    child.expect_exact("(Pdb)")
    child.sendintr()
    child.expect_exact("KeyboardInterrupt")
    child.expect_exact("(Pdb)")
    ask(child, "p value", "'local of the test'")
    child.sendline("c")
    assert "2 passed" in end(child)


def test_a_breakpoint_stops_inside_a_fixture(inner: Inner, backend: str) -> None:
    source = """
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.fixture
        async def fixture():
            value = "local of the fixture"
            await checkpoint()
            breakpoint()
            yield
            await checkpoint()
            breakpoint()
            value = None

        async def test_it(fixture):
            print("printed by the test")
    """
    inner.write({"test_it.py": source})
    child = debug(inner, backend=backend)
    for _ in ("setup", "teardown"):
        child.expect_exact("(Pdb)")
        ask(child, "p value", "'local of the fixture'")
        child.sendline("c")
    assert "1 passed" in end(child)


def test_trace_stops_at_the_first_line_of_each_test(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SUITE.format("pass")})
    child = debug(inner, "--trace", backend=backend)
    child.expect_exact('-> value = "local of the test"')
    child.expect_exact("(Pdb)")
    ask(child, "n", "-> await checkpoint()")
    ask(child, "p value", "'local of the test'")
    child.sendline("c")
    child.expect_exact("(Pdb)")
    child.sendline("c")
    assert "2 passed" in end(child)
    assert inner.events[:2] == ["resumed", "function down"]
