"""Who the examples are about: a session's pool, a module's db, and a test that logs in."""

from __future__ import annotations

from dataclasses import dataclass

from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.origin import Origin
from loopscope.core.plan import Loop, plan
from loopscope.core.scope import Anchor, Scope
from loopscope.diagnose.fixes import findings

SESSION = Anchor(Scope.SESSION, "")
MODULE = Anchor(Scope.MODULE, "tests/test_auth.py", SESSION)
FUNCTION = Anchor(Scope.FUNCTION, "tests/test_auth.py::test_login", MODULE)
CONFTEST, FILE, LINE = (
    Origin("tests/conftest.py", 12),
    Origin("tests/test_auth.py", 40),
    Origin("tests/test_auth.py", 43),
)


@dataclass(frozen=True, slots=True)
class Example:
    """What is printed of a mistake, and what to write instead: source, or a line of an ini file."""

    prints: str
    instead: str


def a_fixture(
    name: str, anchor: Anchor, *, backend: str = "asyncio", declared: Scope | None = None
) -> Vertex:
    """Return an async fixture of `tests/conftest.py`."""
    return Vertex(name, name, Kind.FIXTURE, anchor, backend, CONFTEST, declared=declared)


def a_test(
    *uses: Vertex, declared: Scope | None = None, backend: str = "asyncio", needs_loop: bool = True
) -> Vertex:
    """Return `test_login`."""
    return Vertex(
        "test_login",
        "test_login",
        Kind.TEST,
        FUNCTION,
        backend,
        FILE,
        needs_loop=needs_loop,
        declared=declared,
        uses=tuple(used.id for used in uses),
    )


POOL = a_fixture("pool", SESSION)
DB = a_fixture("db", MODULE)
TEST = a_test(DB)
OWN_LOOP, MODULE_LOOP, SESSION_LOOP = (
    Loop("asyncio", anchor) for anchor in (FUNCTION, MODULE, SESSION)
)


def planned(*vertices: Vertex) -> str:
    """Return what is printed of the plan of a suite of `vertices`, with fixes that were tried."""
    return "\n\n".join(map(str, findings(plan(Suite.of(vertices)))))
