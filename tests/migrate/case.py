"""A small file, and what a rule makes of it: before, after, and what is noted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loopscope.core.scope import Scope
from tests.migrate.written import ASYNCIO, PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULE, SESSION = Scope.MODULE, Scope.SESSION


@dataclass(frozen=True)
class Case:
    """One file: what becomes of it, or None if nothing does."""

    id: str
    before: str
    after: str | None = None
    way: tuple[str, str] = ASYNCIO
    loops: Mapping[str, Scope] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    path: str = PATH
    ini: str | None = None
    ini_after: str | None = None
    backends: tuple[str, ...] = ("asyncio",)
