"""What the page about migrating shows is what is printed, and the suite passes then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks, run

for library in ("click", "libcst", "rich", "tomlkit", "pytest_asyncio"):
    pytest.importorskip(library)

PAGE = ROOT / "docs" / "migrate.md"
OLD, LEFT = blocks(PAGE, "python")
(DIFF,) = blocks(PAGE, "diff")
SAVED, EQUAL, NOTED = blocks(PAGE, "")
BEFORE = Path(__file__).with_name("before_migrating.json")
"""Of the example, as `tests/cli/saved_on_0_21_2/README.md` says."""
WAY = ("migrate", "--from", "pytest-asyncio", "--to", "pytest-asyncio")


def test_the_example_becomes_what_is_shown_and_passes(tmp_path: Path) -> None:
    from tests.cli.suites import run_in, written

    suite = written(tmp_path, {"pytest.ini": "[pytest]\n", "test_queue.py": OLD})
    failed = run(suite, "-p", "no:loopscope")
    assert failed.returncode == 1
    assert "attached to a different loop" in failed.stdout
    done = run_in(suite, *WAY)
    assert (done.returncode, done.stdout) == (0, DIFF)
    assert run_in(suite, *WAY, "--write", "--force").returncode == 0
    assert run(suite, "-p", "no:loopscope").returncode == 0
    assert run_in(suite, *WAY).stderr == "nothing to change\n"


def test_the_proof_is_what_is_shown(tmp_path: Path) -> None:
    from loopscope.report.outcomes import decode
    from tests.cli.suites import run_in, written

    verify = ("verify", "--as", "declared", "--against", BEFORE, "--", "-p", "no:randomly")
    suite = written(tmp_path, {"pytest.ini": "[pytest]\n", "test_queue.py": OLD})
    done = run_in(suite, *verify)
    assert done.returncode == 1
    assert "  passed -> failed  test_queue.py:19  test_queue.py::test_get\n" in done.stdout
    assert run_in(suite, *WAY, "--write", "--force").returncode == 0
    done = run_in(suite, *verify)
    assert done.returncode == 0
    *told, _, against = done.stdout.splitlines()[1:]
    *shown, _, shown_against = EQUAL.splitlines()
    assert told == shown
    assert against == shown_against
    before = decode(BEFORE.read_text(encoding="utf-8"))
    passed = [one.outcome for one in before.tests.values()]
    assert (
        f"nothing was compared: {len(passed)} tests, {passed.count('passed')} passed\n"
        f"{shown_against.replace('against', 'run with')}\n"
    ) == SAVED


def test_what_is_noted_is_what_is_shown(tmp_path: Path) -> None:
    from tests.cli.suites import run_in, written

    suite = written(tmp_path, {"pytest.ini": "[pytest]\n", "test_left.py": LEFT})
    done = run_in(suite, *WAY)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", NOTED)


def test_every_way_is_told() -> None:
    from loopscope.migrate.words import WAYS

    page = PAGE.read_text(encoding="utf-8")
    _, _, table = page.partition("| from | to | |\n")
    told = {
        (old, row.split(" | ")[1])
        for row in table.partition("\n\n")[0].splitlines()[1:]
        for old in row.split(" | ")[0].removeprefix("| ").split(", ")
    }
    assert told == set(WAYS)
