"""The table of what suites do that today's plugins get wrong, and a decorator to name its rows.

A test of a row is written once and run in the words of several vocabularies. `scenario` says which
row, and in whose words; `test_coverage.py` reads that back and holds it against `ROWS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.vocabularies.suites import ASYNCIO, FROM_ANYIO, OWN, TRIO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.vocabularies.suites import Vocabulary

MARK = "scenario_row"
OURS = "loopscope"

PLUGINS = {
    vocabulary: plugin
    for plugin, vocabularies in {
        OURS: OWN,
        "pytest-asyncio": ASYNCIO,
        "anyio": FROM_ANYIO,
        "pytest-trio": TRIO,
    }.items()
    for vocabulary in vocabularies
}

PA, AN, PT = "pytest-asyncio", "anyio", "pytest-trio"
BOTH = ("asyncio", "trio")
ASYNCIO_ONLY = ("asyncio",)


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its rule, whose words it has to hold in besides ours, and on which libraries."""

    rule: str
    plugins: tuple[str, ...]
    libraries: tuple[str, ...] = BOTH


ROWS = {
    1: Row("a session fixture and an ordinary test share a loop", (PA, AN)),
    2: Row("a declared mismatch is told before the first test, with a fix that works", (PA,)),
    3: Row("a loop scope narrower than the scope is told in the user's words", (PA,)),
    4: Row("what is held open across a yield works at every scope", (PA, AN, PT)),
    5: Row("a crash in a fixture's background fails the test with its own error", (PA, AN)),
    # A task of trio's cannot die unobserved, nor outlive its nursery.
    6: Row("a task that dies unobserved fails the test that started it", (PA, AN), ASYNCIO_ONLY),
    7: Row("a task that is left running does not reach the next test", (PA, AN), ASYNCIO_ONLY),
    8: Row("context variables are seen below a fixture and leak nowhere", (PA, AN)),
    9: Row("the mark of pytest-timeout cancels a test, and says what it awaited", (PA, AN)),
    10: Row("a test of anyio's runs on its backend, whatever mode others have", (AN,)),
    11: Row("a test on trio runs on trio while a fixture lives on asyncio", (AN,), ("trio",)),
    12: Row("a dynamic request in running code says what to await", (PA, AN)),
    13: Row("a synchronous test runs a function on the loop of its fixtures", (PA,)),
    14: Row("a suite without async tests hears nothing of us", (PA,), ASYNCIO_ONLY),
    15: Row("asynchronous xunit methods are awaited on the loop of the tests", (PA,)),
    16: Row("an asynchronous hook is refused by its name", (PA,), ASYNCIO_ONLY),
    17: Row("an async fixture of a unittest case is told of", (PA,), ASYNCIO_ONLY),
    18: Row("a skip inside a task group is a skip", (AN,)),
    19: Row("an interrupt tears everything down", (PA, AN)),
    20: Row("fixtures are made afresh for each example when asked for", (PA,)),
    21: Row("an event_loop fixture of old is the loop of the suite", (PA,), ASYNCIO_ONLY),
    22: Row("planning is linear, and a small part of collection", (PA,), ASYNCIO_ONLY),
}


def scenario(number: int, vocabularies: Iterable[Vocabulary]) -> pytest.MarkDecorator:
    """Run a test, which has a parameter `vocabulary`, in each of `vocabularies`, for a row."""
    return pytest.mark.parametrize(
        "vocabulary",
        [
            pytest.param(
                vocabulary,
                id=str(vocabulary),
                marks=getattr(pytest.mark, MARK)(number, PLUGINS[vocabulary], vocabulary.backend),
            )
            for vocabulary in vocabularies
        ],
    )
