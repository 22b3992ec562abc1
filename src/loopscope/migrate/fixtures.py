"""Decorators of fixtures: other words for them, and the loop scopes that a plan wants of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from loopscope.migrate.syntax import callee

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopscope.core.scope import Scope
    from loopscope.migrate.draft import Draft
    from loopscope.migrate.source import Function
    from loopscope.migrate.wanted import Definition
    from loopscope.migrate.words import Words


def declare_fixtures(
    draft: Draft,
    fixtures: Iterable[tuple[Function, Definition]],
    words: Words,
    default: Scope | None,
) -> None:
    """Write the loop scope of each fixture onto its decorator, where it has not got it anyway."""
    for function, wanted in fixtures:
        has = wanted.declared or default or wanted.scope
        if has is wanted.loop:
            continue
        if function.fixture is None or words.on_fixture is None:
            draft.note(function, f"{wanted.name} needs the {wanted.loop.word} loop")
            continue
        called = function.fixture.decorator
        if function.words != words.name:
            respell(draft, function, words.fixture)
        draft.declare(called, words.on_fixture, draft.string(wanted.loop.word))


def respell(draft: Draft, function: Function, decorator: str) -> None:
    """Call the decorator of a fixture by another name."""
    assert function.fixture is not None
    module, _, name = decorator.partition(".")
    target = callee(function.fixture.decorator)
    draft.replace(target, f"{draft.imports.name_of(module)}.{name}")


def plain_fixtures(draft: Draft, old: Words) -> None:
    """Write `pytest.fixture` for the decorator of a vocabulary, without its loop scope."""
    for function in draft.source.functions:
        if function.fixture is None or function.words != old.name or old.fixture == _PLAIN:
            continue
        respell(draft, function, _PLAIN)
        called = function.fixture.decorator
        if isinstance(called, cst.Call):
            draft.drop_arguments(called, "loop_scope")


_PLAIN = "pytest.fixture"
