"""What the page about pytest-xdist shows is so, and it tells of every mode that there is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ROOT, blocks, run

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("xdist")

PAGE = ROOT / "docs" / "xdist.md"
SUITE, CONFTEST = blocks(PAGE, "python")
USES_BROKER = """
import pytest

@pytest.fixture(scope="session")
async def broker(): ...

async def test_first(broker): ...
async def test_second(broker): ...
async def test_alone(): ...
"""


@pytest.fixture(autouse=True)
def _with_xdist_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "loopscope.plugin.entry,xdist.plugin")


def workers(directory: Path, files: dict[str, str]) -> dict[str, set[str]]:
    """Run `files` as the page says, and return the workers that ran the tests of each name."""
    for name, source in {"pytest.ini": "[pytest]\n", **files}.items():
        (directory / name).write_text(source, encoding="utf-8")
    options = ("-n2", "--dist=loadgroup", "--loopscope-xdist-group=loop")
    printed = run(directory, *options, "-W", "error", "-vv").stdout
    ran = re.findall(r"^\[(gw\d)\].* PASSED (\S+)", printed, re.MULTILINE)
    return {test: {worker for worker, one in ran if one == test} for _, test in ran}


def test_what_shares_a_schema_is_run_by_one_worker(tmp_path: Path) -> None:
    names = [f"test_{number}.py" for number in range(6)]
    ran = workers(tmp_path, dict.fromkeys(names, SUITE))
    assert len(ran) == 6 * 4
    for name in names:
        assert ran[f"{name}::test_insert"] == ran[f"{name}::test_select"]


def test_what_uses_the_broker_is_run_by_one_worker(tmp_path: Path) -> None:
    names = [f"test_{number}.py" for number in range(3)]
    ran = workers(tmp_path, {"conftest.py": CONFTEST, **dict.fromkeys(names, USES_BROKER)})
    assert len(ran) == 3 * 3
    used = [where for test, where in ran.items() if not test.endswith("::test_alone")]
    assert len(set.union(*used)) == 1


def test_the_modes_are_those_of_xdist(tmp_path: Path) -> None:
    refused = run(tmp_path, "--dist=nonsense").stderr
    choices = re.findall(r"\w+", refused.partition("choose from")[2].partition(")")[0])
    table = re.findall(r"^\| `(\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(table) == sorted(choices)
