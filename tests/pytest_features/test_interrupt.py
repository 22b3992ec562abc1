"""Ctrl-C while async code waits: the run ends, and everything that was set up is torn down."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

SCOPES = ("session", "package", "module", "class", "function")

CONFTEST = (
    # The outer run may have been started in the background, where interrupts are ignored.
    "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "import pytest\nfrom anyio.lowlevel import checkpoint\nfrom events import event\n"
    + "".join(
        f"""
@pytest.fixture(scope="{scope}")
async def of_{scope}({around}):
    event("{scope} up")
    yield
    await checkpoint()
    event("{scope} down")
"""
        for scope, around in zip(SCOPES, ("", *map("of_{}".format, SCOPES)), strict=False)
    )
)

# By what waits when the interrupt comes, which may be just before it waits (but must not be in the
# import that the first `anyio.Event` makes).
WAITING = {
    "test": """
        import anyio
        import pytest
        from events import event

        class TestIt:
            async def test_waits(self, of_function):
                never = anyio.Event()
                try:
                    print("waiting", flush=True)
                    await never.wait()
                finally:
                    event("test left")
                event("resumed")

        def test_next():
            event("resumed")
    """,
    "setup": """
        import anyio
        import pytest
        from events import event

        @pytest.fixture
        async def waits(of_function):
            never = anyio.Event()
            try:
                print("waiting", flush=True)
                await never.wait()
            finally:
                event("test left")
            event("resumed")
            yield
            event("resumed")

        async def test_it(waits):
            event("resumed")
    """,
    "sync test": """
        import anyio
        from events import event

        def test_waits(loopscope, of_function):
            async def waits():
                never = anyio.Event()
                try:
                    print("waiting", flush=True)
                    await never.wait()
                finally:
                    event("test left")
            loopscope.run(waits)
            event("resumed")
    """,
    "group": """
        import anyio
        from events import event

        async def waits():
            never = anyio.Event()
            try:
                print("waiting", flush=True)
                await never.wait()
            finally:
                event("test left")

        async def test_waits(of_function):
            async with anyio.create_task_group() as group:
                group.start_soon(waits)
                await anyio.lowlevel.checkpoint()
            event("resumed")
    """,
}


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to one process")
@pytest.mark.parametrize("source", WAITING.values(), ids=WAITING.keys())
def test_an_interrupt_tears_the_fixtures_of_all_scopes_down(
    inner: Inner, backend: str, source: str
) -> None:
    inner.write({"conftest.py": CONFTEST, "test_it.py": source})
    with subprocess.Popen(
        [
            sys.executable,
            "-mpytest",
            "-s",
            "-Werror",
            *inner.with_only([], backend),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=inner.root,
        text=True,
    ) as process:
        assert process.stdout is not None
        output = ""
        try:
            for line in process.stdout:
                output += line
                if line.endswith("waiting\n"):
                    process.send_signal(signal.SIGINT)
                    break
            output += process.communicate(timeout=60)[0]
        finally:
            process.kill()
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    ups = [f"{name} up" for name in SCOPES]
    downs = [f"{scope} down" for scope in reversed(SCOPES)]
    assert inner.events == [*ups, "test left", *downs], output
    assert "KeyboardInterrupt" in output
    for unwanted in ("never awaited", "was destroyed", "ResourceWarning", "INTERNALERROR"):
        assert unwanted not in output


def test_an_interrupt_that_comes_out_of_a_group_ends_the_run(inner: Inner, backend: str) -> None:
    source = """
        import signal
        import anyio
        from events import event

        async def is_interrupted():
            signal.raise_signal(signal.SIGINT)

        async def test_it(of_function):
            async with anyio.create_task_group() as group:
                group.start_soon(is_interrupted)

        async def test_next(of_function):
            event("not reached")
    """
    inner.write({"conftest.py": CONFTEST, "test_it.py": source})
    result = inner.run_apart(backend=backend)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert inner.events == [
        *(f"{scope} up" for scope in SCOPES),
        *(f"{scope} down" for scope in reversed(SCOPES)),
    ]
