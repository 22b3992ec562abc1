"""Run a suite that is not ours in a pytest process of its own and read how it went."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# pytest-asyncio may be installed, and warns where it has no ini.
LOOPSCOPE_ALONE = ("-W", "error", "-p", "no:asyncio")
DEFAULTS_OF_PYTEST_ASYNCIO = ("-p", "no:loopscope", "-o", "asyncio_mode=auto")


@dataclass(frozen=True)
class Outcome:
    """Hold what one run of a suite came to."""

    code: int
    output: str
    tests: Mapping[str, Counter[str]]
    """By "module::name": how often it ended as passed, failed, error or skipped."""

    @property
    def totals(self) -> dict[str, int]:
        """Return how many tests ended each way."""
        return dict(sum(self.tests.values(), Counter[str]()))


def run_suite(
    root: Path, *arguments: str, report: Path, env: Mapping[str, str] | None = None
) -> Outcome:
    """Run pytest in `root` and write its JUnit file to `report`."""
    environment = {
        # Of an outer run, with its xdist worker's name: none of the inner run's business.
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTEST_")
    }
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider"]
    process = subprocess.run(
        [*command, f"--junitxml={report}", *arguments],
        cwd=root,
        env=environment | dict(env or {}),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    tests = _read(report) if report.exists() else {}
    return Outcome(process.returncode, process.stdout, tests)


def _read(report: Path) -> dict[str, Counter[str]]:
    tests: dict[str, Counter[str]] = {}
    for case in ET.parse(report).getroot().iter("testcase"):
        # "tests.test_feed" or "test_feed", and the name without its parameters.
        module = case.get("classname", "").rpartition(".")[2]
        name = f"{module}::{case.get('name', '').partition('[')[0]}"
        # A test that fails and whose teardown fails too is two failures but one test.
        ends = {child.tag for child in case} & {"failure", "error", "skipped"}
        end = next((end for end in ("failure", "error", "skipped") if end in ends), "passed")
        tests.setdefault(name, Counter())[{"failure": "failed"}.get(end, end)] += 1
    return tests
