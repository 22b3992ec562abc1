"""Each mistake on the page prints what the page says, on one screen; what it says to write runs."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ROOT, run

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "troubleshooting.md"
SCREEN = 24
RUN_ALL_THE_SAME = (
    "A task is left running",
    "A `unittest.IsolatedAsyncioTestCase` with an async fixture",
    "A fixture `event_loop` of the suite's own",
)
"""What is told of, and keeps no test from passing."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A section of the page: what is wrong, what is printed, and what is right."""

    title: str
    wrong: str
    printed: str
    right: str

    def __str__(self) -> str:
        return self.title


def sections() -> tuple[str, list[tuple[str, str]]]:
    """Return what stands before the first heading, and each heading with what is below it."""
    before, *rest = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return before, list(zip(rest[::2], rest[1::2], strict=True))


def code_in(text: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


BEFORE, SECTIONS = sections()
MISTAKES = [Mistake(title, *code_in(text)) for title, text in SECTIONS]


def written(source: str, directory: Path) -> None:
    for module in re.findall(r"^import (\w+)$", source, re.MULTILINE):
        pytest.importorskip(module)
    if "asyncio.TaskGroup" in source and sys.version_info < (3, 11):
        pytest.skip("asyncio.TaskGroup came with Python 3.11")
    if "anyio" in source:
        pytest.importorskip("trio")
    (directory / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (directory / "test_client.py").write_text(source, encoding="utf-8")


def failure_section(output: str) -> list[str]:
    """Return what pytest prints of the tests that failed, but for lines that separate."""
    lines = output.splitlines()
    starts = [i for i, line in enumerate(lines) if re.match(r"=+ (FAILURES|ERRORS) =+$", line)]
    end = next(i for i, line in enumerate(lines) if "short test summary info" in line)
    shown = lines[starts[0] + 1 : end] if starts else []
    return [line for line in shown if line.strip("_ ")]


def test_there_are_ten() -> None:
    assert len(MISTAKES) == 10
    assert {*RUN_ALL_THE_SAME} < {mistake.title for mistake in MISTAKES}


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_a_mistake_prints_what_the_page_says_on_one_screen(
    mistake: Mistake, tmp_path: Path
) -> None:
    written(mistake.wrong, tmp_path)
    if mistake.printed.startswith("E ") and sys.version_info < (3, 11):
        pytest.skip("pytest shows notes from Python 3.11 on")
    ran = run(tmp_path)
    assert mistake.printed.rstrip() in ran.stdout, ran.stdout
    if mistake.title in RUN_ALL_THE_SAME:
        assert ran.returncode == 0
        return
    assert ran.returncode == 1
    assert 0 < len(failure_section(ran.stdout)) <= SCREEN, ran.stdout


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_what_the_page_says_to_write_runs(mistake: Mistake, tmp_path: Path) -> None:
    written(mistake.right, tmp_path)
    ran = run(tmp_path, "-W", "error")
    assert re.search(r"^[12] passed in ", ran.stdout, re.MULTILINE), ran.stdout
    assert not re.search(r"LS\d{3}", ran.stdout), ran.stdout


def test_what_the_page_says_to_be_no_mistake_is_none(tmp_path: Path) -> None:
    (source,) = code_in(BEFORE)
    written(source, tmp_path)
    ran = run(tmp_path, "-W", "error")
    assert re.search(r"^1 passed in ", ran.stdout, re.MULTILINE), ran.stdout
