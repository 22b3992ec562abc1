"""Small suites to migrate, in the words of before and of others, and how a run of them ends."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MODULE_LOOP = {
    "pytest.ini": "[pytest]\nasyncio_mode = strict\n",
    "test_module.py": """
        import asyncio

        import pytest
        import pytest_asyncio


        @pytest.fixture(scope="module")
        def event_loop():
            # one for the module
            loop = asyncio.get_event_loop_policy().new_event_loop()
            yield loop
            loop.close()


        @pytest_asyncio.fixture(scope="module")
        async def queue(event_loop):
            assert event_loop is asyncio.get_running_loop()
            yield asyncio.Queue()


        @pytest_asyncio.fixture
        async def item(queue):
            await queue.put("item")


        @pytest.mark.asyncio
        async def test_get(queue, item):
            assert await queue.get() == "item"


        @pytest.mark.asyncio
        async def test_loop(queue, event_loop):
            future = event_loop.create_future()
            event_loop.call_soon(future.set_result, 1)
            assert await future == 1
            queue.loop = event_loop


        class TestShared:
            pytestmark = [pytest.mark.asyncio, pytest.mark.filterwarnings("error::UserWarning")]

            async def test_same_loop(self, queue):
                assert queue.loop is asyncio.get_running_loop()


        def test_sync(event_loop, queue):
            event_loop.run_until_complete(asyncio.sleep(0))
            assert event_loop.run_until_complete(asyncio.sleep(0, [1]))[0] == 1
        """,
}
SESSION_LOOP = {
    "pyproject.toml": """
        # settings
        [tool.pytest.ini_options]
        asyncio_mode = "auto"  # all of them
        addopts = ["-ra"]

        [tool.other]
        x = 1
        """,
    "conftest.py": """
        import asyncio
        import pytest


        @pytest.fixture(scope="session")
        def event_loop():
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                loop = asyncio.new_event_loop()
            yield loop
            loop.close()


        @pytest.fixture(scope="session")
        async def lock():
            return asyncio.Lock()


        @pytest.fixture
        def number(event_loop):
            return event_loop.run_until_complete(asyncio.sleep(0, 3))
        """,
    "test_one.py": """
        import asyncio

        loops = []


        async def test_lock(lock):
            loops.append(asyncio.get_running_loop())
            async with lock:
                waiter = asyncio.create_task(lock.acquire())
                await asyncio.sleep(0)
            await waiter
            lock.release()


        async def test_number(number):
            assert number == 3
            assert loops == [asyncio.get_running_loop()]
        """,
    "then/test_two.py": """
        import asyncio
        import test_one


        class TestTwo:
            async def test_same_session(self):
                assert test_one.loops == [asyncio.get_running_loop()]
        """,
}
CUSTOM_LOOP = {
    "pytest.ini": "[pytest]\n",
    "conftest.py": """
        import asyncio

        import pytest


        class OwnLoop(asyncio.SelectorEventLoop):
            pass


        @pytest.fixture
        def event_loop():
            loop = OwnLoop()
            yield loop
            loop.close()
        """,
    "test_own.py": """
        import asyncio
        import pytest

        pytestmark = pytest.mark.asyncio


        async def test_own(event_loop):
            assert type(asyncio.get_running_loop()).__name__ == "OwnLoop"
            assert event_loop is asyncio.get_running_loop()
        """,
}
SUITES_OF_OLD = {
    "module loop": MODULE_LOOP,
    "session loop": SESSION_LOOP,
    "custom loop": CUSTOM_LOOP,
}
ASYNCIO_SUITE = {
    "pytest.ini": "[pytest]\nasyncio_mode = strict\n",
    "conftest.py": """
        import pytest_asyncio


        # shared
        @pytest_asyncio.fixture(scope="session", loop_scope="session")
        async def events():
            yield []


        @pytest_asyncio.fixture(loop_scope="session")
        async def event(events):
            events.append(1)
            yield len(events)
        """,
    "test_events.py": """
        import asyncio

        import pytest
        from pytest import mark


        @pytest.mark.asyncio(loop_scope="session")
        async def test_first(event):
            assert event == 1


        @mark.asyncio(loop_scope="session")
        @mark.parametrize("number", [2, 3])
        async def test_more(event, number):
            assert event == number


        @mark.asyncio
        async def test_fails():
            await asyncio.sleep(0)
            raise ValueError("on purpose")


        @mark.asyncio
        @mark.skip(reason="on purpose")
        async def test_skipped(): ...


        def test_sync(unused_tcp_port):
            assert unused_tcp_port
        """,
}
TRIO_SUITE = {
    "pytest.ini": "[pytest]\ntrio_mode = true\n",
    "test_trio.py": """
        import pytest
        import trio


        @pytest.fixture
        async def channel():
            send, receive = trio.open_memory_channel(1)
            async with send, receive:
                yield send, receive


        async def test_channel(channel, nursery):
            send, receive = channel
            nursery.start_soon(send.send, 1)
            assert await receive.receive() == 1


        @pytest.mark.trio
        async def test_marked():
            await trio.sleep(0)
        """,
}


def outcomes(folder: Path, *options: str, ours: bool = False) -> dict[str, str]:
    """Run a suite without us, or by us if it is `ours`; return the outcome of each test."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-v", "-p", "no:randomly", "-p", "no:cacheprovider"),
            *(() if ours else ("-p", "no:loopscope")),
            *options,
        ],
        cwd=folder,
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=120,
    )
    found = re.findall(r"^(\S+::.+?) (PASSED|FAILED|ERROR|SKIPPED)", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return dict(found)
