"""The decision matrix: what each engine would be to this suite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.advise.apis import ASYNCIO, TRIO
from loopscope.advise.evidence import ANYIO, LOOPSCOPE, PYTEST_ASYNCIO, PYTEST_TRIO
from loopscope.advise.foreign import ties
from loopscope.core.plan import plan
from loopscope.core.policy import Policy
from loopscope.core.rules import check

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loopscope.advise.backends import Backends
    from loopscope.advise.evidence import Evidence
    from loopscope.advise.in_anyio import InAnyio
    from loopscope.advise.in_asyncio import InAsyncio
    from loopscope.advise.in_trio import InTrio
    from loopscope.advise.lifetimes import Lifetime


@dataclass(frozen=True, slots=True)
class Row:
    """One engine: what it would be to the suite, in words, and what it cannot do for it.

    `is_so` says whether the suite is what the engine is best for, `edits` counts the places that
    would have to be changed, and `fails` is what does not work there as it is.
    """

    engine: str
    version: str | None
    runs_today: int
    backends: str
    loop_control: str
    coupling: str
    structured_concurrency: str
    best_when: str
    is_so: bool
    edits: int
    obstacles: tuple[str, ...]
    fails: tuple[str, ...] = ()


def matrix(
    evidence: Evidence,
    backends: Backends,
    fixtures: Sequence[Lifetime],
    asyncio: InAsyncio,
    anyio: InAnyio,
    trio: InTrio | None,
) -> tuple[Row, ...]:
    """Return a row for each engine that there is to choose from."""
    rows = [
        _asyncio(evidence, backends, fixtures, asyncio),
        _anyio(evidence, backends, fixtures, anyio),
        *([] if trio is None else [_trio(evidence, backends, fixtures, trio)]),
        _loopscope(evidence, fixtures),
    ]
    return tuple(rows)


def _asyncio(
    evidence: Evidence, backends: Backends, fixtures: Sequence[Lifetime], words: InAsyncio
) -> Row:
    held = [one for one in fixtures if one.holds]
    tests = sum(one.kind == "test" for one in words.declarations)
    return Row(
        PYTEST_ASYNCIO,
        _version(words.version, words.is_installed),
        evidence.vocabularies.get(PYTEST_ASYNCIO, 0),
        "asyncio only",
        "by hand, on both sides: "
        + (
            f"{count(len(words.settings), 'setting')}, {count(tests, 'mark')} and "
            f"{count(len(words.declarations) - tests, 'fixture')} to declare"
            if words.settings or words.declarations
            else "nothing more to declare"
        ),
        _coupling(ties(evidence, PYTEST_ASYNCIO), words.drop, words.declarations),
        f"{_named(held)} held open over a yield: not in the task of the test"
        if held
        else "setup, test and teardown are tasks of their own: nothing here minds",
        "the code is for asyncio, and loops have to be named",
        backends.needed == (ASYNCIO,),
        words.edits,
        words.obstacles,
        words.fails,
    )


def _anyio(
    evidence: Evidence, backends: Backends, fixtures: Sequence[Lifetime], words: InAnyio
) -> Row:
    wide = [one for one in fixtures if one.is_wide]
    held = [one for one in fixtures if one.holds]
    breaks = sum(one.times for one in words.breaks)
    on_trio = "" if TRIO in evidence.installed else " (not installed)"
    if breaks and TRIO not in backends.today:
        on_trio += f"; {count(breaks, 'use')} of asyncio alone"
    return Row(
        ANYIO,
        _version(words.version, words.is_installed),
        evidence.vocabularies.get(ANYIO, 0),
        f"asyncio and trio{on_trio}",
        f"none: while {_named(wide)} lives, all tests share its loop"
        if wide
        else "none needed: no fixture outlives a test, each test has its own loop",
        _coupling(ties(evidence, ANYIO), words.drop, words.declarations),
        f"{_named(held)} held open over a yield: in the task of the tests"
        if held
        else "one task for fixtures and tests: no fixture here needs it",
        "the code runs on asyncio and trio, and is to be tested on both",
        len(backends.needed) > 1,
        words.edits,
        words.obstacles,
        words.fails,
    )


def _trio(
    evidence: Evidence, backends: Backends, fixtures: Sequence[Lifetime], words: InTrio
) -> Row:
    return Row(
        PYTEST_TRIO,
        _version(words.version, words.is_installed),
        evidence.vocabularies.get(PYTEST_TRIO, 0),
        "trio only",
        "none: a run for each test, with all its fixtures",
        _coupling(ties(evidence, PYTEST_TRIO), words.drop, ()),
        "nursery, clocks and fixtures of one test, in one run",
        "the code is for trio, and no async fixture outlives a test",
        backends.needed == (TRIO,) and not any(one.is_wide for one in fixtures),
        words.edits,
        words.obstacles,
    )


def _loopscope(evidence: Evidence, fixtures: Sequence[Lifetime]) -> Row:
    suite = evidence.plan.suite
    planned = plan(suite, Policy.PLANNED)
    left = len(check(planned))
    loops = len({loop for loop in planned.loops.values() if loop.anchor.scope})
    shared = f"{count(loops, 'shared loop')}" if loops else "a loop for each test"
    held = [one for one in fixtures if one.holds]
    others = [name for name in evidence.vocabularies if name != LOOPSCOPE]
    return Row(
        LOOPSCOPE,
        evidence.document.versions["loopscope"],
        evidence.vocabularies.get(LOOPSCOPE, 0),
        "asyncio, uvloop, trio",
        f"planned: {shared}, "
        + (f"{count(left, 'declaration')} contradict it" if left else "nothing to declare"),
        "none: the suite stays as it is, and can go back"
        if others
        else "async tests and fixtures without a mark, which no other plugin runs by itself",
        f"{_named(held)} held open over a yield: a test is cancelled by it"
        if held
        else "a task for each scope: no fixture here needs it",
        "async fixtures outlive a test, or several vocabularies are mixed",
        any(one.is_wide for one in fixtures) or len(evidence.vocabularies) > 1,
        0 if LOOPSCOPE in evidence.vocabularies and not others else 1,
        (f"{count(left, 'use')} would still be on two loops: loopscope check --as planned",)
        if left
        else (),
    )


def _coupling(ties: str, drop: Sequence[str], declarations: Iterable[object]) -> str:
    written = list(declarations)
    parts = [ties]
    if drop:
        parts.append(f"{count(len(drop), 'mark')} of others to drop")
    if written:
        parts.append(f"{count(len(written), 'declaration')} to write")
    return ", ".join(parts)


def _version(version: str, is_installed: bool) -> str | None:
    return version if is_installed else None


def _named(fixtures: Sequence[Lifetime]) -> str:
    first = f"{fixtures[0].name} ({fixtures[0].where})"
    more = len(fixtures) - 1
    return f"{first} or {more} more" if more else first


def count(number: int, noun: str) -> str:
    """Return the number and the noun, which gets an s where it is not one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
