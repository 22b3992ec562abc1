"""The page about advice shows what is printed, and what it recommends is so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.advise.pasting import advised, chdir, paste
from tests.docs.pages import ROOT, blocks

pytest.importorskip("pytest_asyncio")
pytest.importorskip("anyio")
pytest.importorskip("trio")
pytest.importorskip("click")

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "advise.md"
CONFTEST, TEST, BANK = blocks(PAGE, "python")
ADVICE, AFTERWARDS = blocks(PAGE, "")


def without_versions(text: str) -> str:
    """Return `text` without the versions of what happens to be installed."""
    return re.sub(r"\d+\.\d+(\.\d+)?(?=[, \n])", "VERSION", text)


def test_the_advice_is_what_is_printed_and_helps(tmp_path: Path) -> None:
    from tests.cli.command import run
    from tests.cli.suites import written

    files = {
        "pytest.ini": "[pytest]\n",
        "conftest.py": CONFTEST,
        "test_account.py": TEST,
        "bank.py": BANK,
    }
    suite = written(tmp_path, files)
    with chdir(suite):
        first = run("advise")
        paste(suite, advised(suite)["asyncio"])
        second = run("advise")
    _, begin, rest = first.output.partition("1. Backends\n")
    assert without_versions(begin + rest) == without_versions(ADVICE)
    assert second.output.endswith(f"\n{AFTERWARDS}")
