"""Run a suite of very many tests, and watch that nothing grows that need not.

    python -m tests.faults.soak --tests 20000

writes a suite whose tests run on loops of the session, of modules and of their own, half of them on
asyncio and half on trio, with fixtures of all scopes that hold sockets and background tasks open.
One pytest process runs it and takes a sample of itself every so many tests. Another runs the same
suite written sync, without us: pytest keeps the reports of all tests, so memory grows there as
well, and by how much more it may grow here is measured against that.

Exits with 1 if descriptors or threads grow at all after the warm-up, or memory more than it may.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MODULE = 100
"""How many tests a module has."""
WARM_UP = 0.2
"""The part of the run after which nothing may grow any more."""
MORE_BYTES, MORE_OBJECTS = 1.25, 1.25
"""By how much more than in the sync suite memory and objects may grow."""
SLACK_BYTES, SLACK_OBJECTS = 3 * 2**20, 500
"""What either may grow by at any rate: an arena of the allocator, a cache that fills late."""
_RECORD = "SOAK_RECORD"
_EVERY = "SOAK_EVERY"

_CONFTEST = """
import socket
from contextlib import asynccontextmanager

import anyio
import pytest


async def idle():
    await anyio.sleep_forever()


@asynccontextmanager
async def service():
    one, other = socket.socketpair()
    with one, other:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(idle)
            await anyio.lowlevel.checkpoint()
            yield one
            tasks.cancel_scope.cancel()


@pytest.fixture(scope="session")
async def of_session_on_asyncio():
    async with service() as it:
        yield it


@pytest.fixture(scope="session")
async def of_session_on_trio():
    async with service() as it:
        yield it


@pytest.fixture(scope="module")
async def of_module():
    async with service() as it:
        yield it


@pytest.fixture(scope="class")
async def of_class():
    async with service() as it:
        yield it


@pytest.fixture
async def of_function():
    async with service() as it:
        yield it
"""

_MODULE = """
import anyio
import pytest

pytestmark = pytest.mark.loopscope(backend="{backend}")


@pytest.mark.parametrize("number", range(40))
async def test_on_the_session_loop(number, of_session_on_{backend}):
    await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("number", range(30))
async def test_on_the_module_loop(number, of_module, of_function):
    await anyio.lowlevel.checkpoint()


class TestClass:
    @pytest.mark.parametrize("number", range(10))
    async def test_on_the_class_loop(self, number, of_class):
        await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("number", range(20))
async def test_on_a_loop_of_its_own(number, of_function):
    await anyio.lowlevel.checkpoint()
"""

# The same words for synchronous code: what has to wait for something is left out.
_SYNC = (
    (r"async def idle\(\):\n.*\n", ""),
    (r"async with anyio.create_task_group\(\) as tasks:", "if True:"),
    (r" +tasks\..*\n", ""),
    (r"await anyio.lowlevel.checkpoint\(\)", "pass"),
    (r"asynccontextmanager", "contextmanager"),
    (r"pytestmark = .*\n", ""),
    (r"\basync (def|with)\b", r"\1"),
)


@dataclass(frozen=True)
class Sample:
    """What a process holds after so many tests."""

    tests: int
    descriptors: int
    threads: int
    rss: int
    objects: int


class Sampler:
    """A plugin that takes samples, always at the end of a module, and writes them at the end."""

    def __init__(self, record: Path, every: int) -> None:
        self._record = record
        self._every = every
        self._tests = 0
        self._samples: list[Sample] = []

    def pytest_runtest_logfinish(self) -> None:
        self._tests += 1
        if self._tests % self._every == 0:
            self._samples.append(_sample(self._tests))

    def pytest_sessionfinish(self) -> None:
        self._record.write_text(json.dumps([asdict(sample) for sample in self._samples]))


def pytest_configure(config: object) -> None:
    """Take samples, if this module is loaded as a plugin."""
    manager = config.pluginmanager  # type: ignore[attr-defined]
    manager.register(Sampler(Path(os.environ[_RECORD]), int(os.environ[_EVERY])))


def _sample(tests: int) -> Sample:
    gc.collect()
    return Sample(
        tests,
        len(os.listdir("/proc/self/fd")) - 1,
        threading.active_count(),
        _rss(),
        len(gc.get_objects()),
    )


def _rss() -> int:
    """Return the resident memory of this process in bytes."""
    if importlib.util.find_spec("psutil"):
        rss: int = importlib.import_module("psutil").Process().memory_info().rss
        return rss
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def write(directory: Path, tests: int, *, sync: bool) -> None:
    """Write a suite of `tests` tests, which must be a multiple of a module's."""
    files = {"conftest.py": _CONFTEST, "pytest.ini": "[pytest]\nfilterwarnings = error\n"}
    for number in range(tests // MODULE):
        backend = ("asyncio", "trio")[number % 2]
        files[f"test_{number:04}.py"] = _MODULE.format(backend=backend)
    for name, text in files.items():
        for pattern, instead in _SYNC if sync and name.endswith(".py") else ():
            text = re.sub(pattern, instead, text)
        (directory / name).write_text(text)


def measure(tests: int, every: int, *, sync: bool) -> list[Sample]:
    """Run a suite of `tests` tests, and return a sample for every `every` of them.

    Raises:
        SystemExit: the suite did not pass.
    """
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name).resolve()
        write(directory, tests, sync=sync)
        record = directory / "samples.json"
        root = Path(__file__).parents[2]
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")},
            "PYTHONPATH": os.pathsep.join(filter(None, (str(root), *sys.path))),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            _RECORD: str(record),
            _EVERY: str(every),
        }
        plugins = ["-ptests.faults.soak", *([] if sync else ["-ploopscope.plugin.entry"])]
        command = [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider", *plugins]
        run = subprocess.run(
            command, cwd=directory, env=environment, capture_output=True, text=True, check=False
        )
        if run.returncode != 0 or f"{tests} passed" not in run.stdout:
            raise SystemExit(f"the suite did not pass:\n{run.stdout[-4000:]}\n{run.stderr[-4000:]}")
        return [Sample(**told) for told in json.loads(record.read_text())]


@dataclass(frozen=True)
class Growth:
    """What came to be held between the end of the warm-up and the end of the run."""

    tests: int
    descriptors: int
    threads: int
    rss: int
    objects: int

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Growth:
        """Return the growth that `samples` show; what is to stay flat counts at its highest."""
        _, *after = settled = samples[int(len(samples) * WARM_UP) :]
        first, last = settled[0], settled[-1]
        return cls(
            last.tests - first.tests,
            max(sample.descriptors for sample in after) - first.descriptors,
            max(sample.threads for sample in after) - first.threads,
            last.rss - first.rss,
            last.objects - first.objects,
        )


def findings(ours: Growth, sync: Growth) -> Iterator[str]:
    """Yield what grows and must not."""
    for what in ("descriptors", "threads"):
        grown = getattr(ours, what)
        if grown > 0:
            yield f"{what} grow by {grown}, and must not grow at all"
    for what, more, slack in (
        ("rss", MORE_BYTES, SLACK_BYTES),
        ("objects", MORE_OBJECTS, SLACK_OBJECTS),
    ):
        grown = getattr(ours, what)
        bound = int(max(getattr(sync, what), 0) * more) + slack
        if grown > bound:
            yield f"{what} grow by {grown:,}, and may by {bound:,}"


def table(samples: Sequence[Sample], sync: Sequence[Sample], rows: int = 10) -> Iterator[str]:
    """Yield the lines of a small table of both runs."""
    yield f"{'':>8} {'loopscope':^43}   {'the same suite sync':^43}"
    heads = f"{'fds':>6} {'threads':>8} {'RSS MiB':>12} {'gc objects':>14}"
    yield f"{'tests':>8} {heads}   {heads}"
    step = max(1, len(samples) // rows)
    for pair in list(zip(samples, sync, strict=True))[::-step][::-1]:
        cells = (
            f"{one.descriptors:>6} {one.threads:>8} {one.rss / 2**20:>12.1f} {one.objects:>14,}"
            for one in pair
        )
        yield f"{pair[0].tests:>8} {'   '.join(cells)}"


def judge(samples: Sequence[Sample], sync: Sequence[Sample]) -> tuple[list[str], list[str]]:
    """Return the report, and what grows and must not."""
    ours, theirs = Growth.of(samples), Growth.of(sync)
    lines = [*table(samples, sync), f"growth over the last {ours.tests} tests, for each test:"]
    for name, grown in (("loopscope", ours), ("sync", theirs)):
        bytes_, objects = grown.rss / grown.tests, grown.objects / grown.tests
        lines.append(f"{name:>12}: {bytes_:8.0f} bytes of RSS, {objects:6.2f} gc objects")
    return lines, list(findings(ours, theirs))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak, print its figures, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults.soak", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--tests", type=int, default=20_000, help="how many (default: %(default)s)")
    parser.add_argument("--every", type=int, help="tests between samples (default: a 40th of all)")
    options = parser.parse_args(arguments)
    tests = max(options.tests // (2 * MODULE), 1) * 2 * MODULE
    # Two modules, one of each backend: samples are taken where the same things are alive.
    every = max((options.every or tests // 40) // (2 * MODULE), 1) * 2 * MODULE
    if tests // every < 3:
        parser.error(f"too few tests for three samples: {tests} tests, a sample for every {every}")
    lines, grown = judge(measure(tests, every, sync=False), measure(tests, every, sync=True))
    print(*lines, *(grown or ["flat"]), sep="\n")
    return int(bool(grown))


if __name__ == "__main__":
    raise SystemExit(main())
