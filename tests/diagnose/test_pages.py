"""Every code has a page, with an example of what is printed and of what to write instead."""

from __future__ import annotations

import ast

import pytest

from loopscope.diagnose.catalog import CODES
from loopscope.diagnose.pages import EXAMPLES, page
from loopscope.errors import UnknownName


def test_every_code_has_an_example() -> None:
    assert list(EXAMPLES) == list(CODES)


@pytest.mark.parametrize("code", CODES)
def test_an_example_prints_the_code_and_is_about_somebody(code: str) -> None:
    prints = EXAMPLES[code].prints
    assert prints.startswith(f"{code} ")
    assert "LS" not in prints.replace(code, "").replace("LS301", "")


@pytest.mark.parametrize("code", CODES)
def test_what_to_write_instead_is_source(code: str) -> None:
    instead = EXAMPLES[code].instead
    assert ast.parse(instead).body
    assert max(map(len, instead.splitlines())) <= 88


@pytest.mark.parametrize("code", ["LS101", "LS102", "LS201"])
def test_an_example_of_a_mistake_in_a_plan_has_a_fix_that_was_tried(code: str) -> None:
    assert "\n  fix   " in EXAMPLES[code].prints


def test_a_page_has_the_meaning_and_the_family_of_a_code() -> None:
    found = page("ls101")
    assert (found.row, found.family) == (CODES["LS101"], "loop scopes")
    assert found.example is EXAMPLES["LS101"]


@pytest.mark.parametrize("code", ["LS999", "LS1", "LS", "E501", ""])
def test_what_is_no_code_is_refused_with_those_that_are(code: str) -> None:
    with pytest.raises(UnknownName) as caught:
        page(code)
    assert caught.value.valid == tuple(CODES)
