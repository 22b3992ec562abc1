"""`loopscope verify` proves a run by what was seen, and compares it with another one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopscope.cli import running
from tests.cli.command import run
from tests.cli.suites import LYING_ENGINE, run_in, written

pytest.importorskip("pytest_asyncio")

if TYPE_CHECKING:
    import subprocess

CONFTEST = """
import pytest_asyncio

@pytest_asyncio.fixture(scope="module")
async def pool():
    yield

@pytest_asyncio.fixture
async def account(pool):
    return "an account"
"""
TESTS = """
import pytest

pytestmark = pytest.mark.asyncio

async def test_balance(account): ...

async def test_alone(): ...

async def test_fails(pool): assert not "a word"

@pytest.mark.skip
async def test_skipped(pool): ...
"""
SUITE = {
    "pytest.ini": "[pytest]\nasyncio_default_fixture_loop_scope = fixture-scope\n",
    "conftest.py": CONFTEST,
    "test_account.py": TESTS,
    "test_sync.py": "def test_sync(): ...\n",
}
QUIET = ("--", "-q", "-p", "no:randomly", "-p", "no:cacheprovider")


def verify(folder: Path, *options: object) -> subprocess.CompletedProcess[str]:
    return run_in(folder, "verify", *options, *QUIET)


def test_a_suite_is_proved_and_equal_to_what_the_installed_plugins_make_of_it(
    tmp_path: Path,
) -> None:
    done = verify(written(tmp_path, SUITE), "--against", "installed")
    assert done.returncode == 0
    *lines, made_with = done.stdout.splitlines()
    assert lines == [
        "",
        "Proved",
        "  3 tests did everything on the loop that was planned",
        "  2 setups and 1 teardown of async fixtures ran on theirs",
        "  2 loops closed after all that lived there",
        "",
        "Not proved",
        "  1 test: skipped",
        "",
        "On no planned loop",
        "  1 test: synchronous, as far as was seen",
        "",
        "Compared",
        "  5 tests ended the same",
        "  2 tests on a wider loop than in the other run",
        "",
        "proved, equal: 5 tests, 3 passed, 1 skipped, 1 failed",
    ]
    assert made_with.startswith(f"run with python {sys.version.split()[0]}, pytest ")


def test_what_the_tests_print_is_seen_as_it_comes(tmp_path: Path) -> None:
    suite = written(tmp_path, {"test_it.py": "async def test_it(): print('a word')"})
    done = run_in(suite, "verify", *QUIET, "-s")
    assert (done.returncode, "a word" in done.stderr, "a word" in done.stdout) == (0, True, False)


def test_the_json_has_all_of_it_and_nothing_else_is_on_standard_output(tmp_path: Path) -> None:
    done = verify(written(tmp_path, SUITE), "--format=json")
    found = json.loads(done.stdout)
    assert (found["format"], found["version"]) == ("loopscope verification", 1)
    assert (found["proof"]["tests"], found["proof"]["holds"], found["comparison"]) == (
        3,
        True,
        None,
    )
    assert found["outcomes"] == {"passed": 3, "skipped": 1, "failed": 1}


BARE = """
import pytest

@pytest.fixture(scope="module")
async def pool():
    yield

async def test_balance(pool): ...

async def test_alone(): ...
"""


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_engine_that_runs_a_test_elsewhere_is_found_out(tmp_path: Path, backend: str) -> None:
    suite = written(tmp_path, {"conftest.py": LYING_ENGINE, "test_account.py": BARE})
    done = run_in(suite, "verify", *QUIET, f"--loopscope-backends={backend}")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[:5] == [
        "test_alone ran on another loop than planned",
        "  at        test_account.py:10",
        "  test      test_account.py::test_alone",
        f"  planned   function test_account.py::test_alone [{backend}]",
        f"  observed  module test_account.py [{backend}]",
    ]
    assert "\n1 violation: 2 tests, 2 passed\n" in done.stdout


def test_a_difference_is_told_with_its_line_and_error(tmp_path: Path) -> None:
    files = {"pytest.ini": "[pytest]\n", "test_it.py": "\nasync def test_unmarked(): ...\n"}
    done = verify(written(tmp_path, files), "--against=installed")
    assert done.returncode == 1
    assert "Better\n  failed -> passed  test_it.py:2  test_it.py::test_unmarked\n" in done.stdout
    assert "async def functions are not natively supported" in done.stdout
    assert "\nproved, 1 difference: 1 test, 1 passed\n" in done.stdout


TROUBLE = """
import anyio
import pytest
from hypothesis import given, settings, strategies

@pytest.fixture(scope="module", params=[1, 2])
async def number(request):
    yield request.param

@pytest.fixture(scope="module")
async def server():
    async def fails():
        raise ValueError("in the background")

    async with anyio.create_task_group() as tasks:
        yield lambda: tasks.start_soon(fails)

@pytest.fixture
async def value():
    yield 1

@pytest.fixture
async def cannot_be_left(value):
    yield
    raise KeyError

async def test_crashes(server):
    server()
    await anyio.sleep_forever()

async def test_after_the_crash(server): ...

async def test_parameter(number, value): ...

async def test_other_parameter(number): ...

async def test_error(cannot_be_left): ...

@pytest.mark.loopscope(fresh_fixtures=True)
@settings(max_examples=3)
@given(number=strategies.integers())
async def test_examples(number, value): ...

async def test_asks(loopscope):
    assert await loopscope.getfixture("value") == 1

def test_asks_synchronously(request):
    assert request.getfixturevalue("value") == 1

@pytest.mark.flaky(reruns=2)
async def test_runs_again(value):
    assert not value

@pytest.mark.loopscope(scope="function")
async def test_refused(server): ...

@pytest.mark.loopscope(timeout=0.05)
async def test_takes_too_long(value):
    await anyio.sleep_forever()

@pytest.mark.xfail
async def test_expected(value):
    raise ValueError

class TestIt:
    async def setup_method(self):
        self.value = 1

    async def test_it(self, value):
        assert self.value == value
"""


def test_what_fails_or_is_odd_is_where_it_was_planned_all_the_same(tmp_path: Path) -> None:
    for module in ("anyio", "hypothesis", "pytest_rerunfailures"):
        pytest.importorskip(module)
    done = verify(written(tmp_path, {"pytest.ini": "[pytest]\n", "test_it.py": TROUBLE}))
    assert done.returncode == 0, done.stdout
    assert "  12 tests did everything on the loop that was planned\n" in done.stdout
    assert "  2 tests: failed in its setup\n" in done.stdout


def test_workers_of_xdist_are_proved_each(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    done = run_in(written(tmp_path, SUITE), "verify", *QUIET, "-n2")
    assert done.returncode == 0, done.stdout
    assert "  3 tests did everything on the loop that was planned\n" in done.stdout


EVENT_LOOP = """
import asyncio
import pytest
import pytest_asyncio

@pytest.fixture(scope="session")
def event_loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()

@pytest_asyncio.fixture(scope="session")
async def pool():
    yield
"""


def test_a_suite_with_a_loop_of_its_own_is_proved(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.asyncio\nasync def test_it(pool, event_loop): ...\n"
    files = {**SUITE, "conftest.py": EVENT_LOOP, "test_account.py": source}
    done = verify(written(tmp_path, files))
    assert done.returncode == 0, done.stdout
    assert "  1 setup and 1 teardown of async fixtures ran on theirs\n" in done.stdout
    assert "Not proved" not in done.stdout


ANYIO = {
    **SUITE,
    "conftest.py": """
    import pytest

    @pytest.fixture(scope="module", params=["asyncio"])
    def anyio_backend(request):
        return request.param

    @pytest.fixture(scope="module")
    async def pool(anyio_backend):
        yield

    @pytest.fixture
    async def account(pool):
        return "an account"
    """,
    "test_account.py": TESTS.replace("mark.asyncio", "mark.anyio"),
}


def test_a_run_is_compared_with_one_that_was_saved_before_the_suite_was_changed(
    tmp_path: Path,
) -> None:
    suite = written(tmp_path, SUITE)
    done = verify(suite, "--as=declared", "--save=before.json")
    assert (done.returncode, done.stdout.splitlines()[1]) == (
        0,
        "nothing was compared: 5 tests, 3 passed, 1 skipped, 1 failed",
    )
    assert "before.json is written" in done.stderr
    written(tmp_path, ANYIO)
    done = verify(suite, "--as=declared", "--against=before.json")
    assert done.returncode == 0, done.stdout
    assert "\nequal: 5 tests, 3 passed, 1 skipped, 1 failed\n" in done.stdout
    written(tmp_path, {"test_sync.py": "def test_sync(): assert 0\n"})
    done = verify(suite, "--against=before.json")
    assert done.returncode == 1
    assert "Worse\n  passed -> failed  test_sync.py:1  test_sync.py::test_sync\n" in done.stdout


def test_outcomes_are_taken_where_loopscope_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(written(tmp_path, SUITE))
    monkeypatch.setattr(running, "knows_loopscope", lambda python: False)
    options = ("verify", "--as=declared", "--save=there.json", *QUIET, "-p", "no:loopscope")
    result = run(*options)
    assert result.exit_code == 0
    saved = json.loads(Path("there.json").read_text(encoding="utf-8"))
    assert {one["id"]: one["phases"].get("call") for one in saved["tests"]} == {
        "test_account.py::test_balance": "passed",
        "test_account.py::test_alone": "passed",
        "test_account.py::test_fails": "failed",
        "test_account.py::test_skipped": None,
        "test_sync.py::test_sync": "passed",
    }
    assert all(one["loop"] is None for one in saved["tests"])
    result = run("verify", *QUIET)
    assert result.exit_code == 2
    assert "-m pip install pytest-loopscope" in result.stderr


def test_what_a_run_has_left_is_kept_if_that_is_asked_for(tmp_path: Path) -> None:
    suite = written(tmp_path, {"test_it.py": "async def test_it(): ..."})
    verify(suite, "--keep=kept")
    assert sorted(path.name for path in (suite / "kept" / "planned").glob("*.json")) == [
        "plan.json",
        "trace.json",
    ]


@pytest.mark.parametrize(
    ("body", "gap"),
    [
        ("pytest.exit('enough')", "pytest was stopped: exit code 2"),
        ("os._exit(7)", "the trace was cut off"),
    ],
    ids=["stopped", "died"],
)
def test_a_run_that_did_not_come_to_its_end_is_not_proved(
    tmp_path: Path, body: str, gap: str
) -> None:
    source = f"import os, pytest\nasync def test_a(): ...\nasync def test_b(): {body}\n"
    done = verify(written(tmp_path, {"test_it.py": source}))
    assert (done.returncode, done.stdout) == (2, "")
    assert gap in done.stderr
    assert "Error: the run did not come to its end (exit code" in done.stderr


@pytest.mark.parametrize(
    ("files", "options", "said"),
    [
        pytest.param({}, (), "no test was collected", id="no-tests"),
        pytest.param({"test_a.py": "import nothing_of_it"}, (), "nothing_of_it", id="import"),
        pytest.param({}, ("--python=./no-python",), "cannot be run", id="no-interpreter"),
        pytest.param({}, ("--against=before.json",), "'installed' or a file", id="no-such-file"),
        pytest.param({"a.json": "{}"}, ("--against=a.json",), "--save writes", id="another-file"),
        pytest.param(
            {}, ("--as=declared", "--against=installed"), "the same run", id="with-itself"
        ),
        pytest.param({}, ("--save=no/x.json",), "no is not a folder", id="no-such-folder"),
    ],
)
def test_what_cannot_be_run_is_2(
    tmp_path: Path, files: dict[str, str], options: tuple[str, ...], said: str
) -> None:
    done = verify(written(tmp_path, {"pytest.ini": "[pytest]\n", **files}), *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr.replace("Traceback:", "")


def test_what_pytest_is_told_last_is_ours() -> None:
    line = running.command_line("py", "planned", ("a", "-v"), Path("x"), with_loopscope=True)
    assert line[:5] == ["py", "-m", "pytest", "a", "-v"]
    assert "--loopscope-witness" in line
    line = running.command_line("py", "declared", ("a",), Path("x"), with_loopscope=False)
    assert line == ["py", "-m", "pytest", "a", "-p", "loopscope_outcome_recorder"]
