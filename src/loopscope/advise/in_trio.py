"""What pytest-trio has to be told to run this suite, where there is anything of trio in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.advise.evidence import PYTEST_TRIO
from loopscope.advise.foreign import drops, foreign_arguments, modes_of_others
from loopscope.core.scope import Scope

if TYPE_CHECKING:
    from loopscope.advise.evidence import Evidence

MODE = "trio_mode"
TRIED = "0.8.0"
"""The release that is spoken of where none is installed."""


@dataclass(frozen=True, slots=True)
class InTrio:
    """What to write so that pytest-trio runs a suite, and what it cannot run."""

    version: str
    is_installed: bool
    settings: dict[str, str]
    drop: tuple[str, ...]
    obstacles: tuple[str, ...]

    @property
    def edits(self) -> int:
        """How many places have to be changed."""
        return len(self.settings) + len(self.drop)


def in_trio(evidence: Evidence) -> InTrio:
    """Return what pytest-trio has to be told."""
    others = set(evidence.vocabularies) - {PYTEST_TRIO}
    needs_mode = others and evidence.options.get(MODE) != "true"
    wide = [one for one in evidence.fixtures() if one.scope is not Scope.FUNCTION]
    on_others = sum(evidence.on_backends.values()) - evidence.on_backends.get("trio", 0)
    obstacles = [
        f"{one.name} ({one.where}) is {one.scope.word}-scoped: it has fixtures of one test only"
        for one in wide
    ]
    if on_others:
        tests = "1 test runs" if on_others == 1 else f"{on_others} tests run"
        obstacles.append(f"{tests} on another backend")
    return InTrio(
        evidence.installed.get(PYTEST_TRIO, TRIED),
        PYTEST_TRIO in evidence.installed,
        {**modes_of_others(evidence, PYTEST_TRIO), **({MODE: "true"} if needs_mode else {})},
        drops(evidence, PYTEST_TRIO),
        (*obstacles, *foreign_arguments(evidence, PYTEST_TRIO)),
    )
