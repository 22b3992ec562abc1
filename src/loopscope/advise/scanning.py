"""What the source of a module says of the backends that it needs.

The source is parsed and never imported. What is imported for the type checker only does not count.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.advise.apis import ASYNCIO, HELD_OPEN, IN_ANYIO, library_of, runs_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CODE = "code"
SUITE = "suite"
MARKS = {f"pytest.mark.{name}": name for name in ("anyio", "asyncio", "trio")}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Sighting:
    """A use of something that is known to need a backend: where, of what, and in which part."""

    path: str
    line: int
    what: str
    needs: str
    part: str

    @property
    def where(self) -> str:
        """Path and line."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Decorator:
    """A decorator as it is written, the name that it resolves to, and its arguments."""

    line: int
    text: str
    name: str
    callee: str
    arguments: tuple[tuple[str | None, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A function: its first line, decorators included, what is around it, and what it takes.

    `holds` names what it keeps open while it yields.
    """

    line: int
    name: str
    decorators: tuple[Decorator, ...] = ()
    arguments: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark of one of the vocabularies, wherever it stands, and whether it has arguments."""

    path: str
    line: int
    name: str

    @property
    def where(self) -> str:
        """Path and line."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Scan:
    """What was seen in one module."""

    path: str
    part: str
    sightings: tuple[Sighting, ...] = ()
    definitions: tuple[Definition, ...] = ()
    marks: tuple[Mark, ...] = ()


def scan(path: str, source: str, part: str = CODE) -> Scan:
    """Return what is seen in `source`.

    Raises:
        SyntaxError: it is no Python that this Python can read.
    """
    tree = ast.parse(source)
    names = dict(_imported(tree))
    skipped = set(_for_the_type_checker(tree))
    sightings: dict[tuple[int, str], Sighting] = {}
    definitions: list[Definition] = []
    marks: list[Mark] = []
    for node in _walk(tree, skipped):
        for what, needs in _needs(node, names):
            line = node.lineno  # type: ignore[attr-defined]
            sightings.setdefault((line, what), Sighting(path, line, what, needs, part))
        if isinstance(node, Function):
            definitions.append(_definition(node, source, names))
        elif isinstance(node, ast.Attribute) and _qualified(node, names) in MARKS:
            marks.append(Mark(path, node.lineno, MARKS[_qualified(node, names)]))
    marks.sort(key=lambda mark: mark.line)  # decorators come after what they decorate
    return Scan(path, part, tuple(sightings.values()), tuple(definitions), tuple(marks))


def _walk(tree: ast.AST, skipped: set[ast.AST]) -> Iterator[ast.AST]:
    """Yield all nodes in the order of the source, apart from `skipped` and what is in them."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if node not in skipped:
            yield node
            waiting += reversed(list(ast.iter_child_nodes(node)))


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each name that an import binds, and what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (root, root)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _for_the_type_checker(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from node.body


def _needs(node: ast.AST, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what `node` uses that is known to need a backend, and which."""
    if isinstance(node, ast.Import):
        imported = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        imported = [f"{node.module}.{alias.name}" for alias in node.names]
    else:
        imported = []
    for name in imported:
        library = library_of(name)
        if library is not None:
            yield f"import {library}", runs_on(library)
    if isinstance(node, (ast.Attribute, ast.Name)):
        module, _, name = _qualified(node, names).rpartition(".")
        if module == "asyncio" and name in IN_ANYIO:
            yield f"asyncio.{name}", ASYNCIO


def _qualified(node: ast.expr, names: Mapping[str, str]) -> str:
    """Return the qualified name that `node` is, empty if it is none."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return ""
    return ".".join([names[node.id], *reversed(parts)])


def _definition(node: Function, source: str, names: Mapping[str, str]) -> Definition:
    decorators = tuple(_decorator(one, source, names) for one in node.decorator_list)
    lines = [node.lineno, *(one.line for one in decorators)]
    arguments = node.args
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return Definition(
        min(lines),
        node.name,
        decorators,
        tuple(one.arg for one in taken),
        tuple(dict.fromkeys(_held_open(node, names))),
    )


def _decorator(node: ast.expr, source: str, names: Mapping[str, str]) -> Decorator:
    callee = node.func if isinstance(node, ast.Call) else node
    arguments: list[tuple[str | None, str]] = []
    if isinstance(node, ast.Call):
        arguments += [(None, _text(one, source)) for one in node.args]
        arguments += [(one.arg, _text(one.value, source)) for one in node.keywords]
    return Decorator(
        node.lineno,
        _text(node, source),
        _qualified(callee, names),
        _text(callee, source),
        tuple(arguments),
    )


def _text(node: ast.expr, source: str) -> str:
    return ast.get_source_segment(source, node) or ast.unparse(node)


def _held_open(function: Function, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what `function` enters by `with` and has not left when it yields."""
    for node in _own_nodes(function):
        if isinstance(node, (ast.With, ast.AsyncWith)):
            entered = [_entered(item.context_expr, names) for item in node.items]
            if any(isinstance(one, ast.Yield) for one in _own_nodes(node)):
                yield from (name for name in entered if name in HELD_OPEN)


def _entered(node: ast.expr, names: Mapping[str, str]) -> str:
    return _qualified(node.func if isinstance(node, ast.Call) else node, names)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is in `node`, apart from the insides of functions that are defined there."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from _own_nodes(child)
