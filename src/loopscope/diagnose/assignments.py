"""Where a module gives a name its value, by the source alone."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Assignment(NamedTuple):
    """The line where a name gets its value, and the module that it is imported from, if it is."""

    line: int
    module: str | None = None
    name: str | None = None


def assignment(source: bytes, name: str) -> Assignment | None:
    """Return where a module gives `name` its value, or that attribute of a class if it is dotted.

    The last statement outside of any function counts, unless all it does is to say None for the
    time being: then, or if there is none, it is the first one inside of a function.
    """
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    owner, _, last = name.rpartition(".")
    body: list[ast.stmt] = module.body
    if owner:
        body = _body_of_class(module, owner)
    outside = [(node, made) for node in _outside_functions(body) if (made := _gives(node, last))]
    lasting = [made for node, made in outside if not _is_none(node)]
    if lasting:
        return lasting[-1]
    sets = _sets_attribute if owner else _gives
    inside = _first(_inside_functions(module, None if owner else last), last, sets)
    return inside or (outside[-1][1] if outside else None)


def _body_of_class(module: ast.Module, name: str) -> list[ast.stmt]:
    body = module.body
    for one in name.split("."):
        found = [
            node
            for node in _outside_functions(body)
            if isinstance(node, ast.ClassDef) and node.name == one
        ]
        if not found:
            return []
        body = found[-1].body
    return body


def _first(
    nodes: Iterable[ast.AST], name: str, gives: Callable[[ast.AST, str], Assignment | None]
) -> Assignment | None:
    return next((made for node in nodes if (made := gives(node, name))), None)


def _outside_functions(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that are run with their module or class."""
    for node in body:
        yield node
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            continue
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from _outside_functions([child])
            elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
                yield from _outside_functions(child.body)


def _inside_functions(module: ast.Module, name: str | None) -> Iterator[ast.AST]:
    """Yield what is inside of functions: of those that declare `name` global, if one is given."""
    for function in ast.walk(module):
        if not isinstance(function, _FUNCTIONS):
            continue
        nodes = list(ast.walk(function))[1:]
        named = (node.names for node in nodes if isinstance(node, ast.Global))
        if name is None or any(name in names for names in named):
            yield from nodes


def _is_none(node: ast.AST) -> bool:
    value = getattr(node, "value", None)
    return isinstance(value, ast.Constant) and value.value is None


def _gives(node: ast.AST, name: str) -> Assignment | None:
    """Return the assignment, if `node` is a statement that gives `name` its value."""
    match node:
        case ast.Assign() | ast.AnnAssign():
            given = [one.id for one in _targets(node) if isinstance(one, ast.Name)]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            given = [node.name]
        case ast.With() | ast.AsyncWith():
            given = [one.id for one in _targets(node) if isinstance(one, ast.Name)]
        case ast.ImportFrom(module=module, names=names, level=0):
            for alias in names:
                if (alias.asname or alias.name) == name:
                    return Assignment(node.lineno, module, alias.name)
            return None
        case ast.ImportFrom(names=names) | ast.Import(names=names):
            given = [(alias.asname or alias.name).partition(".")[0] for alias in names]
        case _:
            return None
    return Assignment(node.lineno) if name in given else None


def _sets_attribute(node: ast.AST, name: str) -> Assignment | None:
    """Return the assignment, if `node` is a statement that sets the attribute `name`."""
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        given = [one.attr for one in _targets(node) if isinstance(one, ast.Attribute)]
        if name in given:
            return Assignment(node.lineno)
    return None


def _targets(node: ast.stmt) -> Iterator[ast.expr]:
    """Yield what a statement gives a value to, one by one."""
    match node:
        case ast.Assign(targets=targets):
            waiting = list(targets)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            waiting = [target]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            waiting = [item.optional_vars for item in items if item.optional_vars is not None]
        case _:
            waiting = []
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, (ast.Tuple, ast.List)):
            waiting += one.elts
        else:
            yield one.value if isinstance(one, ast.Starred) else one
