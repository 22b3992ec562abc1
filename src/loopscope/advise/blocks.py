"""Advice as a page: headings, lines, tables and code, whatever they are shown in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.advise.evidence import ANYIO, LOOPSCOPE, PYTEST_TRIO
from loopscope.advise.matrix import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loopscope.advise.advice import Advice
    from loopscope.advise.backends import Backends, Fact
    from loopscope.advise.in_anyio import InAnyio
    from loopscope.advise.in_asyncio import InAsyncio
    from loopscope.advise.matrix import Row
    from loopscope.advise.words import Declaration

FEW = 6
"""How many facts of one kind are told."""
ROWS = 20
"""How many rows of a table are told."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading."""

    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of its own, with what belongs to it."""

    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Source, and the file that it is for."""

    path: str
    language: str
    text: str


Block = Heading | Line | Table | Code


def blocks(advice: Advice) -> Iterator[Block]:
    """Yield the page."""
    yield from _head(advice)
    yield Heading("1. Backends")
    yield from _backends(advice.backends)
    yield Heading("2. Lifetimes of async fixtures, and of their loops")
    yield from _lifetimes(advice)
    yield Heading(f"3. With pytest-asyncio {_version(advice.asyncio)}")
    yield from _asyncio(advice.asyncio)
    yield Heading(f"4. With anyio {_version(advice.anyio)}")
    yield from _anyio(advice.anyio)
    yield Heading("5. Verify")
    for proof in advice.verify:
        yield Line(proof.command, (proof.proves,))
    yield Heading("Decision")
    for row in advice.matrix:
        yield from _row(row)
    yield from _recommendation(advice)


def _head(advice: Advice) -> Iterator[Block]:
    number = sum(advice.vocabularies.values())
    written = ", ".join(f"{times} {name}" for name, times in advice.vocabularies.items())
    yield Line(f"{count(advice.tests, 'test')}, {number} async{f': {written}' if written else ''}")
    yield Line(", ".join(f"{name} {version}" for name, version in advice.versions.items()))


def _version(words: InAsyncio | InAnyio) -> str:
    return words.version if words.is_installed else f"{words.version} (not installed)"


def _backends(backends: Backends) -> Iterator[Block]:
    today = ", ".join(f"{name} {tests}" for name, tests in backends.today.items())
    yield Line(f"needed    {' and '.join(backends.needed)}")
    yield Line(f"tests     {f'async tests by backend: {today}' if today else 'none is async'}")
    rows: list[tuple[str, ...]] = []
    for source in ("code", "suite", "dependencies", "classifiers"):
        facts = [one for one in backends.facts if one.source == source]
        rows += (_fact(one) for one in facts[:FEW])
        if len(facts) > FEW:
            rows.append((source, f"and {len(facts) - FEW} more", "", "", ""))
    if rows:
        yield Table(("from", "what", "needs", "times", "where"), tuple(rows))
    if backends.is_portable and len(backends.needed) == 1:
        yield Line("portable  the code is for asyncio and trio alike, and nothing promises trio")
    for name in backends.untested:
        yield Line(f"untested  {name}: no test runs on it")


def _fact(fact: Fact) -> tuple[str, ...]:
    return (fact.source, fact.what, fact.needs, str(fact.times), ", ".join(fact.places))


def _lifetimes(advice: Advice) -> Iterator[Block]:
    is_of_trio = PYTEST_TRIO in advice.vocabularies
    if is_of_trio:
        yield Line("those of pytest-trio's tests live with one test, in its run, and are left out")
    if not advice.fixtures:
        yield Line("there is no other async fixture" if is_of_trio else "there is no async fixture")
        return
    yield Table(
        ("fixture", "scope", "loop", "planned", "tests", "fixtures", "elsewhere", "where"),
        tuple(
            (
                one.name,
                one.scope,
                one.loop,
                one.planned,
                str(one.tests),
                str(one.fixtures),
                str(one.elsewhere),
                one.where,
            )
            for one in advice.fixtures[:ROWS]
        ),
    )
    if len(advice.fixtures) > ROWS:
        yield Line(f"and {len(advice.fixtures) - ROWS} more")
    elsewhere = sum(one.elsewhere for one in advice.fixtures)
    if elsewhere:
        yield Line(f"{count(elsewhere, 'use')} from another loop: loopscope check tells which")
    for one in advice.fixtures:
        if one.holds:
            yield Line(f"{one.name} holds {', '.join(one.holds)} open over its yield  {one.where}")


def _asyncio(words: InAsyncio) -> Iterator[Block]:
    yield from _list("cannot", words.obstacles)
    if not words.edits:
        yield Line("nothing to set or declare: it is all there")
    yield from _settings(words.settings)
    yield from declarations(words.declarations)
    yield from _drops(words.drop)


def _anyio(words: InAnyio) -> Iterator[Block]:
    yield from _list("cannot", words.obstacles)
    if not words.edits:
        yield Line("nothing to set or write: it is all there")
    yield from _settings(words.settings)
    if words.fixture is not None:
        yield Code(words.conftest, "python", words.fixture)
    yield from declarations(words.declarations)
    yield from _drops(words.drop)
    if words.mark:
        yield Line("write pytestmark = pytest.mark.anyio into", words.mark[:ROWS])
    if words.ask:
        yield Line(
            'synchronous tests that need @pytest.mark.usefixtures("anyio_backend")',
            words.ask[:ROWS],
        )
    if words.breaks:
        yield Line("for asyncio alone: what trio would break, unless it is left out there")
        rows = tuple(
            (one.what, str(one.times), one.instead or "", ", ".join(one.places))
            for one in words.breaks[:ROWS]
        )
        yield Table(("what", "times", "in anyio", "where"), rows)


def _list(label: str, lines: Sequence[str]) -> Iterator[Block]:
    for line in lines[:FEW]:
        yield Line(f"{label}  {line}")
    if len(lines) > FEW:
        yield Line(f"and {len(lines) - FEW} more")


def _settings(settings: dict[str, str]) -> Iterator[Block]:
    for name, value in settings.items():
        yield Line(f"set {name} = {value}")


def declarations(written: Sequence[Declaration]) -> Iterator[Block]:
    """Yield what is to be written above tests and fixtures."""
    for one in written[:ROWS]:
        instead = f"in place of {one.instead}" if one.instead else "more than there is"
        yield Line(f"{one.write}", (f"on {one.name}, {instead}  {one.where}",))
    if len(written) > ROWS:
        yield Line(f"and {len(written) - ROWS} more: --format json has all")


def _drops(places: Sequence[str]) -> Iterator[Block]:
    if places:
        more = f" and {len(places) - FEW} more" if len(places) > FEW else ""
        yield Line(
            f"drop {count(len(places), 'mark')} of another plugin: {', '.join(places[:FEW])}{more}"
        )


def _row(row: Row) -> Iterator[Block]:
    runs = f", runs {count(row.runs_today, 'test')} today" if row.runs_today else ""
    yield Line(
        f"{row.engine}{f' {row.version}' if row.version else ' (not installed)'}{runs}",
        (
            f"backends                {row.backends}",
            f"loop control            {row.loop_control}",
            f"coupling                {row.coupling}",
            f"structured concurrency  {row.structured_concurrency}",
            f"best when               {row.best_when}: {'so' if row.is_so else 'not so'} here",
        ),
    )


def _recommendation(advice: Advice) -> Iterator[Block]:
    chosen = advice.recommendation
    yield Heading(chosen.summary)
    for reason in chosen.reasons:
        yield Line(f"+ {reason}")
    for reason in chosen.against:
        yield Line(f"- {reason}")
    if chosen.engines == (LOOPSCOPE,) and not (chosen.keeps or advice.configuration):
        yield Line("nothing to paste: pip install pytest-loopscope, and run the suite as it is")
    for one in advice.configuration:
        yield Code(one.path, one.language, one.text)
    yield from declarations(advice.declarations)
    words = advice.anyio
    if chosen.engines == (ANYIO,) and (words.drop or words.ask or words.mark):
        yield Line("and the marks of step 4")
