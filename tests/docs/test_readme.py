"""What the README shows is what really prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the README's code blocks in `language`."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def run(directory: Path, *options: str) -> str:
    """Run pytest in `directory`, as a reader would, and return what it prints."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:randomly"]
    process = subprocess.run(
        [*command, "-p", "no:cacheprovider", *options],
        cwd=directory,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return process.stdout


def test_the_ladder_is_the_example_s() -> None:
    for library in ("starlette", "hypercorn", "httpx", "aiosqlite"):
        pytest.importorskip(library)
    (ladder,) = (block for block in blocks("") if block.startswith("loopscope ladder"))
    printed = run(ROOT / "examples" / "shared_client", "--loopscope-ladder")
    assert ladder in printed


def test_the_finding_is_what_its_suite_prints(tmp_path: Path) -> None:
    (finding,) = (block for block in blocks("") if block.startswith("LS101"))
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
    assert finding in run(tmp_path)


@pytest.mark.parametrize("code", blocks("python"), ids=["answer", "quickstart"])
def test_the_code_is_python(code: str) -> None:
    compile(code, "README.md", "exec")


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)\)", README))
def test_a_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
