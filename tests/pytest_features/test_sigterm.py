"""SIGTERM ends a run as a first Ctrl-C does, and a second one ends the process."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.pytest_features.processes import ALL_DOWN, INT, TERM, signalled
from tests.pytest_features.test_interrupt import CONFTEST, IN_CALL, IN_TEARDOWN, MOMENTS

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

KILLED = -signal.SIGTERM


@pytest.mark.parametrize(
    ("moment", "backend"), [("waits", "asyncio"), ("has_a_task_that_waits", "trio")]
)
def test_it_tears_everything_down(inner: Inner, moment: str, backend: str) -> None:
    inner.write(
        {"conftest.py": CONFTEST, "test_it.py": MOMENTS + IN_CALL.replace("MOMENT", moment)}
    )
    ended = signalled(inner, [TERM], backend=backend)
    assert ended.code == pytest.ExitCode.INTERRUPTED, ended.output
    assert ended.events == ["left", *ALL_DOWN], ended.output
    assert "LS331 SIGTERM" in ended.output
    assert ended.is_clean, ended.output


def test_it_tears_everything_down_out_of_a_sync_test(inner: Inner) -> None:
    source = """
        import time
        from told import event, ready

        def test_it(of_function):
            try:
                ready()
                time.sleep(60)
            finally:
                event("left")
    """
    inner.write({"conftest.py": CONFTEST, "test_it.py": source})
    ended = signalled(inner, [TERM])
    assert ended.code == pytest.ExitCode.INTERRUPTED, ended.output
    assert ended.events == ["left", *ALL_DOWN], ended.output


@pytest.mark.parametrize("first", [TERM, INT], ids=["SIGTERM", "SIGINT"])
def test_it_ends_what_hangs_after_another_signal_at_once(inner: Inner, first: int) -> None:
    source = MOMENTS + IN_TEARDOWN.replace("MOMENT", "does_not_care").replace("SCOPE", "module")
    inner.write({"conftest.py": CONFTEST, "test_it.py": source})
    ended = signalled(inner, [first, TERM])
    assert ended.code == KILLED, ended.output
    assert "session down" not in ended.events


def test_a_suite_that_is_not_ours_ends_as_without_us(inner: Inner) -> None:
    source = """
        import time
        import pytest
        from told import event, ready

        @pytest.fixture
        def fixture():
            yield
            event("fixture down")

        def test_it(fixture):
            ready()
            time.sleep(60)
    """
    inner.write({"test_it.py": source})
    ended = signalled(inner, [TERM])
    assert ended.code == KILLED, ended.output
    assert ended.events == []


def test_there_is_a_handler_only_while_tests_of_ours_run_or_their_loops_are_open(
    inner: Inner,
) -> None:
    source = """
        import signal
        import pytest

        def is_default():
            return signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

        def test_before():
            assert is_default()

        async def test_ours():
            assert not is_default()

        def test_between():
            assert is_default()

        @pytest.fixture(scope="module")
        async def fixture():
            yield

        async def test_with_loop(fixture):
            assert not is_default()

        def test_with_open_loop():
            assert not is_default()
    """
    later = """
        import signal

        def test_after():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    """
    inner.write({"test_it.py": source, "test_later.py": later})
    inner.run().assert_outcomes(passed=6)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_handler_of_the_suite_is_left_alone(inner: Inner, backend: str) -> None:
    source = """
        import signal
        import anyio
        import pytest

        heard = []

        @pytest.fixture(scope="module")
        def handler():
            before = signal.signal(signal.SIGTERM, lambda *args: heard.append("suite"))
            yield
            signal.signal(signal.SIGTERM, before)

        async def test_of_the_suite(handler):
            signal.raise_signal(signal.SIGTERM)
            await anyio.sleep(0)
            assert heard == ["suite"]

        async def test_of_the_library(handler):
            with anyio.open_signal_receiver(signal.SIGTERM) as signals:
                signal.raise_signal(signal.SIGTERM)
                async for number in signals:
                    assert number == signal.SIGTERM
                    break
            assert heard == ["suite"]
    """
    inner.write({"test_it.py": source})
    inner.run(backend=backend).assert_outcomes(passed=2)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_handlers_of_a_loop_are_called(inner: Inner, number: str) -> None:
    source = f"""
        import asyncio
        import signal

        async def test_it():
            loop, heard = asyncio.get_running_loop(), asyncio.Event()
            loop.add_signal_handler(signal.{number}, heard.set)
            signal.raise_signal(signal.{number})
            await heard.wait()
            loop.remove_signal_handler(signal.{number})

        async def test_next():
            await asyncio.sleep(0)
    """
    inner.write({"test_it.py": source})
    inner.run("--loopscope-backends=asyncio,uvloop", backend="sync").assert_outcomes(passed=4)


def test_a_child_process_that_is_terminated_ends_by_it(inner: Inner, backend: str) -> None:
    source = """
        import multiprocessing
        import signal
        import time
        import warnings

        def child(connection):
            connection.send("here")
            time.sleep(60)

        async def test_it():
            ours, theirs = multiprocessing.Pipe()
            process = multiprocessing.get_context("fork").Process(target=child, args=(theirs,))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
            assert ours.recv() == "here"
            process.terminate()
            process.join()
            assert process.exitcode == -signal.SIGTERM
    """
    inner.write({"test_it.py": source})
    inner.run(backend=backend).assert_outcomes(passed=1)
