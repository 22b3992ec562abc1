"""Not what it costs but what happens: small suites under loopscope, pytest-asyncio and anyio.

Each suite is plain pytest: `async def` tests and `@pytest.fixture` on `async def`, and each plugin
runs it in its auto mode (anyio with the session-scoped `anyio_backend` that it asks for). A row
says whether the suite did what its author expects.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.idioms import IDIOMS, Loops
from benchmarks.processes import FIXED
from benchmarks.tables import markdown
from downstream.processes import environment

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.environments import Environments
    from benchmarks.idioms import Idiom

COMPARED = ("loopscope", "pytest-asyncio", "anyio")


@dataclass(frozen=True)
class Case:
    """A suite, and what its author expects of it."""

    title: str
    source: str
    passed: int = 0
    failed: int = 0
    says: str = ""

    def holds(self, output: str) -> bool:
        """Say whether the run did what was expected."""
        counts = dict.fromkeys(("passed", "failed", "error"), 0)
        for number, word in re.findall(r"(\d+) (passed|failed|error)", output.splitlines()[-1]):
            counts[word] = int(number)
        expected = {"passed": self.passed, "failed": self.failed, "error": 0}
        return counts == expected and self.says in output


CASES = (
    Case(
        "session fixture shared by ordinary tests, nothing declared",
        """
import asyncio, pytest

@pytest.fixture(scope="session")
async def client():
    asked, answered = asyncio.Queue(), asyncio.Queue()

    async def serve():
        while True:
            await answered.put(await asked.get())

    task = asyncio.ensure_future(serve())
    yield asked, answered
    task.cancel()

async def test_one(client):
    await client[0].put(1)
    assert await asyncio.wait_for(client[1].get(), 1) == 1

async def test_two(client):
    await client[0].put(2)
    assert await asyncio.wait_for(client[1].get(), 1) == 2
""",
        passed=2,
    ),
    Case(
        "tests that use nothing wide still get a loop of their own",
        """
import asyncio, pytest
seen = []

@pytest.fixture(scope="session")
async def client():
    yield

async def test_shared(client):
    seen.append(asyncio.get_running_loop())

async def test_one():
    seen.append(asyncio.get_running_loop())

async def test_two():
    seen.append(asyncio.get_running_loop())
    assert len(set(map(id, seen))) == 3
""",
        passed=3,
    ),
    Case(
        "task group open across the yield of a module fixture",
        """
import asyncio, pytest

@pytest.fixture(scope="module")
async def server():
    async with asyncio.TaskGroup() as group:
        task = group.create_task(asyncio.Event().wait())
        yield task
        task.cancel()

async def test_it(server):
    assert not server.done()
""",
        passed=1,
    ),
    Case(
        "asyncio.timeout across a yield stops the test, with TimeoutError",
        """
import asyncio, pytest

@pytest.fixture
async def limit():
    async with asyncio.timeout(0.05):
        yield

async def test_it(limit):
    await asyncio.sleep(1)
""",
        failed=1,
        says="TimeoutError",
    ),
    Case(
        "crash in a fixture's background fails the running test with its own error",
        """
import asyncio, pytest

@pytest.fixture
async def server():
    async def crash():
        await asyncio.sleep(0.01)
        raise LookupError("in the background")

    async with asyncio.TaskGroup() as group:
        group.create_task(crash())
        yield

async def test_it(server):
    await asyncio.sleep(1)

async def test_after():
    pass
""",
        passed=1,
        failed=1,
        says="in the background",
    ),
    Case(
        "context variable of a sync fixture seen by an async test, and reset",
        """
import contextvars, pytest
VAR = contextvars.ContextVar("VAR", default="nobody")

@pytest.fixture(scope="session")
async def loop():
    yield

@pytest.fixture
def user(loop):
    token = VAR.set("ada")
    yield
    VAR.reset(token)

async def test_it(user):
    assert VAR.get() == "ada"

async def test_after(loop):
    assert VAR.get() == "nobody"
""",
        passed=2,
    ),
    Case(
        "what a test sets does not reach the next test on its loop",
        """
import contextvars, pytest
VAR = contextvars.ContextVar("VAR", default="nobody")

@pytest.fixture(scope="session")
async def loop():
    yield

async def test_one(loop):
    VAR.set("one")

async def test_two(loop):
    assert VAR.get() == "nobody"
""",
        passed=2,
    ),
)


def table(environments: Environments, folder: Path) -> str:
    """Run every suite under every plugin and return the table."""
    idioms = [IDIOMS[name] for name in COMPARED]
    heads = [""]
    for idiom in idioms:
        _, versions = environments.about(idiom.requires)
        heads.append(f"{idiom.name} {versions[idiom.requires[0]]}")
    rows = []
    for number, case in enumerate(CASES):
        row = [case.title]
        for idiom in idioms:
            place = folder / f"{number}-{idiom.name}"
            place.mkdir()
            output = _output(environments.python(idiom.requires), idiom, case, place)
            row.append("yes" if case.holds(output) else "no")
        rows.append(row)
    return markdown(heads, rows)


def _output(python: Path, idiom: Idiom, case: Case, place: Path) -> str:
    words = idiom.words[Loops.OWN]
    (place / "pytest.ini").write_text("\n".join(["[pytest]", *words.ini, ""]), encoding="utf-8")
    (place / "conftest.py").write_text(f"import pytest\n\n{words.conftest}", encoding="utf-8")
    (place / "test_it.py").write_text(case.source, encoding="utf-8")
    done = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=place,
        env=environment(FIXED),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout
