"""The fourth step: what anyio's plugin has to be told, and what would break on trio."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.advise.apis import ASYNCIO, IN_ANYIO, TRIO
from loopscope.advise.evidence import ANYIO, PYTEST_ASYNCIO, backend_of, family, is_path
from loopscope.advise.foreign import drops, foreign_arguments, modes_of_others
from loopscope.advise.scanning import CODE, SUITE
from loopscope.advise.words import plain_fixture
from loopscope.core.graph import Kind, reach
from loopscope.core.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loopscope.advise.backends import Backends
    from loopscope.advise.evidence import Evidence
    from loopscope.advise.words import Declaration
    from loopscope.core.graph import Vertex

BACKEND = "anyio_backend"
MODE = "anyio_mode"
TRIED = "4.16.0"
"""The release that is spoken of where none is installed."""


@dataclass(frozen=True, slots=True)
class Break:
    """Something that trio has not, where it is used, and what anyio has in its place."""

    what: str
    times: int
    places: tuple[str, ...]
    instead: str | None


@dataclass(frozen=True, slots=True)
class InAnyio:
    """What to write so that anyio's plugin runs a suite.

    `fixture` is the source of `anyio_backend`, for the file `conftest`; None if what is there will
    do. `ask` are synchronous tests that have to ask for it, and `mark` the files that need a mark,
    where there is no mode to set. `fails` says what pytest refuses in the suite as it is.
    """

    version: str
    is_installed: bool
    settings: dict[str, str]
    conftest: str
    fixture: str | None
    declarations: tuple[Declaration, ...]
    drop: tuple[str, ...]
    ask: tuple[str, ...]
    mark: tuple[str, ...]
    breaks: tuple[Break, ...]
    obstacles: tuple[str, ...]
    fails: tuple[str, ...] = ()

    @property
    def edits(self) -> int:
        """How many places have to be changed."""
        places = (self.settings, self.declarations, self.drop, self.ask, self.mark)
        return sum(map(len, places)) + (self.fixture is not None)


def in_anyio(evidence: Evidence, backends: Backends) -> InAnyio:
    """Return what anyio's plugin has to be told."""
    is_there = ANYIO in evidence.installed
    others = set(evidence.vocabularies) - {ANYIO}
    has_mode = MODE in evidence.options or not is_there
    settings = modes_of_others(evidence, ANYIO)
    mark: tuple[str, ...] = ()
    if others:
        if has_mode:
            if evidence.options.get(MODE) != "auto":
                settings[MODE] = "auto"
        else:
            mark = tuple(sorted({one.first.origin.path for one in evidence.tests()}))
    ask = tuple(_sync_tests(evidence))
    fixtures = sorted(evidence.fixtures(), key=lambda one: one.place)
    return InAnyio(
        evidence.installed.get(ANYIO, TRIED),
        is_there,
        settings,
        _conftest(evidence),
        _fixture(evidence, backends.needed),
        tuple(filter(None, (plain_fixture(evidence, one) for one in fixtures))),
        drops(evidence, ANYIO),
        ask,
        mark,
        tuple(_breaks(evidence)),
        (*_of_others(evidence), *foreign_arguments(evidence, ANYIO)),
        tuple(_fails(evidence, ask)),
    )


def _of_others(evidence: Evidence) -> Iterable[str]:
    """Yield the async fixtures that an installed plugin has written for pytest-asyncio."""
    for one in evidence.fixtures():
        if not one.is_of_the_suite and one.first.vocabulary == PYTEST_ASYNCIO:
            yield f"{one.name} ({one.where}) is not of this suite, and for pytest-asyncio"


def _own(evidence: Evidence) -> list[Vertex]:
    """Return the instances of `anyio_backend` that the suite has written itself."""
    vertices = evidence.plan.suite.vertices.values()
    return [one for one in vertices if one.name == BACKEND and is_path(one.origin)]


def _scope(own: Sequence[Vertex]) -> Scope:
    return min((vertex.anchor.scope for vertex in own), default=Scope.MODULE)


def _fails(evidence: Evidence, ask: Sequence[str]) -> Iterable[str]:
    """Yield what anyio's tests are refused for today."""
    scope = _scope(_own(evidence))
    for one in evidence.fixtures():
        if one.first.vocabulary == ANYIO and one.scope > scope:
            yield (
                f"{one.name} ({one.where}) is {one.scope.word}-scoped, and {BACKEND} is "
                f"{scope.word}-scoped: pytest refuses that"
            )
    if ask and set(evidence.vocabularies) == {ANYIO}:
        yield f"an async fixture is not awaited for {ask[0]}, which does not ask for {BACKEND}"


def _fixture(evidence: Evidence, needed: Sequence[str]) -> str | None:
    """Return the source of `anyio_backend` as it has to be, None if it is so already."""
    own = _own(evidence)
    scope = _scope(own)
    widest = max((one.scope for one in evidence.fixtures()), default=Scope.FUNCTION)
    if scope >= widest and _gives(evidence, own, needed):
        return None
    argument = f'scope="{max(scope, widest).word}"'
    if len(needed) == 1:
        return f'@pytest.fixture({argument})\ndef {BACKEND}():\n    return "{needed[0]}"\n'
    params = ", ".join(f'"{name}"' for name in needed)
    return (
        f"@pytest.fixture({argument}, params=[{params}])\n"
        f"def {BACKEND}(request):\n"
        "    return request.param\n"
    )


def _gives(evidence: Evidence, own: Sequence[Vertex], needed: Sequence[str]) -> bool:
    """Say whether what is there gives the backends that are needed, as far as can be known."""
    if not own:
        usual = {ASYNCIO, TRIO} & {ASYNCIO, *evidence.installed}
        return set(needed) == usual and ANYIO in evidence.vocabularies
    values = {family(backend_of(vertex)) for vertex in own}
    return BACKEND in values or set(needed) <= values


def _conftest(evidence: Evidence) -> str:
    """Return the file in which a fixture is seen by every async test and fixture."""
    everything = (*evidence.tests(), *(one for one in evidence.fixtures() if one.is_of_the_suite))
    folders = {posixpath.dirname(one.first.origin.path) for one in everything}
    return posixpath.join(posixpath.commonpath(folders) if folders else "", "conftest.py")


def _sync_tests(evidence: Evidence) -> Iterable[str]:
    """Yield the synchronous tests that use async fixtures, and not `anyio_backend`."""
    vertices = evidence.plan.suite.vertices
    told = set()
    for vertex in vertices.values():
        if vertex.kind is Kind.TEST and not vertex.needs_loop:
            below = [vertices[id] for id in reach(vertex.uses, lambda id: vertices[id].uses)]
            needs = any(used.needs_loop for used in below)
            if needs and all(used.name != BACKEND for used in below):
                told.add(f"{vertex.origin}")
    return sorted(told)


def _breaks(evidence: Evidence) -> Iterable[Break]:
    """Yield what of the code and of the suite runs on asyncio only."""
    found: dict[str, list[str]] = {}
    for seen in evidence.sightings(CODE, SUITE):
        if seen.needs == ASYNCIO:
            found.setdefault(seen.what, []).append(seen.where)
    for what, places in sorted(found.items(), key=lambda one: -len(one[1])):
        instead = IN_ANYIO.get(what.removeprefix("asyncio."))
        yield Break(what, len(places), tuple(places[:3]), instead)
