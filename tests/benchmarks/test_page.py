"""The tables in the documentation are those of the results beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from benchmarks import tables
from benchmarks.errors import BenchmarkError
from benchmarks.page import BEGIN, END, PAGES, RESULTS, filled, pages
from benchmarks.results import load
from tests.benchmarks.made import counts, results, seconds

if TYPE_CHECKING:
    from pathlib import Path

PLACE = f"{BEGIN.format(name='full')}\nold\n{END}\n"


@pytest.mark.parametrize("path", PAGES, ids=[path.name for path in PAGES])
def test_a_page_has_the_numbers_of_the_results(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages(load(RESULTS))[path]


def test_every_table_of_the_pages_has_rows_as_long_as_its_head() -> None:
    for path in PAGES:
        for table in re.findall(r"(?:^\|.*\|\n)+", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_the_results_say_where_they_come_from() -> None:
    said = load(RESULTS).about
    assert all((said.date, said.machine, said.python, said.revision, said.versions["pytest"]))


def test_a_part_takes_the_place_of_the_old_one_and_nothing_else() -> None:
    page = filled(f"before\n{PLACE}after\n", {"full": "new"})
    assert "old" not in page
    assert re.fullmatch(r"before\n<!--.*-->\n\nnew\n\n<!-- /benchmarks -->\nafter\n", page)
    assert filled(page, {"full": "new"}) == page


@pytest.mark.parametrize("text", ["", PLACE * 2, PLACE.replace(END, "")])
def test_a_part_without_one_place_is_an_error(text: str) -> None:
    with pytest.raises(BenchmarkError, match="a page needs one place for its part full"):
        filled(text, {"full": "new"})


TAKEN = results(
    seconds("trivial", "sync", 1.0, 1.5, tests=2000),
    seconds("trivial", "loopscope", 1.5, tests=2000),
    seconds("trivial", "anyio", 3.0, tests=2000),
    *counts("trivial", "sync", 1e9, 2e6),
    *counts("trivial", "anyio", 3e9, 4.5e6),
    seconds("start-up", "sync", 0.2, tests=1),
    seconds("start-up", "loopscope", 0.25, tests=1),
)


def test_a_suite_has_a_table_with_a_row_for_each_idiom_that_was_measured() -> None:
    first, second = tables.full(TAKEN).split("\n\n###")
    assert first.splitlines() == [
        "### Trivial tests, a fresh loop each: 2,000 tests",
        "",
        "| | user + system | ratio to sync | µs a test above sync | times loopscope's "
        "| million instructions a test above sync |",
        "| --- | --- | --- | --- | --- | --- |",
        "| without async | 1.00 s (1.25 s) | 1.00 | – | 0.67 | – |",
        "| loopscope, asyncio | 1.50 s (1.50 s) | 1.50 | 250 | 1.00 | – |",
        "| anyio, asyncio | 3.00 s (3.00 s) | 3.00 | 1000 | 2.00 | 2.50 |",
    ]
    assert "| loopscope, asyncio | 0.25 s (0.25 s) | 1.25 | 50 | 1.00 |" in second


def test_the_summary_has_a_row_for_each_suite_that_was_measured() -> None:
    assert tables.summary(TAKEN).splitlines()[2:] == [
        "| trivial tests, a fresh loop each | 1.50 (250) | – | 3.00 (1000) | – | – |"
    ]
