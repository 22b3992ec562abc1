"""Run this example the way it explodes today, then with loopscope, and check that both happen."""

import argparse
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BACKENDS = ("asyncio", "uvloop", "trio")

# What a fixture that is used from another loop, or after its loop was closed, says for itself.
MISMATCH = re.compile(
    r"attached to a different loop|bound to a different event loop|Event loop is closed"
)
PASSED = re.compile(r"=* ?(\d+) passed\b")
NOT_GREEN = re.compile(r"\b\d+ (failed|errors?|skipped|xfailed|xpassed)\b")
SUMMARY = re.compile(r"^=+ short test summary info =+$", re.MULTILINE)


class DemoError(Exception):
    """Report that something claimed here did not happen."""


@dataclass(frozen=True)
class Run:
    """Hold what one pytest run printed and how it ended."""

    code: int
    output: str


def run_pytest(arguments: Sequence[str], *, limit: float) -> Run:
    """Show and run a pytest command in this example, for at most `limit` seconds."""
    print(f"$ cd {os.path.relpath(HERE)} && python -m pytest {shlex.join(arguments)}", flush=True)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")
    }
    # On CI pytest does not cut the messages in its summary to the width of the terminal.
    environment |= {"CI": "true", "COLUMNS": "100"}
    started = time.perf_counter()
    try:
        process = subprocess.run(
            [sys.executable, "-m", "pytest", "--color=no", *arguments],
            check=False,
            cwd=HERE,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit,
        )
    except subprocess.TimeoutExpired as error:
        raise DemoError(f"pytest did not end within {limit:.0f} s") from error
    print(f"(exit code {process.returncode}, {time.perf_counter() - started:.1f} s)\n")
    return Run(process.returncode, process.stdout)


def explode() -> None:
    """Run plain session fixtures under pytest-asyncio's defaults and expect a loop mismatch."""
    print("Today: pytest-asyncio, auto mode, its defaults\n")
    if importlib.util.find_spec("pytest_asyncio") is None:
        raise DemoError("pytest-asyncio is not installed, so there is nothing to compare with")
    run = run_pytest(
        [
            *("-q", "-p", "no:loopscope", "-p", "no:randomly", "-o", "asyncio_mode=auto"),
            *("--tb=short", "tests/test_notes.py"),
        ],
        limit=120,
    )
    summary = SUMMARY.search(run.output)
    print(run.output[summary.start() if summary else -2000 :])

    message = MISMATCH.search(run.output)
    if run.code != 1 or message is None:
        print(run.output)
        raise DemoError("the suite was expected to fail with a loop mismatch, and did not")
    print(f'As expected: "{message[0]}".\n')


def run_green(backends: Sequence[str], *options: str) -> int:
    """Run the whole example with loopscope, expect only passes and return how many."""
    print(f"With loopscope, on {', '.join(backends)}: every test, nothing changed\n")
    run = run_pytest(
        [
            # pytest-asyncio is installed for the other half only, and warns where it has no ini.
            *("-q", "-W", "error", "-p", "no:asyncio", "-p", "no:randomly"),
            *(f"--loopscope-backends={','.join(backends)}", *options),
        ],
        limit=120,
    )
    print(run.output)

    # pytest's last line; reports above it may count as well.
    last = run.output.rstrip().rpartition("\n")[2]
    passed = PASSED.match(last)
    if run.code != 0 or passed is None or NOT_GREEN.search(last):
        raise DemoError("every test was expected to pass, and that did not happen")
    return int(passed[1])


def be_green() -> None:
    """Run the example with loopscope on one backend, then on all that are installed."""
    on_one = run_green(["asyncio"])

    there = [name for name in BACKENDS if importlib.util.find_spec(name)]
    for name in BACKENDS:
        if name not in there:
            print(f"{name} is not installed: going on without it.\n")
    on_all = run_green(there, "--loopscope-ladder")

    if on_all != on_one * len(there):
        raise DemoError(f"expected {on_one} tests on each of {len(there)} backends, got {on_all}")
    print(f"As expected: {on_one} tests on each of {', '.join(there)}.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", choices=("today", "loopscope"), help="run one half of the demonstration"
    )
    only = parser.parse_args(arguments).only
    started = time.perf_counter()
    try:
        if only != "loopscope":
            explode()
        if only != "today":
            be_green()
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print(f"All as claimed, in {time.perf_counter() - started:.1f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
