"""The line where a name gets its value is found in the source, without running it."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.diagnose.assignments import Assignment, assignment


@pytest.mark.parametrize(
    ("source", "name", "line"),
    [
        pytest.param("a = 1\nlock = 2\n", "lock", 2, id="plain"),
        pytest.param("lock = 1\nlock = 2\n", "lock", 2, id="the-last-one"),
        pytest.param("lock: object = 2\n", "lock", 1, id="annotated"),
        pytest.param("lock: object\n", "lock", None, id="only-annotated"),
        pytest.param("a, (*lock, b) = x\n", "lock", 1, id="unpacked"),
        pytest.param("a = lock = x\n", "lock", 1, id="chained"),
        pytest.param("with x() as lock:\n    pass\n", "lock", 1, id="with"),
        pytest.param("def lock():\n    pass\n", "lock", 1, id="function"),
        pytest.param("class lock:\n    pass\n", "lock", 1, id="class"),
        pytest.param("import lock.inner\n", "lock", 1, id="import"),
        pytest.param("from . import lock\n", "lock", 1, id="relative-import"),
        pytest.param("try:\n    a\nexcept E:\n    lock = 1\n", "lock", 4, id="in-an-except"),
        pytest.param("if a:\n    lock = 1\n", "lock", 2, id="in-an-if"),
        pytest.param("match a:\n    case 1:\n        lock = 1\n", "lock", 3, id="in-a-match"),
        pytest.param("def f():\n    lock = 1\n", "lock", None, id="a-local"),
        pytest.param("a.lock = 1\nlock[0] = 1\n", "lock", None, id="an-attribute"),
        pytest.param("def f():\n    global lock\n    lock = 1\n", "lock", 3, id="global"),
        pytest.param(
            "lock = None\ndef f():\n    global lock\n    lock = 1\n", "lock", 4, id="none-at-first"
        ),
        pytest.param("lock = None\n", "lock", 1, id="none-and-nothing-else"),
        pytest.param("class A:\n    lock = 1\n", "A.lock", 2, id="of-a-class"),
        pytest.param("class A:\n    class B:\n        lock = 1\n", "A.B.lock", 3, id="of-an-inner"),
        pytest.param(
            "class A:\n    lock = None\n    def f(cls):\n        cls.lock = 1\n",
            "A.lock",
            4,
            id="of-a-class-set-in-a-method",
        ),
        pytest.param("class A:\n    pass\n", "A.lock", None, id="of-a-class-nowhere"),
        pytest.param("from x import A\n", "A.lock", None, id="of-a-class-elsewhere"),
        pytest.param("lock = = 1", "lock", None, id="no-python"),
    ],
)
def test_the_line_is_where_the_value_comes_from(source: str, name: str, line: int | None) -> None:
    found = assignment(source.encode(), name)
    assert (found and found.line) == line


def test_what_is_imported_says_from_where() -> None:
    source = dedent("""
        from app.state import lock as gate
    """)
    assert assignment(source.encode(), "gate") == Assignment(2, "app.state", "lock")


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode), st.sampled_from(["a", "a.b"]))
def test_no_source_raises(source: bytes, name: str) -> None:
    assignment(source, name)
