"""What the page about time limits shows is what its suite prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.docs.pages import ROOT, blocks, run

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "timeouts.md"


def test_the_failures_are_what_the_suite_prints(tmp_path: Path) -> None:
    code, _ = blocks(PAGE, "python")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(code, encoding="utf-8")
    printed = run(tmp_path).stdout
    failures = [block for block in blocks(PAGE, "") if block.startswith((">", "E "))]
    assert len(failures) == 2
    for failure in failures:
        assert failure in printed


def test_the_warning_is_what_its_suite_prints(tmp_path: Path) -> None:
    (warning,) = (block for block in blocks(PAGE, "") if "LS323" in block)
    (tmp_path / "pytest.ini").write_text("[pytest]\nloopscope_blocked = 0.2\n", encoding="utf-8")
    # Where it is installed, blockbuster would raise before there is anything to warn of.
    (tmp_path / "conftest.py").write_text(
        "import loopscope.plugin.blocked as one\none.BLOCKBUSTER = 'no_such_module'\n",
        encoding="utf-8",
    )
    (tmp_path / "test_it.py").write_text(
        "import time\n\n\ndef parse(page):\n    time.sleep(0.5)\n\n\n"
        'async def test_parses():\n    parse("a long one")\n',
        encoding="utf-8",
    )
    printed = run(tmp_path).stdout
    seconds = r"for \d+\.\d\d s"
    assert re.sub(seconds, "", warning.strip()) in re.sub(seconds, "", printed)


def test_what_a_run_waits_for_is_what_its_suite_prints(tmp_path: Path) -> None:
    _, code = blocks(PAGE, "python")
    (tmp_path / "pytest.ini").write_text("[pytest]\nloopscope_progress = 1\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(code, encoding="utf-8")
    (shown,) = (block for block in blocks(PAGE, "") if "\n... " in block)
    printed = run(tmp_path, "-v", "--verbosity=0", "-p", "no:randomly").stdout
    seconds = r"\.\.\. [\d.]+ s"
    assert re.sub(seconds, "", shown) in re.sub(seconds, "", printed)
