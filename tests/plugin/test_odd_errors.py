"""Errors that are no `Exception`, or that cannot be told as others are, hurt nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import rerun

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

PRELUDE = """
import anyio
import pytest

class NoException(BaseException):
    pass
"""


@pytest.mark.parametrize("error", ["NoException", "SystemExit", "GeneratorExit", "ValueError"])
def test_whatever_a_teardown_raises_the_others_of_its_scope_are_torn_down(
    pytester: pytest.Pytester, backend: str, error: str
) -> None:
    pytester.makepyfile(
        told="LOG = []",
        conftest="""
        import anyio
        import pytest
        from told import LOG

        @pytest.fixture(scope="module")
        async def base():
            yield len(LOG)
            await anyio.lowlevel.checkpoint()
            LOG.append("base")
        """,
        test_a=f"""{PRELUDE}
@pytest.fixture(scope="module")
async def raises(base):
    yield
    raise {error}("in the teardown")

async def test_it(raises):
    pass

def test_sync():
    pass
""",
        test_b="""
        from told import LOG

        async def test_next(base):
            assert base == 1, "the fixture of the other module"
            assert LOG == ["base"]
        """,
    )
    result = rerun(pytester, backend=backend)
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines([f"*{error}: in the teardown"])
    result.stdout.fnmatch_lines(["ERROR test_a.py::test_sync*"])


CRASHING = f"""{PRELUDE}
import sys

class Unshown(Exception):
    def __repr__(self):
        raise RuntimeError("no repr")

class Closed(Exception):
    def __setattr__(self, name, value):
        raise RuntimeError("no attributes")
    def add_note(self, note):
        raise RuntimeError("no notes")

class Touchy(Exception):
    def __getattr__(self, name):
        if name == "__notes__" and sys.version_info < (3, 13):
            # Asked for unguarded by `traceback` there: no plugin could show the error.
            raise AttributeError(name)
        raise RuntimeError("no attributes")
"""


@pytest.mark.parametrize("error", ["Closed", "Touchy"])
def test_an_error_that_refuses_everything_is_told_all_the_same(
    run: RunSuite, backend: str, error: str
) -> None:
    source = f"""{CRASHING}
async def test_raises():
    raise {error}("raised")

async def test_next():
    pass
"""
    result = run(source, backend=backend)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([f"*{error}: raised"])


@pytest.mark.parametrize("error", ["Unshown", "Closed"])
@pytest.mark.parametrize("backend", ["asyncio", "uvloop"])
def test_a_crash_with_an_error_that_refuses_everything_is_told_all_the_same(
    run: RunSuite, backend: str, error: str
) -> None:
    pytest.importorskip(backend)
    source = f"""{CRASHING}
@pytest.fixture(scope="module")
async def server():
    crash = anyio.Event()

    async def serve():
        await crash.wait()
        raise {error}("raised")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve)
        yield crash

async def test_crashes(server):
    server.set()
    await anyio.sleep_forever()

async def test_needs_it(server):
    pass

async def test_next():
    pass
"""
    result = run(source, backend=backend)
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["LS302 fixture server has crashed earlier on", f"*{error}: raised"]
    )


@pytest.mark.parametrize("scope", ["function", "class", "module"])
def test_a_fixture_that_has_crashed_is_set_up_again_in_its_next_scope(
    pytester: pytest.Pytester, backend: str, scope: str
) -> None:
    module = """
        import anyio

        class TestIt:
            async def test_it(self, server):
                server.set()
                await anyio.sleep_forever()
    """
    pytester.makepyfile(
        conftest=f"""
        import anyio
        import pytest

        @pytest.fixture(scope="{scope}")
        async def server():
            crash = anyio.Event()

            async def serve():
                await crash.wait()
                raise ValueError("crashed")

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(serve)
                yield crash
        """,
        test_a=module,
        test_b=module,
    )
    result = rerun(pytester, backend=backend)
    result.assert_outcomes(failed=2)
    result.stdout.no_fnmatch_line("*LS302*")


@pytest.mark.parametrize("backend", ["asyncio", "uvloop"])
def test_what_a_test_puts_in_place_of_asyncio_s_functions_is_not_for_us(
    run: RunSuite, backend: str
) -> None:
    pytest.importorskip(backend)
    source = """
import asyncio
import pytest

def fail(*args, **kwargs):
    raise AssertionError("not meant for loopscope")

async def test_patches(monkeypatch):
    left = asyncio.ensure_future(asyncio.Event().wait())
    for name in ("sleep", "wait", "gather"):
        monkeypatch.setattr(asyncio, name, fail)
    asyncio.current_task().cancel()

def test_next():
    pass
"""
    run(source, "--loopscope-leaks=ignore", backend=backend).assert_outcomes(passed=2)


@pytest.mark.parametrize("backend", ["asyncio", "uvloop"])
def test_a_task_factory_that_raises_does_not_keep_a_loop_from_being_closed(
    run: RunSuite, backend: str
) -> None:
    pytest.importorskip(backend)
    source = """
import asyncio

def fail(*args, **kwargs):
    raise ValueError("no tasks")

async def test_leaves_it():
    left = asyncio.ensure_future(asyncio.Event().wait())
    asyncio.get_running_loop().set_task_factory(fail)

def test_next():
    pass
"""
    run(source, "--loopscope-leaks=ignore", backend=backend).assert_outcomes(passed=2)


def test_what_has_ended_a_trio_run_is_told_by_all_who_need_the_run(run: RunSuite) -> None:
    pytest.importorskip("trio")
    source = """
import pytest
import trio

LOG = []

@pytest.fixture(scope="module")
async def shared():
    try:
        yield
        await trio.sleep_forever()
    finally:
        LOG.append("torn down")

def fail():
    raise ValueError("in a callback of the run")

async def test_breaks_the_run(shared):
    trio.lowlevel.current_trio_token().run_sync_soon(fail)
    await trio.sleep_forever()

def test_between():
    assert LOG == ["torn down"]

async def test_needs_the_run(shared):
    pass

async def test_has_its_own():
    await trio.sleep(0)
"""
    result = run(source, "-Wdefault", backend="trio")
    result.assert_outcomes(passed=2, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*ValueError: in a callback of the run", "*TrioInternalError*"])
    result.stdout.fnmatch_lines(["*HostError: the loop of * is closed: *TrioInternalError(*"])
