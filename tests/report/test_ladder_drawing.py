"""The ladder as it is drawn: on a terminal, in a log, with colours and without."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("rich")

from loopscope.report.ladder import NO_LOOPS, Ladder, Resident, Rung
from loopscope.report.ladder_drawing import draw

MODULE = Rung(
    "module tests/integration/test_orders.py [asyncio]",
    "transactional_session",
    "tests/integration/conftest.py:112",
    (Resident("transactional_session", "module", "tests/integration/conftest.py:112"),),
    2,
    (),
    (("function [asyncio]", 5),),
)
SESSION = Rung(
    "session [asyncio]",
    "db",
    "tests/conftest.py:12",
    (
        Resident("db", "session", "tests/conftest.py:12"),
        Resident("row", "function", "tests/conftest.py:40", 2),
    ),
    14,
    (MODULE,),
    (("function [asyncio]", 1),),
)
LADDER = Ladder(8, 22, (SESSION,))

DRAWN = """\
loopscope ladder: 8 loops for 22 tests
session [asyncio]: because `db` at tests/conftest.py:12
├── db   session   tests/conftest.py:12
├── row  function  tests/conftest.py:40 x2
├── 14 tests
├── module tests/integration/test_orders.py [asyncio]: because `transactional_session` at \
tests/integration/conftest.py:112
│   ├── transactional_session  module  tests/integration/conftest.py:112
│   ├── 2 tests
│   └── function [asyncio]: 5 loops for 5 tests
└── function [asyncio]: 1 loop for 1 test"""
ASCII = DRAWN.translate({ord("├"): "+", ord("└"): "`", ord("─"): "-", ord("│"): "|"})
COLOR = re.compile(r"\x1b\[[\d;]*m")


def test_where_there_is_no_width_lines_are_as_long_as_they_are() -> None:
    assert draw(LADDER) == DRAWN.splitlines()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_guide_lines_are_ascii_where_the_terminal_has_no_others(encoding: str) -> None:
    lines = draw(LADDER, encoding=encoding)
    assert lines == ASCII.splitlines()
    assert "\n".join(lines).isascii()


@pytest.mark.parametrize("width", [60, 80, 100])
def test_lines_fit_the_terminal_and_break_between_words(width: int) -> None:
    lines = draw(LADDER, width=width)
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    guides = {"│", "├──", "└──"}
    assert [word for word in words if word not in guides] == [
        word for word in DRAWN.split() if word not in guides
    ]


def test_there_are_colours_where_they_are_asked_for_and_they_change_no_text() -> None:
    colored = draw(LADDER, color=True)
    assert COLOR.search("\n".join(colored))
    assert [COLOR.sub("", line) for line in colored] == draw(LADDER)


@pytest.mark.parametrize("name", ["NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"])
@pytest.mark.parametrize("color", [True, False], ids=["color", "no-color"])
def test_who_asks_decides_and_not_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, color: bool
) -> None:
    before = draw(LADDER, color=color)
    monkeypatch.setenv(name, "1")
    assert draw(LADDER, color=color) == before


def test_names_are_text_and_no_markup() -> None:
    rung = Rung("session [red]", "[bold]", ":smile: test_it.py:1")
    assert (
        draw(Ladder(1, 0, (rung,)))[-1] == "session [red]: because `[bold]` at :smile: test_it.py:1"
    )


def test_columns_stand_below_one_another_whatever_the_names_are() -> None:
    fixtures = (Resident("客户端", "session", "a.py:1"), Resident("client", "session", "a.py:2"))
    lines = draw(Ladder(1, 0, (Rung("session [asyncio]", "x", "a.py:1", fixtures),)))
    assert lines[-2:] == ["├── 客户端  session  a.py:1", "└── client  session  a.py:2"]


def test_a_suite_without_loops_is_told_so() -> None:
    assert draw(Ladder(0, 0)) == [NO_LOOPS]
