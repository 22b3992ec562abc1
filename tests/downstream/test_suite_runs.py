"""A run counts only if it came to its end, on the engine and with the options it was meant for."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from downstream.catalogue import Exempt, Project, Setting
from downstream.environments import Environment, Tools
from downstream.errors import DownstreamError
from downstream.processes import Children, environment
from downstream.records import Record
from downstream.suites import Suite, check_baseline

DECLARED = Setting("declared", (("loopscope_loops", "declared"), ("loopscope_mode", "strict")))
ASYNC = "import pytest\n@pytest.mark.loopscope\nasync def test_it(): pass\n"


def project(
    *,
    timeout: int = 60,
    own_failures: tuple[Exempt, ...] = (),
    unsteady: tuple[Exempt, ...] = (),
) -> Project:
    return Project(
        name="one",
        package="one",
        version="1.0",
        why="an example",
        ci=True,
        extras=(),
        requires=(),
        constraints=(),
        arguments=("-p", "no:randomly"),
        python=(3, 10),
        config="",
        timeout=timeout,
        settings=(DECLARED,),
        left_out=(),
        own_failures=own_failures,
        unsteady=unsteady,
    )


class Here(Environment):
    """This environment, where loopscope always is, and a suite of one module."""

    def __init__(self, work: Path, source: str, project: Project) -> None:
        tools = Tools(Path(sys.executable), sys.version_info[:2], (), None)
        super().__init__(project, work, tools, Children())
        self._text = source

    def executable(self, name: str) -> Path:
        return Path(sys.executable).parent / name

    def unpack(self) -> None:
        shutil.rmtree(self.source, ignore_errors=True)
        self.source.mkdir(parents=True)
        (self.source / "pytest.ini").write_text("[pytest]\n")
        (self.source / "test_it.py").write_text(self._text)


def suite(work: Path, source: str, of: Project | None = None) -> Suite:
    return Suite(Here(work, source, of or project()), Children())


@pytest.fixture(autouse=True)
def pytest_is_a_program() -> None:
    if not (Path(sys.executable).parent / "pytest").exists():
        pytest.skip("pytest is not beside the interpreter")


def test_a_run_on_ours_has_outcomes_and_a_count(tmp_path: Path) -> None:
    run = suite(tmp_path, ASYNC).ours(DECLARED)
    assert run.record.outcomes == {"test_it.py::test_it": "passed"}
    assert (run.sessions, run.taken) == (1, 1)
    assert run.record.options["loopscope_loops"] == "declared"


def test_a_run_in_which_loopscope_runs_nothing_does_not_count(tmp_path: Path) -> None:
    with pytest.raises(DownstreamError, match="ran no test"):
        suite(tmp_path, "def test_it(): pass").ours(DECLARED)


def test_a_baseline_with_loopscope_in_it_does_not_count(tmp_path: Path) -> None:
    with pytest.raises(DownstreamError, match="was to run alone"):
        suite(tmp_path, ASYNC).theirs()


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("", "pytest ended with 5"),
        ("import nowhere_to_be_found", "pytest ended with 2"),
        ("import os\ndef test_it(): os._exit(0)", "did not come to its end"),
    ],
)
def test_a_run_that_does_not_get_through_does_not_count(
    tmp_path: Path, source: str, complaint: str
) -> None:
    with pytest.raises(DownstreamError, match=complaint):
        suite(tmp_path, source).ours(DECLARED)


def test_a_suite_that_hangs_is_ended(tmp_path: Path) -> None:
    hanging = "import time\ndef test_it(): time.sleep(60)"
    with pytest.raises(DownstreamError, match="no end after 2 s"):
        suite(tmp_path, hanging, project(timeout=2)).ours(DECLARED)


@pytest.mark.parametrize(
    ("listed", "outcome", "repeated"),
    [
        ((), "failed", ()),
        ((Exempt("*::test_first", "is slow"),), "passed", ("test_it.py::test_first",)),
    ],
    ids=["not listed", "listed"],
)
def test_an_unsteady_test_that_failed_is_run_again(
    tmp_path: Path, listed: tuple[Exempt, ...], outcome: str, repeated: tuple[str, ...]
) -> None:
    marker = tmp_path / "ran"
    source = f"""{ASYNC}
from pathlib import Path

def test_first():
    ran = Path({str(marker)!r})
    if not ran.exists():
        ran.touch()
        pytest.fail("the machine is slow")
"""
    run = suite(tmp_path, source, project(unsteady=listed)).ours(DECLARED)
    assert run.record.outcomes["test_it.py::test_first"] == outcome
    assert run.repeated == repeated


def test_a_failure_on_their_own_engine_has_to_be_listed() -> None:
    failing = Record({"a": "failed", "b": "passed"}, {"a": "E\nmore"})
    with pytest.raises(DownstreamError, match=r"no baseline:\n    a failed: E$"):
        check_baseline(project(), failing)
    listed = Exempt("a", "is broken there as well", "failed")
    check_baseline(project(own_failures=(listed,)), failing)


def test_a_listed_failure_that_is_gone_is_an_error() -> None:
    listed = Exempt("a", "was broken there as well", "failed")
    with pytest.raises(DownstreamError, match="a is listed as failed, and is not"):
        check_baseline(project(own_failures=(listed,)), Record({"a": "passed"}))


def test_what_the_caller_has_set_does_not_leak_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTEST_ADDOPTS", "PYTHONPATH", "PYTHONWARNINGS", "CI", "NO_COLOR"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("LANGUAGE", "en")
    made = environment({"PYTHONPATH": "plugins"})
    assert made["PYTHONPATH"] == "plugins"
    assert made["LANGUAGE"] == "en"
    assert not {"PYTEST_ADDOPTS", "PYTHONWARNINGS", "CI", "NO_COLOR"} & set(made)
