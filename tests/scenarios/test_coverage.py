"""Every row has a test in the words of each plugin that it names, and one in ours."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.scenarios.rows import MARK, OURS, ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent


def marks() -> Iterator[pytest.Mark]:
    """Yield each of the marks that say which row a test covers."""
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(f"tests.scenarios.{path.stem}")
        for name, function in vars(module).items():
            for parametrized in getattr(function, "pytestmark", ()) if name[:5] == "test_" else ():
                for values in parametrized.args[1:2]:
                    for mark in (mark for one in values for mark in getattr(one, "marks", ())):
                        if mark.name == MARK:
                            yield mark


MARKS = list(marks())


@pytest.mark.parametrize("number", ROWS)
def test_a_row_is_covered_in_all_words_and_on_all_libraries_that_it_names(number: int) -> None:
    row, covered = ROWS[number], [mark.args[1:] for mark in MARKS if mark.args[0] == number]
    assert {OURS, *row.plugins} <= {plugin for plugin, _ in covered}
    assert {*row.libraries} <= {library for _, library in covered}


def test_the_table_is_whole() -> None:
    assert list(ROWS) == list(range(1, 23))
    assert {mark.args[0] for mark in MARKS} == set(ROWS)
