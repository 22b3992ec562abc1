"""The command says what it does, and its exit code what came of it."""

from __future__ import annotations

import re

import pytest

from downstream import cli
from downstream.compare import Comparison, compare
from downstream.differences import Known
from downstream.records import Record
from downstream.report import BASELINE, Row
from downstream.suites import Run


def row(setting: str, outcomes: dict[str, str], comparison: Comparison | None = None) -> Row:
    return Row("one", setting, Run(Record(outcomes), 1.25, 3, 2), comparison)


def result(theirs: str, ours: str, *known: Known, failure: str = "") -> cli.Result:
    comparison = compare(Record({"a": theirs}), Record({"a": ours}, {"a": "boom\nmore"}), known)
    rows = [row(BASELINE, {"a": theirs}), row("default", {"a": ours}, comparison)]
    return cli.Result("one", rows, failure)


KNOWN = Known("one", "default", "a", "passed", "failed", "it looks inside")


@pytest.mark.usefixtures("write")
def test_the_projects_are_listed_with_a_star_for_the_quick_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["--list"]) == 0
    everything = capsys.readouterr().out
    assert cli.main(["--list", "--ci"]) == 0
    quick = capsys.readouterr().out
    assert re.search(r"^\* pytest-asyncio [\d.]+ \(declared, default\)$", quick, re.MULTILINE)
    assert len(quick) < len(everything)
    assert not re.search(r"^  \S", quick, re.MULTILINE)


@pytest.mark.usefixtures("write")
def test_a_project_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["nothing-like-it"]) == 2
    assert "error: no project 'nothing-like-it'; there are: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--python", "no-such-python"], "'no-such-python' is not on PATH"),
        (["--python", "./no-such-python"], "there is no './no-such-python'"),
        (["--jobs", "0"], "'0' is not a number above zero"),
        (["--unknown"], "unrecognized arguments: --unknown"),
    ],
)
def test_a_wrong_argument_is_explained(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def test_equal_outcomes_are_as_expected(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.conclude([result("passed", "passed")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "",
        "project  setting   tests  same  differing  ran  seconds",
        "one      (theirs)      1     -          -    2      1.2",
        "one      default       1     1          0    2      1.2",
    ]


def test_a_listed_difference_is_shown_and_expected(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.conclude([result("passed", "failed", KNOWN)]) == 0
    out = capsys.readouterr().out
    assert "one, default: a\n    passed -> failed\n    known: it looks inside" in out


def test_another_difference_is_unexpected(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.conclude([result("passed", "failed")]) == 1
    assert "    passed -> failed\n    unexpected: boom\n" in capsys.readouterr().out


def test_a_listed_difference_that_is_gone_is_unexpected(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.conclude([result("passed", "passed", KNOWN)]) == 1
    assert "listed as passed -> failed, and no longer so" in capsys.readouterr().out


def test_a_project_that_was_not_compared_outweighs_differences(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.conclude([result("passed", "failed", failure="it hangs")]) == 2
    assert "not compared:\none: it hangs" in capsys.readouterr().err
