"""What is written for one plugin and stands in the way of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.advise.evidence import ANYIO, PYTEST_ASYNCIO, PYTEST_TRIO
from loopscope.advise.scanning import SUITE
from loopscope.advise.words import FIXTURE_DECORATORS

if TYPE_CHECKING:
    from loopscope.advise.evidence import Evidence
    from loopscope.advise.scanning import Definition

MARKS = {PYTEST_ASYNCIO: "asyncio", ANYIO: "anyio", PYTEST_TRIO: "trio"}
_MODES = {
    PYTEST_ASYNCIO: ("asyncio_mode", "auto", "strict"),
    ANYIO: ("anyio_mode", "auto", "strict"),
    PYTEST_TRIO: ("trio_mode", "true", "false"),
}
_DECORATORS = {PYTEST_ASYNCIO: "pytest_asyncio.", ANYIO: "anyio.", PYTEST_TRIO: "pytest_trio."}
FIXTURES = {
    "anyio_backend": ANYIO,
    "anyio_backend_name": ANYIO,
    "anyio_backend_options": ANYIO,
    "autojump_clock": PYTEST_TRIO,
    "event_loop": PYTEST_ASYNCIO,
    "event_loop_policy": PYTEST_ASYNCIO,
    "mock_clock": PYTEST_TRIO,
    "nursery": PYTEST_TRIO,
}
"""Fixtures that mean something on the plugin only that they come from."""


def modes_of_others(evidence: Evidence, engine: str) -> dict[str, str]:
    """Return what to set so that no mode gives tests to another plugin than `engine`."""
    return {
        name: claims_nothing
        for vocabulary, (name, claims_all, claims_nothing) in _MODES.items()
        if vocabulary != engine and evidence.options.get(name) == claims_all
    }


def drops(evidence: Evidence, engine: str) -> tuple[str, ...]:
    """Return where marks stand that would give tests to another plugin than `engine`."""
    names = [
        mark
        for vocabulary, mark in MARKS.items()
        if vocabulary != engine and vocabulary in evidence.vocabularies
    ]
    return tuple(mark.where for mark in evidence.marks(*names))


def ties(evidence: Evidence, engine: str) -> str:
    """Say how much of the suite is written for `engine`."""
    marks = len(evidence.marks(MARKS[engine]))
    decorators = sum(
        one.name.startswith(_DECORATORS[engine])
        for scanned in evidence.scans
        for definition in scanned.definitions
        for one in definition.decorators
    )
    said = [f"{marks} of its marks"] if marks else []
    said += [f"{decorators} of its decorators"] if decorators else []
    nothing = "its mode, and nothing else" if engine in evidence.vocabularies else "nothing"
    return f"{' and '.join(said) or nothing} in the suite"


def foreign_arguments(evidence: Evidence, engine: str) -> list[str]:
    """Return which fixtures are asked for that mean nothing on `engine`, and where."""
    asking: dict[str, list[str]] = {}
    written = [
        (one.path, definition)
        for one in evidence.scans
        if one.part == SUITE
        for definition in one.definitions
    ]
    own = {definition.name for _, definition in written if _is_fixture(definition)}
    for path, definition in written:
        if _is_fixture(definition) or definition.name.startswith("test"):
            for name in definition.arguments:
                if name not in own and FIXTURES.get(name, engine) != engine:
                    asking.setdefault(name, []).append(f"{path}:{definition.line}")
    return [
        f"{name}, which is {FIXTURES[name]}'s, is asked for {_times(len(places))}: {places[0]}"
        for name, places in asking.items()
    ]


def _is_fixture(definition: Definition) -> bool:
    return any(one.name in FIXTURE_DECORATORS for one in definition.decorators)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
