"""The command says what it does, and its exit code what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import budget, cli
from benchmarks.environments import ALWAYS, pinned
from benchmarks.idioms import IDIOMS, LOOPSCOPE, SYNC
from benchmarks.measuring import Job, counted, in_turns, timed
from benchmarks.processes import Measure
from benchmarks.suites import SUITES
from tests.benchmarks.made import ABOUT, counts

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.results import Run


def test_the_help_has_examples_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "examples:\n  python -m benchmarks run" in out
    assert "exit codes:\n  0  done" in out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "required: COMMAND"),
        (["run", "--suite", "x"], "invalid choice: 'x' (choose from"),
        (["run", "--rounds", "0"], "'0' is not a number above zero"),
        (["show", "trivial"], "required: idiom"),
    ],
)
def test_a_wrong_argument_is_explained(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_suite_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", "shared", "pytest-asyncio", "--tests", "1"]) == 0
    out = capsys.readouterr().out
    assert "# test_000.py\nasync def test_0(shared):\n    pass\n" in out
    assert "asyncio_default_test_loop_scope = session" in out


def test_a_suite_that_is_not_written_so_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", "shared", "pytest-trio"]) == 2
    assert "error: shared is not written in the idiom of pytest-trio" in capsys.readouterr().err


def test_a_python_that_is_not_there_is_an_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    nowhere = str(tmp_path / "python")
    assert cli.main(["check", "--python", nowhere, "--work", str(tmp_path)]) == 2
    assert "error: uv" in capsys.readouterr().err


def test_results_that_could_not_be_written_are_not_measured(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main(["run", "--output", str(tmp_path / "no" / "results.json")]) == 2
    assert "there is no such folder" in capsys.readouterr().err


def test_everything_that_is_installed_is_pinned() -> None:
    asked = {*ALWAYS, *(name for idiom in IDIOMS.values() for name in idiom.requires)}
    assert asked - {LOOPSCOPE} <= set(pinned())


@pytest.mark.parametrize(("per_test", "code"), [(1000.0, 0), (1400.0, 1)])
def test_the_check_fails_if_there_are_too_many_calls(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    per_test: float,
    code: int,
) -> None:
    def measured(*arguments: object) -> tuple[Run, ...]:
        sync = counts("trivial", "sync", 0, 0, Measure.CALLS)
        return sync + counts("trivial", "loopscope", 0, per_test, Measure.CALLS)

    budget.agree(tmp_path / "budget.json", "3.13", {"trivial, loopscope": 1000.0})
    monkeypatch.setattr(budget, "BUDGET", tmp_path / "budget.json")
    monkeypatch.setattr(cli, "Environments", lambda *arguments: None)
    monkeypatch.setattr(cli, "about", lambda *arguments: ABOUT)
    monkeypatch.setattr(cli, "_measured", measured)
    assert cli.main(["check"]) == code
    assert ("too many" in capsys.readouterr().out) == bool(code)


def test_idioms_take_turns() -> None:
    idioms = [IDIOMS["sync"], IDIOMS["anyio"]]
    jobs = timed([SUITES["trivial"], SUITES["deep"]], idioms, rounds=2)
    assert [(job.suite.name, job.idiom.name) for job in in_turns(jobs)] == [
        *[("trivial", "sync"), ("trivial", "anyio")] * 2,
        *[("deep", "sync"), ("deep", "anyio")] * 2,
    ]


def test_what_is_counted_is_counted_in_two_sizes() -> None:
    suites = [SUITES["trivial"], SUITES["xdist"]]
    jobs = counted(suites, [SYNC], Measure.CALLS, (2, 4))
    assert jobs == [Job(SUITES["trivial"], SYNC, tests, Measure.CALLS) for tests in (2, 4)]
    assert [job.tests for job in counted(suites, [SYNC], Measure.CALLS)] == [100, 300]
