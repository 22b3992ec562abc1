"""What the README shows is what really prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ROOT, blocks, run

if TYPE_CHECKING:
    from pathlib import Path

README = ROOT / "README.md"


@pytest.mark.parametrize(
    ("start", "option"),
    [("loopscope ladder", "--loopscope-ladder"), ("SETUP ", "--setup-show")],
    ids=["ladder", "setup-show"],
)
def test_what_is_shown_of_the_example_is_what_it_prints(start: str, option: str) -> None:
    for library in ("starlette", "hypercorn", "httpx", "aiosqlite", "rich"):
        pytest.importorskip(library)
    (shown,) = (one for one in blocks(README, "") if one.startswith(start))
    printed = run(ROOT / "examples" / "shared_client", "-p", "no:asyncio", option)
    assert shown in printed.stdout


def test_the_finding_is_what_its_suite_prints(tmp_path: Path) -> None:
    (finding,) = (one for one in blocks(README, "") if one.startswith("LS101"))
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "conftest.py").write_text(
        'import pytest\n\n\n@pytest.fixture(scope="module")\nasync def db():\n    yield\n'
    )
    (tests / "test_auth.py").write_text(
        'import pytest\n\n\n@pytest.mark.loopscope(scope="function")\n'
        "async def test_login(db):\n    pass\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    assert finding in run(tmp_path, "-p", "no:asyncio").stdout


@pytest.mark.parametrize("code", blocks(README, "python"), ids=["answer", "quickstart"])
def test_the_code_is_python(code: str) -> None:
    compile(code, "README.md", "exec")


def test_the_suites_of_other_projects_are_those_that_are_run() -> None:
    projects = (ROOT / "downstream" / "projects.toml").read_text(encoding="utf-8")
    run_here = re.findall(
        r'^\[projects\.([\w-]+)\]\n(?:package = .+\n)?version = "(.+)"$', projects, re.MULTILINE
    )
    listed = re.findall(r"^\| ([\w-]+) ([\d.]+) \|", README.read_text("utf-8"), re.MULTILINE)
    assert listed == run_here
