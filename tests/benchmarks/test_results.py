"""Results survive being written, and a file that holds none is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.results import load, save
from tests.benchmarks.made import counts, results, seconds

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    taken = results(seconds("trivial", "sync", 1.25, 2.5), *counts("deep", "anyio", 10, 2))
    save(taken, tmp_path / "results.json")
    assert load(tmp_path / "results.json") == taken


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not a file of results"),
        ("[]", "is not a file of results"),
        ('{"format": 1, "about": {}, "runs": []}', "is not a file of results"),
        ('{"format": 2}', "format 2 is not 1"),
    ],
)
def test_another_file_is_an_error(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(BenchmarkError, match=complaint):
        load(path)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="No such file"):
        load(tmp_path / "results.json")
