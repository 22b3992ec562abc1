"""What is written for one plugin and stands in the way of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.advise.evidence import ANYIO, PYTEST_ASYNCIO, PYTEST_TRIO

if TYPE_CHECKING:
    from loopscope.advise.evidence import Evidence

_MARKS = {PYTEST_ASYNCIO: "asyncio", ANYIO: "anyio", PYTEST_TRIO: "trio"}
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


def drops(evidence: Evidence, engine: str) -> tuple[str, ...]:
    """Return where marks stand that would give tests to another plugin than `engine`."""
    names = [
        mark
        for vocabulary, mark in _MARKS.items()
        if vocabulary != engine and vocabulary in evidence.vocabularies
    ]
    return tuple(mark.where for mark in evidence.marks(*names))


def foreign_arguments(evidence: Evidence, engine: str) -> list[str]:
    """Return which fixtures are asked for that mean nothing on `engine`, and where."""
    asking: dict[str, list[str]] = {}
    for one in evidence.scans:
        for definition in one.definitions:
            for name in definition.arguments:
                if FIXTURES.get(name, engine) != engine:
                    asking.setdefault(name, []).append(f"{one.path}:{definition.line}")
    return [
        f"{name}, which is {FIXTURES[name]}'s, is asked for {_times(len(places))}: {places[0]}"
        for name, places in asking.items()
    ]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
