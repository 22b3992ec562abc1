"""The third step: what pytest-asyncio has to be told to run this suite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.advise.apis import TRIO
from loopscope.advise.evidence import LOOP_FIXTURE, PYTEST_ASYNCIO, is_path
from loopscope.advise.foreign import drops, foreign_arguments, modes_of_others
from loopscope.advise.loop_scopes import Defaults, as_asyncio, solve
from loopscope.advise.versions import release
from loopscope.advise.words import asyncio_fixture, asyncio_mark
from loopscope.core.graph import Kind
from loopscope.core.scope import Scope

if TYPE_CHECKING:
    from loopscope.advise.backends import Backends
    from loopscope.advise.evidence import Evidence
    from loopscope.advise.words import Declaration

MODE = "asyncio_mode"
TEST_DEFAULT = "asyncio_default_test_loop_scope"
FIXTURE_DEFAULT = "asyncio_default_fixture_loop_scope"
FIXTURE_SCOPE = "fixture-scope"
TRIED = "1.5.0"
"""The release that is spoken of where none is installed."""


@dataclass(frozen=True, slots=True)
class InAsyncio:
    """What to write so that pytest-asyncio runs a suite, and what it cannot run.

    `settings` are those that are to be set otherwise than they are, `drop` the places of marks that
    are in the way. `fails` are the obstacles that stand in fixtures of the suite as it is.
    """

    version: str
    is_installed: bool
    settings: dict[str, str]
    declarations: tuple[Declaration, ...]
    drop: tuple[str, ...]
    obstacles: tuple[str, ...]
    fails: tuple[str, ...] = ()

    @property
    def edits(self) -> int:
        """How many places have to be changed."""
        return len(self.settings) + len(self.declarations) + len(self.drop)


def in_asyncio(evidence: Evidence, backends: Backends, *, only_its_own: bool = False) -> InAsyncio:
    """Return what pytest-asyncio has to be told to run the suite, or only what is its own there."""
    installed = evidence.installed.get(PYTEST_ASYNCIO)
    version = installed or TRIED
    if installed is not None and release(installed) < (0, 24):
        too_old = (
            f"{PYTEST_ASYNCIO} {installed} cannot be told the loop scope of a fixture: 0.24 can"
        )
        return InAsyncio(version, True, {}, (), (), (too_old,))
    options = (
        evidence.options if installed else dict.fromkeys((MODE, TEST_DEFAULT, FIXTURE_DEFAULT))
    )
    now = _now(options)
    vertices = evidence.plan.suite.vertices.values()
    suite = as_asyncio(
        (one for one in vertices if one.vocabulary == PYTEST_ASYNCIO or not only_its_own), now
    )
    settable = {Kind.TEST: TEST_DEFAULT, Kind.FIXTURE: FIXTURE_DEFAULT}
    solution = solve(
        suite,
        now,
        settable=frozenset(kind for kind, name in settable.items() if name in options),
        class_needs_class=release(version) < (1,),
    )
    declarations = [
        (asyncio_mark if one.first.kind is Kind.TEST else asyncio_fixture)(evidence, one, scope)
        for one, scope in sorted(solution.declare, key=lambda declared: declared[0].place)
    ]
    fails = (*_held_open(evidence), *(_loop_fixtures(evidence) if release(version) >= (1,) else ()))
    obstacles = [*fails]
    if not only_its_own:
        if TRIO in backends.needed:
            obstacles.insert(0, f"it has no trio, which is needed: {backends.why(TRIO)}")
        obstacles += foreign_arguments(evidence, PYTEST_ASYNCIO)
    for one in solution.beyond:
        obstacles.append(
            f"{one.name} ({one.where}) would have to declare a loop scope, and is not of this suite"
        )
    if solution.unsolved:
        obstacles.append(f"{solution.unsolved} uses are on two loops whatever is declared")
    return InAsyncio(
        version,
        installed is not None,
        {
            **({} if only_its_own else _mode(evidence, options)),
            **_defaults(options, now, solution.defaults, version),
        },
        tuple(declarations),
        () if only_its_own else drops(evidence, PYTEST_ASYNCIO),
        tuple(obstacles),
        fails,
    )


def _now(options: dict[str, str | None]) -> Defaults:
    test, fixture = options.get(TEST_DEFAULT), options.get(FIXTURE_DEFAULT)
    return Defaults(
        Scope.parse(test or "function"),
        None if fixture in (None, FIXTURE_SCOPE) else Scope.parse(fixture),
    )


def _mode(evidence: Evidence, options: dict[str, str | None]) -> dict[str, str]:
    settings = modes_of_others(evidence, PYTEST_ASYNCIO)
    others = set(evidence.vocabularies) - {PYTEST_ASYNCIO}
    if others and options.get(MODE) != "auto":
        settings[MODE] = "auto"
    return settings


def _defaults(
    options: dict[str, str | None], now: Defaults, wanted: Defaults, version: str
) -> dict[str, str]:
    """Return the default loop scopes that are to be set to something else, or set at all."""
    settings = {}
    if wanted.test is not now.test:
        settings[TEST_DEFAULT] = wanted.test.word
    can_be_said = wanted.fixture is not None or release(version) >= (1, 5)
    is_to_be_said = wanted.fixture is not now.fixture or options.get(FIXTURE_DEFAULT) is None
    if FIXTURE_DEFAULT in options and is_to_be_said and can_be_said:
        settings[FIXTURE_DEFAULT] = FIXTURE_SCOPE if wanted.fixture is None else wanted.fixture.word
    return settings


def _loop_fixtures(evidence: Evidence) -> list[str]:
    """Return the fixtures that suites before 0.23 have overridden to be the loop."""
    vertices = evidence.plan.suite.vertices.values()
    places = {one.origin for one in vertices if one.name == LOOP_FIXTURE and is_path(one.origin)}
    return [
        f"{LOOP_FIXTURE} ({place}) is to be the loop: since 1.0 pytest-asyncio runs nothing on it"
        for place in sorted(places, key=str)
    ]


def _held_open(evidence: Evidence) -> list[str]:
    """Return the fixtures that hold open what has to be left in the task that entered it."""
    found = []
    for one in evidence.fixtures():
        definition = evidence.definition(one.first)
        for held in () if definition is None else definition.holds:
            if held.startswith("anyio."):
                found.append(
                    f"{one.name} ({one.where}) holds {held} open over its yield: pytest-asyncio "
                    "leaves it in another task, which anyio refuses"
                )
    return found
