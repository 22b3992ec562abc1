"""Measure what async tests cost on top of the same tests written without async.

Writes suites of trivial tests to a temporary directory and runs each in a pytest process of its
own, interleaved, several times over. What is compared is the user and system time of the whole
process; only ratios within one run mean anything.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SYNC = """
import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_it(number):
    pass
"""
OWN_LOOPS = SYNC.replace("def test_it", "async def test_it")
SHARED_LOOP = """
import pytest

@pytest.fixture(scope="session")
async def shared():
    yield

@pytest.mark.parametrize("number", range({tests}))
async def test_it(number, shared):
    pass
"""
SHARED_SYNC = SHARED_LOOP.replace("async def", "def")

ROWS = (
    ("sync, for comparison", SYNC, "sync, for comparison", ()),
    ("asyncio, a loop for each test", OWN_LOOPS, "sync, for comparison", ("asyncio",)),
    ("uvloop, a loop for each test", OWN_LOOPS, "sync, for comparison", ("uvloop",)),
    ("trio, a run for each test", OWN_LOOPS, "sync, for comparison", ("trio",)),
    ("sync, with a session fixture", SHARED_SYNC, "sync, with a session fixture", ()),
    ("asyncio, one shared loop", SHARED_LOOP, "sync, with a session fixture", ("asyncio",)),
    ("uvloop, one shared loop", SHARED_LOOP, "sync, with a session fixture", ("uvloop",)),
    ("trio, one shared run", SHARED_LOOP, "sync, with a session fixture", ("trio",)),
)


def measure(suite: Path, backends: tuple[str, ...]) -> float:
    """Run the suite and return the user and system time that it took, in seconds."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(suite)]
    for plugin in ("asyncio", "anyio", "trio", "randomly", "xdist", "cov", "timeout", "hypothesis"):
        command += ["-p", f"no:{plugin}"]
    command += [f"--loopscope-backends={backend}" for backend in backends]
    if not backends:
        command += ["-p", "no:loopscope"]
    before = os.times()
    subprocess.run(command, cwd=suite.parent, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (
        after.children_user - before.children_user + after.children_system - before.children_system
    )


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=2000, help="tests in a suite (default 2000)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each suite (default 5)")
    options = parser.parse_args()
    started = time.perf_counter()
    times: dict[str, list[float]] = {name: [] for name, *_ in ROWS}
    with tempfile.TemporaryDirectory() as directory:
        for number, (_, source, _, _) in enumerate(ROWS):
            path = Path(directory) / f"test_{number}.py"
            path.write_text(source.format(tests=options.tests))
        for round_ in range(options.rounds):
            for number, (name, _, _, backends) in enumerate(ROWS):
                times[name].append(measure(Path(directory) / f"test_{number}.py", backends))
            elapsed = time.perf_counter() - started
            print(f"round {round_ + 1} of {options.rounds}, {elapsed:.0f} s", file=sys.stderr)
    print(f"{options.tests} tests, minimum of {options.rounds} rounds (median in brackets)\n")
    print(f"{'suite':<32} {'user+sys':>16} {'ratio':>6} {'µs a test above sync':>21}")
    for name, _, base, _ in ROWS:
        best, middle = min(times[name]), statistics.median(times[name])
        ratio = best / min(times[base])
        above = (best - min(times[base])) / options.tests * 1e6
        print(f"{name:<32} {best:>6.2f} s ({middle:.2f} s) {ratio:>6.2f} {above:>21.0f}")


if __name__ == "__main__":
    main()
