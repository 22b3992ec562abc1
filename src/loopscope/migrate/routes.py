"""The ways from one vocabulary to another: which edits each of them makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.core.graph import Kind
from loopscope.errors import UnknownName
from loopscope.migrate.current_loop import note_current_loops
from loopscope.migrate.event_loop import drop_overrides, drop_requests, replace_policies
from loopscope.migrate.fixtures import declare_fixtures
from loopscope.migrate.marks import declare_tests, spell_loop_scope
from loopscope.migrate.words import WORDS
from loopscope.migrate.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from loopscope.core.plan import Plan
    from loopscope.core.scope import Scope
    from loopscope.migrate.settings import Settings
    from loopscope.migrate.work import Migration


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
            drop_requests(draft)


def declare(work: Work) -> None:
    """Write the loop scopes of the plan into settings, decorators and marks."""
    test_default, fixture_default = work.defaults()
    test_default = _uniform(work, Kind.TEST, work.new.test_default, test_default) or test_default
    fixture_default = _uniform(work, Kind.FIXTURE, work.new.fixture_default, fixture_default)
    for draft in work.drafts.values():
        declare_fixtures(draft, work.found(draft, Kind.FIXTURE), work.new, fixture_default)
        declare_tests(
            draft,
            [(function, one.loop) for function, one in work.found(draft, Kind.TEST)],
            work.new,
            test_default,
            marked_as=work.old.mark,
            may_mark_module=work.only_async_tests(draft),
        )


def _uniform(work: Work, kind: Kind, option: str | None, default: Scope | None) -> Scope | None:
    """Set the one loop scope that all of a kind have, if it has to be said; return the default."""
    ours = [one for one in work.definitions.values() if one.kind is kind and one.is_async]
    scopes = {one.loop for one in ours}
    if work.settings is None or option is None or not work.is_whole or len(scopes) != 1:
        return default
    (scope,) = scopes
    # The scope of a test is that of a function.
    if all((one.declared or default or one.scope) is scope for one in ours):
        return default
    work.settings.put(option, scope.word)
    return scope


ROUTES: Mapping[tuple[str, str], Callable[[Work], None]] = {
    ("pytest-asyncio", "pytest-asyncio"): modernise,
}
FROM = tuple(dict.fromkeys(old for old, _ in ROUTES))
TO = tuple(dict.fromkeys(new for _, new in ROUTES))


def check_way(old: str, new: str) -> None:
    """Raise unless there is a way from one vocabulary to the other.

    Raises:
        UnknownName: there is none; the message lists those that there are.
    """
    if (old, new) not in ROUTES:
        ways = tuple(f"--from {one} --to {other}" for one, other in ROUTES)
        raise UnknownName("way", f"--from {old} --to {new}", ways)


def migrate(
    plan: Plan,
    old: str,
    new: str,
    files: Mapping[str, bytes],
    settings: tuple[str, Settings] | None = None,
    *,
    is_whole: bool = True,
    tell: Callable[[str], object] = lambda path: None,
) -> Migration:
    """Return the edits that bring a suite from one vocabulary to another.

    `files` has its source, by paths as in the plan; `tell` is called with each that is parsed.

    Raises:
        UnknownName: there is no such way.
    """
    check_way(old, new)
    path, found = settings or (None, None)
    work = Work(plan, WORDS[old], WORDS[new], files, path, found, is_whole)
    work.read(tell)
    ROUTES[old, new](work)
    return work.finished()
