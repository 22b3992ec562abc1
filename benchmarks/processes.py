"""Running a suite once: what it takes, by the clock of the processor or by counting."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import BenchmarkError
from downstream.processes import environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.suites import Suite

CALLS = Path(__file__).with_name("calls.py")
TIMEOUT = 900
# The same order of sets and of names in every run.
FIXED = {"PYTHONHASHSEED": "0", "PYTHONNOUSERSITE": "1"}


class Measure(Enum):
    """What is measured of a whole process."""

    SECONDS = "seconds"
    INSTRUCTIONS = "instructions"
    CALLS = "calls"


def has_valgrind() -> bool:
    """Say whether instructions can be counted here."""
    return shutil.which("valgrind") is not None


def run(python: Path, suite: Suite, folder: Path, measure: Measure) -> float:
    """Run the suite in the folder and return user and system seconds, instructions or calls."""
    with tempfile.TemporaryDirectory() as scratch:
        told = Path(scratch) / "told"
        seconds = _seconds(_command(python, suite, measure, told), folder)
        if measure is Measure.SECONDS:
            return seconds
        return float(_counted(told.read_text("utf-8")))


def try_out(python: Path, suite: Suite, tests: int, folder: Path) -> None:
    """Run the suite once, so that its bytecode is there, and see that all of it is run."""
    command = _command(python, suite, Measure.SECONDS, Path(os.devnull))
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment(FIXED),
            check=False,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        message = f"{suite.name}: no end after {TIMEOUT} s of\n  {' '.join(command)}"
        raise BenchmarkError(message) from None
    word = "collected" if suite.only_collects else "passed"
    last = done.stdout.rstrip().rpartition("\n")[2]
    if done.returncode or not re.match(rf"{tests} (tests? )?{word}(, \d+ warnings?)? in ", last):
        tail = "\n".join([*done.stdout.splitlines()[-25:], *done.stderr.splitlines()[-5:]])
        raise BenchmarkError(
            f"{suite.name}: {tests} {word} expected of\n  {' '.join(command)}\n{tail}"
        )


def _command(python: Path, suite: Suite, measure: Measure, told: Path) -> list[str]:
    parallel = "-n" in suite.options
    arguments = [
        *("-q", "-p", "no:cacheprovider"),
        *(() if parallel else ("-p", "no:xdist")),
        *suite.options,
    ]
    if measure is Measure.CALLS:
        return [str(python), str(CALLS), str(told), *arguments]
    pytest = [str(python), "-m", "pytest", *arguments]
    if measure is Measure.SECONDS:
        return pytest
    return [
        *("valgrind", "--tool=cachegrind", "--cache-sim=no"),
        *(f"--cachegrind-out-file={os.devnull}", f"--log-file={told}", *pytest),
    ]


def _counted(text: str) -> int:
    """Return the number that `calls.py` or cachegrind wrote."""
    found = re.search(r"I\s+refs:\s+([\d,]+)", text) or re.fullmatch(r"(\d+)", text)
    if found is None:
        raise BenchmarkError(f"no count in\n{text}")
    return int(found[1].replace(",", ""))


def _seconds(command: Sequence[str], folder: Path) -> float:
    """Run to the end and return what the process and those it waited for took, user and system."""
    if sys.platform == "win32":
        raise BenchmarkError("os.wait4, which tells the times of one process, is not on Windows")
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(FIXED),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    watch = threading.Timer(TIMEOUT, process.kill)
    watch.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        watch.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchmarkError(
            f"exit code {process.returncode} of\n  {' '.join(command)}\nin {folder}"
        )
    return round(used.ru_utime + used.ru_stime, 4)
