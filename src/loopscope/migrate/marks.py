"""Marks: other words for them, and the loop scopes that a plan wants of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.core.scope import Scope
from loopscope.errors import UnknownName
from loopscope.migrate.syntax import constant, keyword

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import libcst as cst

    from loopscope.migrate.draft import Draft
    from loopscope.migrate.source import Function, Mark, Source
    from loopscope.migrate.words import Words

Wanted = tuple["Function", Scope]


def spell_loop_scope(draft: Draft) -> None:
    """Write `loop_scope=` where a mark of pytest-asyncio's says `scope=`."""
    for mark in _called(draft.source, "asyncio"):
        assert mark.call is not None
        old = keyword(mark.call, "scope")
        if old is not None and keyword(mark.call, "loop_scope") is None:
            assert old.keyword is not None
            draft.replace(old.keyword, "loop_scope")


def rename_marks(draft: Draft, old: Words, new: Words) -> None:
    """Put the mark of one vocabulary in the place of that of another, without loop scopes."""
    for mark in [one for one in draft.source.marks if one.name == old.mark]:
        if mark.call is not None:
            others = [_name(one) for one in mark.call.args if _name(one) not in _LOOP_SCOPES]
            if others:
                draft.note(mark.node, f"{new.name} has no {', '.join(others)} on its mark")
                continue
            if new.on_test is None:
                draft.drop_arguments(mark.call, *_LOOP_SCOPES)
            if not mark.call.args and new.on_test is None:
                draft.drop_call(mark.call)
        draft.replace(mark.node.attr, new.mark)


def drop_marks(draft: Draft, old: Words) -> None:
    """Drop the marks of a vocabulary."""
    for mark in draft.source.marks:
        if mark.name == old.mark:
            if mark.place:
                draft.drop_mark(mark)
            else:
                draft.note(mark.node, f"the mark {mark.name} stands where it is not dropped safely")


def declare_tests(
    draft: Draft,
    tests: Sequence[Wanted],
    words: Words,
    default: Scope,
    *,
    marked_as: str,
    may_mark_module: bool,
    must_mark: Callable[[Function], bool],
) -> None:
    """Write the loop scope of each test onto the nearest mark, or one of its own.

    The marks in the source are called `marked_as`. Where there are none, one for the whole module
    is enough if it `may_mark_module`: if every function in there that is a test is asynchronous.
    A test without one that it `must_mark` gets it even if there is nothing to declare.
    """
    governed: dict[Mark | None, list[Wanted]] = {}
    for function, scope in tests:
        governed.setdefault(nearest(draft.source, function, marked_as), []).append(
            (function, scope)
        )
    for mark, group in governed.items():
        scopes = {scope for _, scope in group}
        if mark is None:
            lacking = [one for one in group if must_mark(one[0]) or one[1] is not default]
            is_one = may_mark_module and len(lacking) == len(tests) > 1
            _mark_bare(draft, lacking, words, default, for_module=is_one)
        elif len(scopes) == 1:
            _put(draft, mark, scopes.pop(), words, default)
        else:
            current = declared(mark) or default
            for function, scope in group:
                if scope is not current:
                    draft.decorate(function.node, f"@{_mark(draft, words, scope)}")


def nearest(source: Source, function: Function, name: str) -> Mark | None:
    """Return the mark of that name that decides on a test, as far as this file tells."""
    owners: list[cst.FunctionDef | cst.ClassDef | None] = [function.node]
    owners += reversed(function.classes)
    owners.append(None)
    for owner in owners:
        for mark in source.marks:
            is_there = mark.place == "pytestmark" or (mark.place == "decorator" and owner)
            if mark.name == name and mark.owner is owner and is_there:
                return mark
    return None


def declared(mark: Mark) -> Scope | None:
    """Return the loop scope that a mark declares, if it is written out."""
    for name in _LOOP_SCOPES:
        argument = None if mark.call is None else keyword(mark.call, name)
        if argument is not None:
            try:
                return Scope.parse(constant(argument.value))
            except UnknownName:
                return None
    return None


_LOOP_SCOPES = ("loop_scope", "scope")


def _put(draft: Draft, mark: Mark, scope: Scope, words: Words, default: Scope) -> None:
    if (declared(mark) or default) is scope:
        return
    value = draft.string(scope.word)
    for name in _LOOP_SCOPES:
        argument = None if mark.call is None else keyword(mark.call, name)
        if argument is not None:
            draft.replace(argument.value, value)
            return
    assert words.on_test is not None
    draft.declare(mark.whole, words.on_test, value)


def _mark_bare(
    draft: Draft, tests: Sequence[Wanted], words: Words, default: Scope, *, for_module: bool
) -> None:
    module = draft.source.scopes()[draft.source.module]
    is_free = module is None or "pytestmark" not in module
    if for_module and is_free and len({scope for _, scope in tests}) == 1:
        draft.insert_after_imports(f"pytestmark = {_mark(draft, words, tests[0][1], default)}")
        return
    for function, scope in tests:
        draft.decorate(function.node, f"@{_mark(draft, words, scope, default)}")


def _mark(draft: Draft, words: Words, scope: Scope, default: Scope | None = None) -> str:
    mark = f"{draft.imports.name_of('pytest')}.mark.{words.mark}"
    return mark if scope is default else f"{mark}({words.on_test}={draft.string(scope.word)})"


def _called(source: Source, name: str) -> list[Mark]:
    return [one for one in source.marks if one.name == name and one.call is not None]


def _name(argument: cst.Arg) -> str:
    return "positional argument" if argument.keyword is None else argument.keyword.value
