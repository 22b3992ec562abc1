"""Measure what it costs to write an event of a trace.

Writes the events of made-up suites of trivial tests, several times over, and tells the processor
time of the fastest round.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from loopscope.trace.events import (
    Event,
    FixtureSetUp,
    FixtureTornDown,
    LoopClosed,
    LoopOpened,
    Phase,
    RunBegan,
    TestBegan,
    TestEnded,
)
from loopscope.trace.file import TraceFile

MODULE = "tests/core/test_module.py"


def suite(tests: int, *, is_async: bool) -> list[Event]:
    """Return the events of `tests` tests, each on a loop of its own and with a fixture, or sync."""
    events: list[Event] = [RunBegan(0.0, 1.7e9, "0.1.0", "9.0", "3.13", "on", "planned")]
    for number in range(tests):
        now = 0.001 + 1.2e-4 * number
        test = f"{MODULE}::test_it[{number}]"
        loop = f"function {test} (asyncio)" if is_async else None
        backend = "asyncio" if is_async else None
        name = f"test_it[{number}]"
        events.append(
            TestBegan(now, test, name, f"{MODULE}:12", MODULE, backend, loop, "loopscope")
        )
        if loop is not None:
            events += [
                LoopOpened(now + 1.1e-5, loop, "asyncio", "function", test),
                FixtureSetUp(
                    now + 3.1e-5, now + 2.1e-5, f"db {test}", "db", "function", test,
                    "tests/conftest.py:3", loop, loop, test,
                ),
            ]  # fmt: skip
        if loop is not None:
            events += [
                FixtureTornDown(now + 9.3e-5, now + 9.1e-5, f"db {test}", loop),
                LoopClosed(now + 9.5e-5, loop),
            ]
        phases = (
            Phase("setup", now + 4.5e-5, "passed"),
            Phase("call", now + 8.5e-5, "passed"),
            Phase("teardown", now + 1.1e-4, "passed"),
        )
        events.append(TestEnded(now + 1.1e-4, now + 0.5e-5, test, loop, phases))
    return events


def measure(events: list[Event], path: Path) -> float:
    """Write the events and return the time that it took, in seconds."""
    file = TraceFile(path)
    before = time.process_time()
    file.part(1).write(events)
    seconds = time.process_time() - before
    file.close()
    return seconds


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=5000, help="tests in a suite (default 5000)")
    parser.add_argument("--rounds", type=int, default=25, help="rounds (default 25)")
    options = parser.parse_args()
    print(f"{'tests':<8} {'µs an event':>12} {'µs a test':>12}")
    for name, is_async in (("sync", False), ("async", True)):
        events = suite(options.tests, is_async=is_async)
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "trace.json"
            best = min(measure(events, path) for _ in range(options.rounds)) * 1e6
        print(f"{name:<8} {best / len(events):>12.2f} {best / options.tests:>12.1f}")


if __name__ == "__main__":
    main()
