"""What a fault is, and where it is put: one cell of the table."""

from __future__ import annotations

import enum
import itertools
import re
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from tests.faults.site import Site

Act = Callable[["Site"], Awaitable[object]]
"""What goes wrong: called with the site, where it has been put."""
Shape = Callable[["Site"], AsyncGenerator[object, None]]
"""A fixture function, or a test function, that is wrong as a whole."""


class Phase(enum.Enum):
    """The moment at which a fault happens."""

    SETUP = "setup"
    BODY = "body"
    TEARDOWN = "teardown"
    BACKGROUND = "background"
    """In a task of the fixture's, while the test waits."""
    WHOLE = "whole"
    """The run as such is faulty: a plugin, a report, how it is started."""


ALL_PHASES = (Phase.SETUP, Phase.BODY, Phase.TEARDOWN)
EVERYWHERE = (*ALL_PHASES, Phase.BACKGROUND)
ScopeName = Literal["session", "package", "module", "class", "function"]
SCOPES: tuple[ScopeName, ...] = ("session", "function", "module", "class")
BACKENDS = ("asyncio", "trio")
ASYNCIO = ("asyncio", "uvloop")
SYNC = "sync"


@dataclass(frozen=True)
class Known:
    """A defect that is known and not mended yet: where it shows, and what it is."""

    reason: str
    backends: tuple[str, ...] = (*BACKENDS, "uvloop")
    phases: tuple[Phase, ...] = tuple(Phase)
    scopes: tuple[ScopeName, ...] = SCOPES


@dataclass(frozen=True)
class Fault:
    """One way to go wrong, and what is to come of it.

    `says` is a pattern that the report of the test that it breaks must contain, None if it breaks
    none: at once, or `at_the_end` of what it stands in; one that `is_refused` is not even set up.
    `seconds` is the time that pytest-timeout gives to the tests that use the fixture; after
    `limit` seconds the run has hung. With `like_sync` everything must come out as pytest has it for
    the same fault written sync. `suffers` has patterns for the tests that may fail as well, by
    specification, and what their report must contain then. `costs` names what this fault may leave
    behind or undone, and `noise` is what it may write. Where phases make no difference, those that
    are `chosen` stand for all.
    """

    name: str
    act: Act | None = None
    fixture: Shape | None = None
    test: Callable[..., object] | None = None
    plugin: Callable[[Site], object] | None = None
    options: tuple[str, ...] = ()
    stdout: str | None = None
    seconds: float | None = None
    limit: float = 30.0
    says: str | None = None
    outcome: str = "failed"
    at_the_end: bool = False
    phases: tuple[Phase, ...] = ALL_PHASES
    chosen: tuple[Phase, ...] = ()
    scopes: tuple[ScopeName, ...] = SCOPES
    backends: tuple[str, ...] = BACKENDS
    like_sync: bool = False
    is_refused: bool = False
    exit: int | None = None
    suffers: Mapping[str, str] = field(default_factory=dict)
    costs: frozenset[str] = frozenset()
    noise: str | None = None
    known: tuple[Known, ...] = ()
    python: tuple[int, int] = (3, 10)

    def cells(self, number: int) -> list[Cell]:
        """Return the chosen cells of this fault, which is the `number`-th of the table.

        That is the test body on each backend, and each other phase on one of them. Phases, scopes
        and backends take turns from fault to fault, so that all of them meet.
        """
        cells = []
        chosen = self.chosen or self.phases
        for row, phase in enumerate(chosen):
            scope = self.scopes[(row + number) % len(self.scopes)]
            turn = (row + number // len(self.scopes)) % len(self.backends)
            each = phase is Phase.BODY or len(chosen) == 1
            backends = self.backends if each else self.backends[turn : turn + 1]
            cells += [Cell(self.name, phase, scope, backend) for backend in backends]
        return cells

    def all_cells(self) -> list[Cell]:
        """Return the full product: each phase on each backend, in each scope."""
        product = itertools.product(self.phases, self.scopes, self.backends)
        return [Cell(self.name, *where) for where in product]

    def known_at(self, cell: Cell) -> Known | None:
        """Return the defect that is known to show at `cell`."""
        for known in self.known:
            if (
                cell.way in known.backends
                and cell.phase in known.phases
                and cell.scope in known.scopes
            ):
                return known
        return None

    @property
    def is_possible(self) -> bool:
        """Whether this version of Python can go wrong that way."""
        return sys.version_info >= self.python


@dataclass(frozen=True)
class Cell:
    """A fault (None for the run without one) at one moment, in one scope, on one backend.

    `way` is "sync" for the same suite without any loop, which is the yardstick.
    """

    fault: str | None
    phase: Phase
    scope: ScopeName
    way: str

    def __str__(self) -> str:
        return "|".join((self.fault or "", self.phase.value, self.scope, self.way))

    @classmethod
    def parse(cls, text: str) -> Cell:
        """Return what `str` was made of."""
        fault, phase, scope, way = text.split("|")
        return cls(fault or None, Phase(phase), cast("ScopeName", scope), way)

    @property
    def id(self) -> str:
        """What pytest shows, and can select."""
        return re.sub(r"\W+", "-", str(self))
