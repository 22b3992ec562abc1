"""Edits put texts in places, and keep all else to the byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.migrate.edits import Edit, Note, apply, without


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param([], b"abcdef", id="none"),
        pytest.param([Edit(4, 6, "Z"), Edit(0, 1, "Y")], b"YbcdZ", id="any-order"),
        pytest.param([Edit(2, 2, "+")], b"ab+cdef", id="insert"),
        pytest.param([Edit(2, 2, "+"), Edit(2, 4)], b"ab+ef", id="insert-before-what-goes"),
        pytest.param([Edit(1, 5), Edit(2, 3, "X")], b"af", id="within-what-goes"),
        pytest.param([Edit(1, 2, "X"), Edit(1, 2, "X")], b"aXcdef", id="twice-the-same"),
        pytest.param([Edit(2, 2, "1"), Edit(2, 2, "2")], b"ab12cdef", id="as-they-come"),
        pytest.param([Edit(6, 6, "é")], "abcdefé".encode(), id="at-the-end"),
    ],
)
def test_a_text_after_edits(edits: list[Edit], expected: bytes) -> None:
    assert apply(b"abcdef", edits) == expected


@given(st.integers(1, 5), st.data())
def test_what_is_left_of_a_list_has_its_commas(items: int, data: st.DataObject) -> None:
    names = [f"x{number}" for number in range(items)]
    dropped = data.draw(st.sets(st.integers(0, items - 1)))
    text = f"({', '.join(names)})"
    spans = [(text.index(name), text.index(name) + 2) for name in names]
    edits = without(text.encode(), spans, dropped, len(text) - 1)
    kept = [name for index, name in enumerate(names) if index not in dropped]
    assert apply(text.encode(), edits).decode() == f"({', '.join(kept)})"


@pytest.mark.parametrize(
    ("text", "dropped", "expected"),
    [
        ("(\n  x0,\n  x1,\n)", {1}, "(\n  x0,\n)"),
        ("(\n  x0,\n  x1\n)", {1}, "(\n  x0,\n)"),
        ("(\n  x0,  # zero\n  x1,\n)", {1}, "(\n  x0,  # zero\n)"),
        ("(\n  x0,\r\n  x1,  # one\r\n)", {1}, "(\n  x0,\r\n  # one\r\n)"),
        ("(\n  x0,\n  x1,\n)", {0}, "(\n  x1,\n)"),
        ("(x0,\n x1)", {0}, "(x1)"),
        ("(x0,\n x1)", {1}, "(x0,\n )"),
        ("(x0, x1,)", {1}, "(x0,)"),
        ("(x0,)", {0}, "()"),
        ("(\n  x0,  # zero\n)", {0}, "(\n  # zero\n)"),
    ],
)
def test_what_is_dropped_takes_its_line_along_but_no_comment(
    text: str, dropped: set[int], expected: str
) -> None:
    names = [name for name in ("x0", "x1") if name in text]
    spans = [(text.index(name), text.index(name) + 2) for name in names]
    edits = without(text.encode(), spans, dropped, len(text) - 1)
    assert apply(text.encode(), edits).decode() == expected


def test_a_note_says_where() -> None:
    assert str(Note("a/b.py", 3, "look")) == "a/b.py:3: look"
