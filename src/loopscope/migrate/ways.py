"""The ways from one vocabulary to another: which edits each of them makes, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.core.graph import Kind
from loopscope.core.scope import Scope
from loopscope.migrate.anyio_backend import (
    choose_backends,
    drop_backend,
    give_backend,
    note_other_backends,
    provide_backend,
)
from loopscope.migrate.current_loop import note_current_loops
from loopscope.migrate.event_loop import drop_overrides, drop_requests, replace_policies
from loopscope.migrate.fixtures import declare_fixtures, plain_fixtures, respell
from loopscope.migrate.lost_loops import note_lost_loops
from loopscope.migrate.marks import declare_tests, drop_marks, rename_marks, spell_loop_scope
from loopscope.migrate.pytest_trio import (
    drop_trio_mode,
    find_trio_tests,
    note_clocks,
    provide_nursery,
)
from loopscope.migrate.requests import rename_requests
from loopscope.migrate.wanted import undeclared
from loopscope.migrate.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopscope.migrate.draft import Draft
    from loopscope.migrate.wanted import Definition, Place
    from loopscope.migrate.work import Work


def modernise(work: Work) -> None:
    """From pytest-asyncio of before 1.0 to that of today."""
    if work.settings is not None and work.settings.get("asyncio_mode") == "legacy":
        work.settings.put("asyncio_mode", "auto")
    drop_event_loop(work, has_hook=True)
    for draft in work.drafts.values():
        spell_loop_scope(draft)
        replace_policies(draft, has_hook=True)
        note_current_loops(draft)
    declare(work)


def drop_event_loop(work: Work, *, has_hook: bool) -> None:
    """Drop the fixture `event_loop`, and asking for it unless it is left anywhere."""
    is_gone = [drop_overrides(draft, has_hook=has_hook) for draft in work.drafts.values()]
    if all(is_gone):
        for draft in work.drafts.values():
            for function in drop_requests(draft):
                work.wake(draft, function)
                is_bare = function.fixture is not None and function.words == "pytest"
                if is_bare and work.new is WORDS["pytest-asyncio"] and not work.is_auto:
                    respell(draft, function, work.new.fixture)


def declare(work: Work) -> None:
    """Write the loop scopes of the plan into settings, decorators and marks."""
    test_default, fixture_default = _set_defaults(work)
    for draft in work.drafts.values():
        declare_fixtures(draft, work.found(draft, Kind.FIXTURE), work.new, fixture_default)
        declare_tests(
            draft,
            [(function, one.loop) for function, one in work.found(draft, Kind.TEST)],
            work.new,
            test_default,
            marked_as=work.old.mark,
            may_mark_module=work.only_async_tests(draft),
            must_mark=work.must_mark,
        )


def _set_defaults(work: Work) -> tuple[Scope, Scope | None]:
    """Set the loop scope that the whole suite has, if it has to be said; return the defaults."""
    test_default, fixture_default = work.defaults()
    ours = [one for one in work.definitions.values() if one.is_async]
    scopes = {one.loop for one in ours}
    if work.settings is None or not work.is_whole or len(scopes) != 1:
        return test_default, fixture_default
    (scope,) = scopes
    defaults = {Kind.TEST: test_default, Kind.FIXTURE: fixture_default}
    for kind, option in (
        (Kind.TEST, work.new.test_default),
        (Kind.FIXTURE, work.new.fixture_default),
    ):
        lacking = [
            one
            for one in ours
            if one.kind is kind and (one.declared or defaults[kind] or one.scope) is not scope
        ]
        if lacking and option is not None:
            work.settings.put(option, scope.word)
            defaults[kind] = scope
    return defaults[Kind.TEST] or Scope.FUNCTION, defaults[Kind.FIXTURE]


def to_anyio(work: Work) -> None:
    """From pytest-asyncio to anyio."""
    drop_event_loop(work, has_hook=False)
    for draft in work.drafts.values():
        replace_policies(draft, has_hook=False)
        note_current_loops(draft)
        rename_requests(draft, _FREE_PORTS)
    _in_words_of_anyio(work)
    provide_backend(work, "asyncio")


def from_anyio(work: Work) -> None:
    """From anyio to pytest-asyncio."""
    note_other_backends(work)
    backwards = {new: old for old, new in _FREE_PORTS.items()}
    for draft in work.drafts.values():
        drop_backend(draft)
        rename_requests(draft, backwards)
        for function, _ in work.found(draft, Kind.FIXTURE):
            if function.fixture is not None and not work.is_auto:
                respell(draft, function, work.new.fixture)
    declare(work)
    for draft in work.drafts.values():
        rename_marks(draft, work.old, work.new)
    work.change_mode()


def trio_to_anyio(work: Work) -> None:
    """From pytest-trio to anyio."""
    find_trio_tests(work)
    for draft in work.drafts.values():
        drop_trio_mode(draft)
        note_clocks(draft)
    _in_words_of_anyio(work)
    provide_nursery(work)
    provide_backend(work, "trio")


def _in_words_of_anyio(work: Work) -> None:
    note_lost_loops(work)
    for draft in work.drafts.values():
        mark_tests(work, draft)
        rename_marks(draft, work.old, work.new)
        plain_fixtures(draft, work.old)
        give_backend(work, draft)
    work.change_mode()


def mark_tests(work: Work, draft: Draft) -> None:
    """Mark the tests that only a mode has claimed of which the settings do not tell."""
    declare_tests(
        draft,
        [(function, Scope.FUNCTION) for function, _ in work.found(draft, Kind.TEST)],
        work.new,
        Scope.FUNCTION,
        marked_as=work.old.mark,
        may_mark_module=work.only_async_tests(draft),
        must_mark=work.must_mark,
    )


def to_loopscope(work: Work) -> None:
    """From any of the others to loopscope's own words, which are hardly any."""
    if work.old.name == "pytest-trio":
        find_trio_tests(work)
    choose_backends(work)
    if work.old.name == "pytest-asyncio":
        drop_event_loop(work, has_hook=False)
    provide_nursery(work)
    without = undeclared(work.plan, work.old.name)
    is_strict = work.settings is not None and work.settings.get("loopscope_mode") == "strict"
    for draft in work.drafts.values():
        replace_policies(draft, has_hook=False)
        drop_backend(draft, kept=frozenset({"asyncio", "trio"}))
        drop_trio_mode(draft)
        note_clocks(draft)
        plain_fixtures(draft, work.old)
        drop_marks(draft, work.old)
        declare_tests(
            draft,
            [
                (function, one.loop if _is_lost(one, without) else Scope.FUNCTION)
                for function, one in work.found(draft, Kind.TEST)
            ],
            work.new,
            Scope.FUNCTION,
            marked_as=work.new.mark,
            may_mark_module=work.only_async_tests(draft),
            must_mark=lambda function: is_strict,
        )
    work.change_mode()


def _is_lost(definition: Definition, without: Mapping[Place, Scope]) -> bool:
    """Say whether a test would be on a narrower loop if nothing were declared."""
    return without.get(definition.place, Scope.FUNCTION) < definition.loop


_FREE_PORTS = {
    "unused_tcp_port": "free_tcp_port",
    "unused_tcp_port_factory": "free_tcp_port_factory",
    "unused_udp_port": "free_udp_port",
    "unused_udp_port_factory": "free_udp_port_factory",
}
