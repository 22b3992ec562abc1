"""What the page about the command shows is what the command prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.trace.events import LoopClosed
from tests.docs.pages import ROOT, blocks
from tests.report.recorded import SHARED, Recorded

click = pytest.importorskip("click")
pytest.importorskip("rich")

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "command.md"
CHECKED, EXPLAINED, REPORTED, COMPARED = blocks(PAGE, "")
CONFTEST, TEST = blocks(PAGE, "python")


def before() -> Recorded:
    """Return a run in which one test shares a loop with a fixture, and two have their own."""
    run = Recorded()
    run.shared_loop()
    run.fixture("client", SHARED, 0.25)
    run.test("test_client", SHARED, 0.02)
    run.torn_down("client", 0.1)
    run.add(LoopClosed(run.time, SHARED))
    for name in ("test_search", "test_parse"):
        run.test(name, f"the loop of {name}", 0.05, opens=True)
    return run


def after() -> Recorded:
    """Return a run in which another test uses the fixture, which is slower, and one fails."""
    run = Recorded()
    run.shared_loop()
    run.fixture("client", SHARED, 0.5)
    run.test("test_client", SHARED, 0.02)
    run.test("test_search", SHARED, 1.2)
    run.torn_down("client", 0.1)
    run.add(LoopClosed(run.time, SHARED))
    run.test(
        "test_parse",
        "the loop of test_parse",
        0.05,
        opens=True,
        outcomes=("passed", "failed", "passed"),
        error="ValueError: not a date",
    )
    return run


def test_the_findings_and_the_explanation_are_what_is_printed(tmp_path: Path) -> None:
    from tests.cli.suites import run_in, written

    pytest.importorskip("pytest_asyncio")
    files = {"pytest.ini": "[pytest]\n", "conftest.py": CONFTEST, "test_account.py": TEST}
    suite = written(tmp_path, files)
    done = run_in(suite, "check")
    assert (done.returncode, done.stdout) == (1, CHECKED)
    done = run_in(suite, "explain", "test_balance")
    assert (done.returncode, done.stdout) == (0, EXPLAINED)


def test_the_hook_for_pre_commit_is_the_one_that_is_shown() -> None:
    (shown, *_) = blocks(PAGE, "yaml")
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    for line in hook.splitlines():
        if not line.lstrip().startswith(("#", "description:", "require_serial:")):
            assert f"      {line}\n" in shown


def test_the_report_is_what_is_printed(tmp_path: Path) -> None:
    from tests.cli.command import run, saved

    path = saved(tmp_path / "trace.json", after().ended())
    assert run("report", path).output == REPORTED


def test_the_comparison_is_what_is_printed(tmp_path: Path) -> None:
    from tests.cli.command import run, saved

    old = saved(tmp_path / "old.json", before().ended())
    new = saved(tmp_path / "new.json", after().ended())
    assert run("compare", old, new).output == COMPARED


def test_every_command_and_option_is_described() -> None:
    from loopscope.cli.commands import loopscope

    page = PAGE.read_text(encoding="utf-8")
    for name, command in loopscope.commands.items():
        _, _, section = page.partition(f"\n## {name}\n")
        section, _, _ = section.partition("\n## ")
        options = {one for parameter in command.params for one in parameter.opts if one[:1] == "-"}
        assert sorted(one for one in options if f"`{one}" not in section) == []


def test_every_change_is_described() -> None:
    from loopscope.cli.compare import CHANGES

    assert ", ".join(f"`{change}`" for change in CHANGES) in PAGE.read_text(encoding="utf-8")
