"""What the page on pytest's synchronous seams shows runs, and the codes it names exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from loopscope.diagnose import catalog
from tests.docs.pages import ROOT, blocks, run

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "sync-seams.md"
SUITES = blocks(PAGE, "python")
NAMES = [re.findall(r"def (test_\w+)", block)[0] for block in SUITES]


@pytest.mark.parametrize("block", SUITES, ids=NAMES)
def test_a_suite_passes_as_it_stands(block: str, tmp_path: Path) -> None:
    pytest.importorskip("hypothesis")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(block, encoding="utf-8")
    result = run(tmp_path, "-W", "error")
    assert re.search(r"^\d+ passed in", result.stdout, re.MULTILINE), result.stdout


def test_the_codes_are_those_of_the_catalogue() -> None:
    named = set(re.findall(r"LS\d{3}", PAGE.read_text(encoding="utf-8")))
    assert named <= set(catalog.CODES)
    assert {"LS202", "LS406", "LS407", "LS408"} <= named
