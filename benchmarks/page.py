"""The tables in the documentation: between two comments, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import tables
from benchmarks.environments import CHECKOUT
from benchmarks.errors import BenchmarkError

if TYPE_CHECKING:
    from benchmarks.results import Results

RESULTS = Path(__file__).with_name("results.json")
BEGIN = "<!-- benchmarks: {name}, written by `python -m benchmarks page` -->"
END = "<!-- /benchmarks -->"
PAGES = {
    CHECKOUT / "docs" / "performance.md": {"about": tables.about, "full": tables.full},
    CHECKOUT / "README.md": {"summary": tables.summary},
}


def filled(text: str, parts: dict[str, str]) -> str:
    """Return the page with each part in its place.

    Raises:
        BenchmarkError: a part has no place in the page, or more than one.
    """
    for name, part in parts.items():
        begin = BEGIN.format(name=name)
        place = re.compile(f"{re.escape(begin)}\n.*?{re.escape(END)}", re.DOTALL)
        found = place.findall(text)
        if len(found) != 1:
            raise BenchmarkError(f"a page needs one place for its part {name}: {begin} ... {END}")
        text = text.replace(found[0], f"{begin}\n\n{part}\n\n{END}")
    return text


def pages(results: Results) -> dict[Path, str]:
    """Return the text that each page is to have, with these results in it."""
    return {
        path: filled(
            path.read_text(encoding="utf-8"), {name: of(results) for name, of in parts.items()}
        )
        for path, parts in PAGES.items()
    }
