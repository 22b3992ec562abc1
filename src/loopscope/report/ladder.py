"""The ladder: the loops of a suite from the widest to the narrowest, and what lives on each.

This is what a ladder says; `ladder_drawing` draws it. The loops of single tests are counted where
they are: each under the narrowest rung around it that has its backend.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from loopscope.core.graph import Kind, Vertex
from loopscope.core.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from loopscope.core.plan import Loop, Plan

NO_LOOPS = "loopscope: no test or fixture here needs a loop"
SHOWN = 8
"""How many loops the short form names."""


@dataclass(frozen=True, slots=True)
class Resident:
    """A fixture that lives on a loop, with its scope and its line; `count` is of instances."""

    name: str
    scope: str
    origin: str
    count: int = 1

    @property
    def where(self) -> str:
        """Its line, and how many instances of it there are if there are several."""
        return f"{self.origin} x{self.count}" if self.count > 1 else self.origin


@dataclass(frozen=True, slots=True)
class Rung:
    """A loop by its name, why it is as wide as it is, and who lives on it.

    `below` are the rungs of narrower places within its own, and `own` counts the loops that single
    tests have there, by their names.
    """

    name: str
    because: str
    because_at: str
    fixtures: tuple[Resident, ...] = ()
    tests: int = 0
    below: tuple[Rung, ...] = ()
    own: tuple[tuple[str, int], ...] = ()

    @property
    def reason(self) -> str:
        """Who made the loop as wide as it is."""
        return f"because `{self.because}` at {self.because_at}"


@dataclass(frozen=True, slots=True)
class Ladder:
    """How many loops and tests there are, the widest rungs, and the loops below none of them."""

    loops: int
    tests: int
    below: tuple[Rung, ...] = ()
    own: tuple[tuple[str, int], ...] = ()

    @property
    def heading(self) -> str:
        """The line above the rungs."""
        return f"loopscope ladder: {counted(self.loops, 'loop')} for {counted(self.tests, 'test')}"

    def as_plain(self) -> dict[str, Any]:
        """Return it as what another process can be sent."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Ladder:
        """Return the ladder that `as_plain` has told."""
        below = tuple(map(_rung_from, plain["below"]))
        return cls(plain["loops"], plain["tests"], below, _pairs(plain["own"]))


def ladder(plan: Plan) -> Ladder:
    """Return the ladder of `plan`.

    Rungs are in the order of their scopes, then of backends as they come, then of places.
    """
    members, reasons = plan.members(), plan.reasons
    tests = sum(_tests(vertices) for vertices in members.values())
    wide = [loop for loop in members if loop.anchor.scope is not Scope.FUNCTION]
    wide.sort(key=_order(members))
    known = set(wide)
    children: dict[Loop | None, list[Loop]] = {}
    for loop in wide:
        children.setdefault(_around(loop, known), []).append(loop)
    own: dict[Loop | None, Counter[str]] = {}
    for loop in members:
        if loop.anchor.scope is Scope.FUNCTION:
            own.setdefault(_around(loop, known), Counter())[loop.name] += 1

    def rung(loop: Loop) -> Rung:
        reason = plan.suite.vertices[reasons[loop]]
        return Rung(
            loop.name,
            reason.name,
            str(reason.origin),
            _fixtures(members[loop]),
            _tests(members[loop]),
            tuple(map(rung, children.get(loop, ()))),
            tuple(own.get(loop, Counter()).items()),
        )

    top = tuple(map(rung, children.get(None, ())))
    return Ladder(len(members), tests, top, tuple(own.get(None, Counter()).items()))


def summary(ladder: Ladder) -> list[str]:
    """Return the ladder in a few lines: each loop that is wider than a test, and why it is."""
    lines: list[str] = []
    own: Counter[str] = Counter(dict(ladder.own))

    def visit(rungs: Sequence[Rung]) -> None:
        for rung in rungs:
            lines.append(f"{rung.name}: {rung.reason}")
            own.update(dict(rung.own))
            visit(rung.below)

    visit(ladder.below)
    if len(lines) > SHOWN + 1:
        lines[SHOWN:] = [f"... and {len(lines) - SHOWN} more"]
    if own:
        lines.append("; ".join(_own(name, count) for name, count in own.items()))
    return [f"{'       ' if index else 'loops: '}{line}" for index, line in enumerate(lines)]


def each_its_own(rung: Rung | Ladder) -> list[str]:
    """Return the lines that count the loops of single tests that a rung has directly below it."""
    return [_own(name, count) for name, count in rung.own]


def counted(number: int, noun: str) -> str:
    """Return "1 test", "2 tests"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _own(name: str, count: int) -> str:
    return f"{name}: {counted(count, 'loop')} for {counted(count, 'test')}"


def _around(loop: Loop, known: set[Loop]) -> Loop | None:
    """Return the narrowest of the loops `known` that has the backend of `loop` and is around it."""
    outer = (type(loop)(loop.backend, anchor) for anchor in loop.anchor.chain())
    return next((one for one in outer if one != loop and one in known), None)


def _order(loops: Iterable[Loop]) -> Callable[[Loop], tuple[int, int, str]]:
    backends = list(dict.fromkeys(loop.backend for loop in loops))
    return lambda loop: (-loop.anchor.scope, backends.index(loop.backend), loop.anchor.node)


def _fixtures(members: Iterable[Vertex]) -> tuple[Resident, ...]:
    counts = Counter(
        (vertex.name, vertex.anchor.scope, str(vertex.origin))
        for vertex in sorted(members, key=lambda vertex: -vertex.anchor.scope)
        if vertex.kind is Kind.FIXTURE and not _is_runner(vertex)
    )
    return tuple(
        Resident(name, scope.word, origin, count) for (name, scope, origin), count in counts.items()
    )


def _tests(members: Iterable[Vertex]) -> int:
    return sum(vertex.kind is Kind.TEST for vertex in members)


def _is_runner(vertex: Vertex) -> bool:
    """Say whether this is the fixture `loopscope` of the plugin, which is no part of the suite."""
    return vertex.name == "loopscope" and not vertex.origin.path.endswith(".py")


def _rung_from(plain: Mapping[str, Any]) -> Rung:
    return Rung(
        **{
            **plain,
            "fixtures": tuple(Resident(**one) for one in plain["fixtures"]),
            "below": tuple(map(_rung_from, plain["below"])),
            "own": _pairs(plain["own"]),
        }
    )


def _pairs(plain: Iterable[Iterable[Any]]) -> tuple[tuple[str, int], ...]:
    return tuple((name, count) for name, count in plain)
