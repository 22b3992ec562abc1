"""`loopscope check` tells before a run what is wrong, and says so by its exit code."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopscope.cli import check as command
from loopscope.cli import collecting
from loopscope.core.origin import Origin
from loopscope.core.scope import Scope
from tests.cli.command import run
from tests.cli.suites import ASYNCIO, run_in, written
from tests.core.literals import MODULE, a_fixture, a_test
from tests.diagnose.documents import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.diagnose.plan_file import Document

DB = a_fixture("db", MODULE, origin=Origin("conftest.py", 3))
WRONG = a_test("test_it", DB, declared=Scope.FUNCTION, origin=Origin("test_a.py", 7))
SUMMARY = "1 finding in 1 async test\n"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, tuple[str, ...]]]:
    """Have a suite with one finding collected; return what collecting it was asked with."""
    calls = []

    def collect(python: str, judged: str, arguments: Sequence[str], *, whole: bool) -> Document:
        calls.append((python, judged, tuple(arguments)))
        return replace(document(DB, WRONG), root=str(Path.cwd()))

    monkeypatch.setattr(command, "collect", collect)
    return calls


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), (sys.executable, "declared", ())),
        (("--as", "planned"), (sys.executable, "planned", ())),
        (("a.py", "--python", "/venv/python"), ("/venv/python", "declared", ("a.py",))),
        (("a", "--", "-k", "b", "--as"), (sys.executable, "declared", ("a", "-k", "b", "--as"))),
    ],
    ids=["nothing", "as", "python", "to-pytest"],
)
@pytest.mark.usefixtures("asked")
def test_what_pytest_is_asked_to_collect(
    asked: list[object], arguments: tuple[str, ...], expected: object
) -> None:
    run("check", *arguments)
    assert asked == [expected]


def test_what_pytest_is_told_last_is_ours() -> None:
    line = collecting.command_line("python", "declared", ("tests", "-v"), Path("plan.json"))
    assert line == [
        *("python", "-m", "pytest", "--collect-only", "-q", "tests", "-v"),
        *("--loopscope-engine=observe", "--loopscope-loops=declared"),
        "--loopscope-plan=plan.json",
    ]


@pytest.mark.usefixtures("asked")
def test_the_text_has_the_finding_and_ends_with_the_summary() -> None:
    result = run("check", "--as=planned")
    assert result.exit_code == 1
    assert result.stdout.startswith("LS101 loop scope mismatch: test_it (function loop) uses db")
    assert "  more  loopscope explain LS101\n" in result.stdout
    assert result.stdout.endswith(f"\n\n{SUMMARY}")


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("form", "begins"),
    [("json", '{\n  "format"'), ("github", "::error file="), ("sarif", '{\n  "$schema"')],
)
def test_what_a_program_reads_is_all_that_stands_on_standard_output(form: str, begins: str) -> None:
    result = run("check", "--format", form)
    assert result.exit_code == 1
    assert result.stdout.startswith(begins)
    assert "async test" not in result.stdout.splitlines()[-1]
    assert result.stderr == SUMMARY
    if form != "github":
        json.loads(result.stdout)


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_a_file_gets_what_would_have_been_printed(tmp_path: Path, form: str) -> None:
    path = tmp_path / "found"
    result = run("check", "--format", form, "--output", path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"{path} is written\n{SUMMARY}"
    assert path.read_text(encoding="utf-8") == run("check", "--format", form).stdout


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("options", "exit_code"),
    [
        (("--select=LS1",), 1),
        (("--select=LS2,LS4",), 0),
        (("--ignore=LS101",), 0),
        (("--ignore=LS2", "--ignore=LS4"), 1),
    ],
)
def test_the_exit_code_is_of_what_is_told(options: tuple[str, ...], exit_code: int) -> None:
    assert run("check", *options).exit_code == exit_code


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_a_code_that_is_none_is_refused_before_anything_is_collected(
    asked: list[object], option: str
) -> None:
    result = run("check", option, "LS101,LS900")
    assert (result.exit_code, asked) == (2, [])
    assert "'LS900' is not a valid code. Valid: LS1, LS2" in result.stderr


def test_help_says_how_a_suite_is_judged_by_default() -> None:
    words = " ".join(run("check", "--help").output.split())
    assert "[default: declared]" in words
    assert "as pytest-asyncio or anyio run it today" in words


def test_a_suite_is_judged_as_its_own_plugin_runs_it(tmp_path: Path) -> None:
    pytest.importorskip("pytest_asyncio")
    suite = written(tmp_path, ASYNCIO)
    done = run_in(suite, "check")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("LS101 loop scope mismatch") == 1
    assert "  also  2 more at the same lines\n" in done.stdout
    assert "loopscope_loops" not in done.stdout
    assert done.stdout.endswith(
        "1 finding in 4 async tests\n"
        "on loops that loopscope plans, none would be left: loopscope check --as planned\n"
    )
    done = run_in(suite, "check", "--as=planned")
    assert (done.returncode, done.stdout) == (0, "no findings in 4 async tests\n")


def test_paths_are_told_from_where_the_command_runs(tmp_path: Path) -> None:
    pytest.importorskip("pytest_asyncio")
    folder = written(tmp_path, {**ASYNCIO, "api/readme": ""}) / "api"
    done = run_in(folder, "check", "--format=github", "..")
    assert done.stdout.startswith("::error file=../test_db.py,line=4,title=LS101::")


@pytest.mark.parametrize(
    ("files", "arguments", "said"),
    [
        pytest.param({"test_a.py": "import nothing_of_the_kind"}, (), "nothing_of_", id="import"),
        pytest.param({}, ("nowhere.py",), "not found: nowhere.py", id="no-such-path"),
        pytest.param(
            {"test_a.py": ""}, ("--", "-p", "no:loopscope"), "does not know loopscope", id="off"
        ),
        pytest.param({}, ("--python", "./no-python"), "cannot be run", id="no-interpreter"),
    ],
)
def test_what_cannot_be_collected_is_2_and_pytest_says_why(
    tmp_path: Path, files: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    done = run_in(written(tmp_path, {"pytest.ini": "[pytest]\n", **files}), "check", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr.replace("Traceback:", "")


def test_a_suite_without_tests_has_no_findings(tmp_path: Path) -> None:
    done = run_in(written(tmp_path, {"pytest.ini": "[pytest]\n"}), "check")
    assert (done.returncode, done.stdout) == (0, "no findings in 0 async tests\n")
