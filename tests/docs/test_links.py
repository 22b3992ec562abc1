"""A link in the documentation leads to a file that is there, and to a heading of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import PAGES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

LINKS = [
    pytest.param(page, target, id=f"{page.relative_to(ROOT)} to {target}")
    for page in PAGES
    for target in dict.fromkeys(
        re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text(encoding="utf-8"))
    )
]


@pytest.mark.parametrize(("page", "target"), LINKS)
def test_a_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    there = page.parent / path if path else page
    assert there.exists()
    if anchor:
        assert anchor in headings(there)


def headings(page: Path) -> set[str]:
    """Return the anchors of the headings of `page`, as they are made from their words."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
