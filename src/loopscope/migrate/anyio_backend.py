"""The fixture `anyio_backend`: what a suite of anyio's runs on, and how wide its fixtures are."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from loopscope.core.graph import Kind
from loopscope.core.scope import Scope
from loopscope.migrate.edits import Note
from loopscope.migrate.requests import Uses, asking, drop_usefixtures
from loopscope.migrate.syntax import constant, keyword, statements

if TYPE_CHECKING:
    from loopscope.migrate.draft import Draft
    from loopscope.migrate.source import Function, Source
    from loopscope.migrate.work import Work

BACKEND = "anyio_backend"


def provide_backend(work: Work, value: str) -> None:
    """Give the suite the fixture, as wide as the widest of its asynchronous fixtures."""
    if not any(path in work.files for path, _ in work.definitions):
        return
    fixtures = [one for one in work.definitions.values() if one.kind is Kind.FIXTURE]
    scope = max((one.scope for one in fixtures if one.is_async), default=Scope.FUNCTION)
    there = [(draft, one) for draft in work.drafts.values() for one in _overrides(draft.source)]
    for draft, function in there:
        draft.note(function, f"{BACKEND} is to be {value!r} here, and {scope.word}-scoped or wider")
    if there:
        return
    draft = work.shared_draft()
    pytest = draft.imports.name_of("pytest")
    called = "" if scope is Scope.FUNCTION else f"(scope={draft.string(scope.word)})"
    draft.define(
        f"@{pytest}.fixture{called}",
        f"def {BACKEND}():",
        f"{draft.source.module.default_indent}return {draft.string(value)}",
    )


def give_backend(work: Work, draft: Draft) -> None:
    """Let the fixtures that synchronous tests use ask for the backend, which claims them."""
    for function, definition in work.found(draft, Kind.FIXTURE):
        if definition.for_sync:
            draft.add_parameter(function, BACKEND)


def drop_backend(draft: Draft, *, kept: frozenset[str] = frozenset({"asyncio"})) -> None:
    """Drop the fixture where it says nothing but one of `kept`, and who asks for it."""
    for function in _overrides(draft.source):
        values = _values(draft.source, function)
        if values and set(values) <= kept:
            draft.drop(function.node)
        else:
            draft.note(function, f"{BACKEND} says more than {' or '.join(sorted(kept))}")
    for function in asking(draft.source, BACKEND):
        if function.name != BACKEND:
            if Uses.of(BACKEND, function):
                draft.note(function, f"{function.name} uses the value of {BACKEND}")
            else:
                draft.drop_parameter(function, BACKEND)
    drop_usefixtures(draft, BACKEND)
    for mark in draft.source.marks:
        if mark.name == "parametrize" and mark.call is not None and len(mark.call.args) > 1:
            name, given = mark.call.args[:2]
            if constant(name.value) != BACKEND:
                continue
            listed = _literal(draft.source, given.value)
            if isinstance(listed, (list, tuple)) and set(map(_name, listed)) <= kept:
                draft.drop_mark(mark)
            else:
                draft.note(mark.node, f"{BACKEND} says more than {' or '.join(sorted(kept))}")


def _overrides(source: Source) -> list[Function]:
    return source.fixtures(BACKEND)


def _values(source: Source, function: Function) -> list[str | None]:
    """Return the names of the backends that the fixture may say."""
    assert function.fixture is not None
    params = keyword(function.fixture.decorator, "params")
    if params is not None:
        listed = _literal(source, params.value)
        return [_name(one) for one in listed] if isinstance(listed, (list, tuple)) else []
    body = [one for one in statements(function.node.body) if isinstance(one, cst.Return)]
    values = [_literal(source, one.value) for one in body if one.value is not None]
    return [_name(one) for one in values]


def _name(value: object) -> str | None:
    """Return the name of a backend without options, None of anything else."""
    match value:
        case str(name) | (str(name), {}) if value == name or value == (name, {}):
            return name
    return None


def _literal(source: Source, node: cst.BaseExpression) -> object:
    try:
        value: object = ast.literal_eval(source.code(node))
    except (ValueError, SyntaxError):
        return None
    return value


def note_other_backends(work: Work) -> None:
    """Note, once a file, which tests have run on more than asyncio."""
    seen: dict[str, tuple[int, list[str]]] = {}
    for definition in work.definitions.values():
        if definition.kind is Kind.TEST and any(
            one.startswith("trio") for one in definition.backends
        ):
            path, line = definition.place
            _first, names = seen.setdefault(path, (line, []))
            names.append(definition.name)
    for path, (line, names) in seen.items():
        work.notes.append(
            Note(
                path,
                line,
                f"{work.new.name} runs on asyncio only, and not on trio: {', '.join(names[:3])}"
                + (f" and {len(names) - 3} more" if len(names) > 3 else ""),
            )
        )


def choose_backends(work: Work) -> None:
    """Set what every test runs on, if that is not asyncio alone."""
    by_place = {
        definition.place: frozenset(one.partition(" ")[0] for one in definition.backends)
        for definition in work.definitions.values()
        if definition.kind is Kind.TEST and definition.is_async
    }
    chosen = set(by_place.values())
    if chosen <= {frozenset({"asyncio"})}:
        return
    (path, line), *_ = by_place
    names = ", ".join(sorted(frozenset().union(*chosen)))
    if len(chosen) > 1:
        work.notes.append(
            Note(path, line, f"tests run on different backends ({names}): say which by their marks")
        )
    elif work.settings is None or not work.is_whole:
        work.notes.append(Note(path, line, f"set loopscope_backends = {names}"))
    else:
        work.settings.put("loopscope_backends", names)
