"""The first step: which backends a suite needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.advise.apis import ASYNCIO, EITHER, LIBRARIES, TRIO
from loopscope.advise.scanning import CODE, SUITE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loopscope.advise.evidence import Evidence
    from loopscope.advise.scanning import Sighting

SHOWN = 3
"""How many places are named of one thing."""

_PROMISED = {"AsyncIO": (ASYNCIO,), "Trio": (TRIO,), "AnyIO": (ASYNCIO, TRIO)}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was found: what, how often, where (the first few), and what it needs."""

    what: str
    times: int
    places: tuple[str, ...]
    needs: str
    source: str
    """"code", "suite", "dependencies" or "classifiers"."""

    @property
    def is_for_asyncio_alone(self) -> bool:
        """Whether it is something in the source that trio has not."""
        return self.needs == ASYNCIO and self.source in (CODE, SUITE)


@dataclass(frozen=True, slots=True)
class Backends:
    """Which backends are needed, and why.

    `today` counts the async tests that run on each; `untested` are those that are needed and that
    no test runs on. `is_portable` says whether the code under test speaks to none by itself.
    """

    today: dict[str, int]
    needed: tuple[str, ...]
    untested: tuple[str, ...]
    is_portable: bool
    facts: tuple[Fact, ...]

    def why(self, backend: str) -> str:
        """Say why a backend is needed."""
        if backend in self.today:
            tests = self.today[backend]
            return "1 test runs on it" if tests == 1 else f"{tests} tests run on it"
        found = [
            f"{one.what} ({one.places[0]})"
            for one in self.facts
            if (one.source == CODE and one.needs == backend)
            or (one.source == "classifiers" and one.needs in (backend, EITHER))
        ]
        return ", ".join(found[:2])


def backends(evidence: Evidence) -> Backends:
    """Return which backends the suite needs."""
    today = evidence.on_backends
    facts = (
        *_seen(evidence.sightings(CODE), CODE),
        *_seen(evidence.sightings(SUITE), SUITE),
        *_declared(evidence),
        *_published(evidence),
    )
    speaks = {fact.needs for fact in facts if fact.source == CODE}
    promised = {
        backend
        for classifier in evidence.project.classifiers
        for backend in _PROMISED[classifier.framework]
    }
    needed = tuple(
        backend
        for backend in (ASYNCIO, TRIO)
        if backend in today or backend in speaks or backend in promised
    )
    return Backends(
        today,
        needed or (ASYNCIO,),
        tuple(one for one in needed if one not in today) if today else (),
        EITHER in speaks and not {ASYNCIO, TRIO} & speaks,
        facts,
    )


def _seen(sightings: Iterable[Sighting], source: str) -> Iterator[Fact]:
    found: dict[tuple[str, str], list[str]] = {}
    for seen in sightings:
        found.setdefault((seen.what, seen.needs), []).append(seen.where)
    for (what, needs), places in sorted(found.items(), key=lambda one: -len(one[1])):
        yield Fact(what, len(places), tuple(places[:SHOWN]), needs, source)


def _declared(evidence: Evidence) -> Iterator[Fact]:
    known = {one.module.replace("_", "-"): one.runs_on for one in LIBRARIES}
    for one in evidence.project.dependencies:
        if one.name in known:
            what = f"{one.name}{f' in {one.group}' if one.group else ''}"
            yield Fact(what, 1, (one.where,), known[one.name], "dependencies")


def _published(evidence: Evidence) -> Iterator[Fact]:
    for one in evidence.project.classifiers:
        needed = _PROMISED[one.framework]
        needs = needed[0] if len(needed) == 1 else EITHER
        yield Fact(f"Framework :: {one.framework}", 1, (one.where,), needs, "classifiers")
