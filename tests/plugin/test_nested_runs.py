"""A loop that is run while one is running: said to be a mistake, in as few lines as it takes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

needs_notes = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="pytest shows notes from Python 3.11 on"
)

PRELUDE = """
import asyncio, contextlib, pytest

async def fetch():
    return 200
"""

CALLS = [
    ("asyncio", "asyncio.run(fetch())"),
    ("asyncio", "asyncio.get_running_loop().run_until_complete(fetch())"),
    (
        "asyncio",
        "with contextlib.closing(asyncio.new_event_loop()) as other: "
        "other.run_until_complete(fetch())",
    ),
    ("asyncio", "__import__('anyio').run(fetch)"),
    ("trio", "__import__('trio').run(fetch)"),
    ("trio", "__import__('anyio').run(fetch)"),
]
# What is left behind is not our matter here.
QUIET = ("-Wignore:coroutine", "-Wignore::pytest.PytestUnraisableExceptionWarning")


@needs_notes
@pytest.mark.parametrize(("backend", "written"), CALLS)
def test_a_loop_that_is_run_inside_another_is_explained_where_it_is_called(
    run: RunSuite, backend: str, written: str
) -> None:
    source = f"{PRELUDE}\nasync def test_it():\n    {written}\n"
    result = run(source, "-Wdefault", *QUIET, backend=backend)
    result.assert_outcomes(failed=1)
    out = result.stdout.str()
    _, _, failure = out.partition("= FAILURES =")
    failure, _, _ = failure.partition("= short test summary info =")
    assert "E       LS501 test_it runs a loop inside the loop that runs it" in failure
    assert "E         test_it.py:7  test_it  runs a loop of its own here" in failure
    assert f">       {written.partition('(')[0]}" in failure
    # Nothing of what the library does to refuse it.
    assert "/asyncio/" not in failure
    assert "/trio/" not in failure
    assert "/anyio/" not in failure


@needs_notes
def test_a_fixture_that_runs_a_loop_is_called_by_its_name(run: RunSuite) -> None:
    source = f"""{PRELUDE}
@pytest.fixture
async def client():
    asyncio.run(fetch())

async def test_it(client):
    pass
"""
    result = run(source, "-Wdefault", *QUIET)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E * LS501 client runs a loop inside the loop that runs it"])


def test_another_error_of_the_same_kind_keeps_its_traceback(run: RunSuite) -> None:
    source = f"{PRELUDE}\nasync def test_it():\n    asyncio.get_running_loop().close()\n"
    result = run(source)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*/asyncio/*", "E * RuntimeError: Cannot close a running event loop"]
    )
    result.stdout.no_fnmatch_line("*LS501*")


def test_a_request_that_is_refused_ends_where_it_was_made(run: RunSuite, backend: str) -> None:
    source = f"""{PRELUDE}
@pytest.fixture
async def client():
    return 1

async def test_it(request):
    request.getfixturevalue("client")
"""
    result = run(source, backend=backend)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">*getfixturevalue(*", "E * LS404 test_it asks for *"])
    result.stdout.no_fnmatch_line("*/_pytest/*")
    result.stdout.no_fnmatch_line("*/pluggy/*")
