"""A suite of one file, and a plan that says which loop each test and fixture in it has."""

from __future__ import annotations

import ast
from textwrap import dedent
from typing import TYPE_CHECKING

from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.origin import Origin
from loopscope.core.plan import Loop, Plan
from loopscope.core.policy import Policy
from loopscope.core.scope import Scope
from loopscope.migrate.routes import migrate
from loopscope.migrate.settings import Ini
from tests.core.literals import PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from loopscope.migrate.work import Migration

PATH = "test_a.py"
ASYNCIO = ("pytest-asyncio", "pytest-asyncio")
TO_ANYIO = ("pytest-asyncio", "anyio")
FROM_ANYIO = ("anyio", "pytest-asyncio")


def text(source: str) -> str:
    """Return a source as it is in a file."""
    return dedent(source).lstrip("\n")


def plan_of(
    source: str,
    vocabulary: str,
    loops: Mapping[str, Scope],
    path: str = PATH,
    backends: tuple[str, ...] = ("asyncio",),
) -> Plan:
    """Return a plan of a file: each async function is on a loop of its own unless `loops` says."""
    plan = Plan(Suite(), Policy.PLANNED)
    for node in _functions(ast.parse(source)):
        if not isinstance(node, ast.AsyncFunctionDef) and node.name not in loops:
            continue
        if "trio" in map(_last_name, node.decorator_list):
            continue  # another's
        for backend in backends:
            vertex = _vertex(node, vocabulary, path, backend)
            plan.suite.vertices[vertex.id] = vertex
            scope = max(loops.get(node.name, Scope.FUNCTION), vertex.anchor.scope)
            plan.assign(vertex, Loop(backend, PLACES[scope]))
    return plan


def _vertex(
    node: ast.FunctionDef | ast.AsyncFunctionDef, vocabulary: str, path: str, backend: str
) -> Vertex:
    line = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    is_test = node.name.startswith("test")
    has = {
        keyword.arg: Scope.parse(ast.literal_eval(keyword.value))
        for one in node.decorator_list
        if isinstance(one, ast.Call)
        for keyword in one.keywords
        if keyword.arg in ("scope", "loop_scope")
    }
    scope = Scope.FUNCTION if is_test else has.get("scope", Scope.FUNCTION)
    return Vertex(
        id=f"{node.name} {line} {backend}",
        name=node.name,
        kind=Kind.TEST if is_test else Kind.FIXTURE,
        anchor=PLACES[scope],
        backend=backend,
        origin=Origin(path, line),
        needs_loop=isinstance(node, ast.AsyncFunctionDef),
        declared=has.get("loop_scope", has.get("scope") if is_test else None),
        vocabulary=vocabulary,
    )


def _last_name(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in tree.body:
        body = node.body if isinstance(node, ast.ClassDef) else [node]
        yield from (one for one in body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)))


def migrated(
    way: tuple[str, str],
    source: str,
    loops: Mapping[str, Scope] | None = None,
    *,
    path: str = PATH,
    ini: str | None = None,
    backends: tuple[str, ...] = ("asyncio",),
    collects: bool = True,
    data: bytes | None = None,
) -> Migration:
    """Return what becomes of a file, on a plan of it; an empty one unless that `collects` it."""
    plan = Plan(Suite(), Policy.PLANNED)
    if collects and way[0] != "pytest-trio":  # whose tests are in no plan
        plan = plan_of(source, way[0], loops or {}, path, backends)
    files = {path: source.encode() if data is None else data}
    settings = None if ini is None else ("pytest.ini", Ini(ini, "pytest"))
    return migrate(plan, *way, files, settings)


def after(migration: Migration, path: str, before: str) -> str:
    """Return the text of a file after a migration."""
    if path not in migration.changes:
        return before
    return migration.changes[path][1].decode()
