"""From which vocabulary to which there is a way, and going it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.migrate.ways import from_anyio, modernise, to_anyio, to_loopscope, trio_to_anyio
from loopscope.migrate.words import WORDS, check_way
from loopscope.migrate.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from loopscope.core.plan import Plan
    from loopscope.migrate.settings import Settings
    from loopscope.migrate.work import Migration

ROUTES: Mapping[tuple[str, str], Callable[[Work], None]] = {
    ("pytest-asyncio", "pytest-asyncio"): modernise,
    ("pytest-asyncio", "anyio"): to_anyio,
    ("anyio", "pytest-asyncio"): from_anyio,
    ("pytest-trio", "anyio"): trio_to_anyio,
    ("pytest-asyncio", "loopscope"): to_loopscope,
    ("anyio", "loopscope"): to_loopscope,
    ("pytest-trio", "loopscope"): to_loopscope,
}


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
