"""`anyio_backend` is written where all that needs it can see it."""

from __future__ import annotations

import pytest

from loopscope.core.graph import Suite
from loopscope.core.plan import Plan
from loopscope.core.policy import Policy
from loopscope.migrate.routes import migrate
from tests.migrate.written import TO_ANYIO, plan_of

TEST = "import pytest\n\n@pytest.mark.asyncio\nasync def test_it(): ...\n"
BACKEND = b'import pytest\n\n\n@pytest.fixture\ndef anyio_backend():\n    return "asyncio"\n'


def plan_of_all(paths: tuple[str, ...]) -> Plan:
    """Return a plan in which each of some files has a test."""
    plan = Plan(Suite(), Policy.PLANNED)
    for path in paths:
        for id, vertex in plan_of(TEST, TO_ANYIO[0], {}, path).suite.vertices.items():
            plan.suite.vertices[f"{path} {id}"] = vertex
            plan.assign(vertex, plan_of(TEST, TO_ANYIO[0], {}, path).loops[id])
    return plan


@pytest.mark.parametrize(
    ("paths", "where"),
    [
        (("test_a.py",), "test_a.py"),
        (("a/test_a.py", "a/test_b.py"), "a/conftest.py"),
        (("a/test_a.py", "a/b/test_b.py"), "a/conftest.py"),
        (("a/test_a.py", "b/test_b.py"), "conftest.py"),
    ],
)
def test_one_file_or_the_nearest_conftest_gets_it(paths: tuple[str, ...], where: str) -> None:
    files = dict.fromkeys(paths, TEST.encode())
    result = migrate(plan_of_all(paths), *TO_ANYIO, files)
    having = [path for path, (_, text) in result.changes.items() if b"anyio_backend" in text]
    assert having == [where]
    before, text = result.changes[where]
    if where.endswith("conftest.py"):
        assert (before, text) == (None, BACKEND)


def test_a_conftest_that_is_there_keeps_what_it_has() -> None:
    paths = ("test_a.py", "test_b.py")
    files = {**dict.fromkeys(paths, TEST.encode()), "conftest.py": b"import os  # ours\n\nX = os\n"}
    result = migrate(plan_of_all(paths), *TO_ANYIO, files)
    _, text = result.changes["conftest.py"]
    assert text == b"import os  # ours\n" + BACKEND + b"\nX = os\n"
