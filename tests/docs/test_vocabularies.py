"""What the guide for suites of other plugins shows runs, and what it lists is all there is."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from loopscope.dialects import PEERS
from loopscope.plugin import _compat
from tests.docs.pages import ROOT, blocks, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from loopscope.dialects.vocabulary import Dialect

PAGE = ROOT / "docs" / "vocabularies.md"
TEXT = PAGE.read_text(encoding="utf-8")
PYTHON = blocks(PAGE, "python")
SUITES = [block for block in PYTHON if "def test_" in block]
CONFTESTS = [block for block in PYTHON if block.startswith("# conftest.py\n")]
MIXED = SUITES[0]

# Deprecated by the one whose vocabulary it is, and shown for suites that have it still.
OLD = "the fixture event_loop is the loop of this suite"


def write(block: str, directory: Path) -> None:
    """Write the suite of `block`, with the conftest that stands before it."""
    for module in re.findall(r"^ *import (\w+)$", block, re.MULTILINE):
        pytest.importorskip(module)
    (directory / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (directory / "test_it.py").write_text(block, encoding="utf-8")
    before = PYTHON[PYTHON.index(block) - 1]
    if before in CONFTESTS:
        (directory / "conftest.py").write_text(before, encoding="utf-8")


def passed(output: str) -> list[str]:
    """Return the last line of a run, without its duration, in its parts."""
    return output.splitlines()[-1].partition(" in ")[0].split(", ")


def names(suites: Sequence[str]) -> list[str]:
    """Return a name for each of `suites`: the first test in it."""
    return [re.findall(r"def (test_\w+)", block)[0] for block in suites]


@pytest.mark.parametrize("block", SUITES, ids=names(SUITES))
def test_a_suite_passes_as_it_stands(block: str, tmp_path: Path) -> None:
    write(block, tmp_path)
    result = run(tmp_path, "-W", "error", "-W", f"ignore:{OLD}")
    (outcome,) = passed(result.stdout)
    assert re.fullmatch(r"\d+ passed", outcome), result.stdout


def test_every_code_block_is_a_suite_or_the_conftest_of_one() -> None:
    assert len(SUITES) + len(CONFTESTS) == len(PYTHON)
    assert all(PYTHON[PYTHON.index(block) + 1] in SUITES for block in CONFTESTS)


def test_the_line_that_counts_owners_is_what_the_mixed_suite_prints(tmp_path: Path) -> None:
    (line,) = (block for block in blocks(PAGE, "") if block.startswith("async tests: "))
    write(MIXED, tmp_path)
    assert line in run(tmp_path, "-v").stdout  # with -q, it is left out
    assert line in blocks(ROOT / "README.md", "")


def test_the_owners_are_what_the_mixed_suite_prints(tmp_path: Path) -> None:
    (lines,) = (block for block in blocks(PAGE, "") if "OWNER " in block)
    write(MIXED, tmp_path)
    printed = run(tmp_path, "--setup-show").stdout.splitlines()
    assert [line for line in printed if "OWNER " in line] == lines.splitlines()


MISMATCH = """\
import pytest_asyncio, pytest



@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def db():
    yield


@pytest.mark.asyncio(loop_scope="function")
async def test_it(db): ...
"""


def test_the_finding_is_what_its_suite_prints_and_the_suite_runs(tmp_path: Path) -> None:
    pytest.importorskip("pytest_asyncio")
    (finding,) = (block for block in blocks(PAGE, "") if block.startswith("LS101"))
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(MISMATCH, encoding="utf-8")
    output = run(tmp_path).stdout
    assert finding in output
    assert passed(output) == ["1 passed"]


@pytest.mark.parametrize("dialect", PEERS, ids=lambda dialect: str(dialect.name))
def test_options_and_fixtures_of_a_vocabulary_are_listed(dialect: type[Dialect]) -> None:
    module = import_module(dialect.__module__)
    fixtures = {name for name, value in vars(module).items() if _compat.is_fixture(value)}
    public = {name for name in fixtures if not name.startswith("_")}
    names = {option.name for option in dialect.options} | public | set(dialect.lent)
    names |= {option.flag for option in dialect.options if option.flag is not None}
    assert {name for name in names if f"`{name}`" not in TEXT} == set()


def test_the_versions_are_those_that_are_run() -> None:
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    run_with = set(re.findall(r'"([a-z-]+)==([\d.]+)"', noxfile))
    _, _, listed = TEXT.partition("\n## Versions\n")
    rows = {cells[1].strip(): cells[2] for cells in map(_cells, listed.splitlines()) if cells}
    assert {(name, version) for name, version in run_with if version not in rows[name]} == set()
    assert {
        (name, version)
        for name in rows
        for version in re.findall(r"[\d.]+\d", rows[name])
        if (name, version) not in run_with
    } == set()


def _cells(line: str) -> list[str] | None:
    return line.split("|") if line.startswith("|") else None
