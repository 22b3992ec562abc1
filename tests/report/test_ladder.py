"""The ladder, as it is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.core.origin import Origin
from loopscope.core.plan import plan
from loopscope.core.scope import Anchor, Scope
from loopscope.report.ladder import ladder
from tests.core.literals import (
    CLASS,
    MODULE,
    OTHER_MODULE,
    PACKAGE,
    SESSION,
    a_fixture,
    a_test,
    own_place,
    suite_of,
)

if TYPE_CHECKING:
    from loopscope.core.graph import Vertex


def at(line: int, file: str = "tests/conftest.py") -> Origin:
    return Origin(file, line)


def printed(*vertices: Vertex) -> str:
    return "\n".join(ladder(plan(suite_of(*vertices))))


def test_a_suite_that_needs_no_loop_says_so() -> None:
    assert printed(a_test("test_it", needs_loop=False)) == (
        "loopscope: no test or fixture here needs a loop"
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "loopscope ladder: 1 loop for 1 test\n        function [asyncio] 1 loop"),
        (3, "loopscope ladder: 3 loops for 3 tests\n        function [asyncio] 3 loops"),
    ],
)
def test_loops_of_their_own_are_counted(number: int, text: str) -> None:
    tests = (a_test(f"test_{name}") for name in range(number))
    assert printed(*tests) == f"{text}: one for each test"


def test_each_rung_says_who_made_it_so_wide_and_who_lives_on_it() -> None:
    server = a_fixture("server", SESSION, origin=at(8))
    client = a_fixture("http_client", SESSION, server, origin=at(21))
    rows = [
        a_fixture("row", own_place(f"test_{i}"), client, id=f"{i}", origin=at(40)) for i in "ab"
    ]
    users = [a_test(f"test_{row.id}", row) for row in rows]
    schema = a_fixture("schema", PACKAGE, origin=at(3, "tests/db/conftest.py"))
    db = a_fixture("db", MODULE, origin=at(5, "tests/test_a.py"))
    cart = a_fixture("cart", CLASS, origin=at(60, "tests/test_a.py"))
    assert (
        printed(
            *rows,
            *users,
            client,
            server,
            cart,
            db,
            schema,
            a_test("test_db", db),
            a_test("test_own"),
        )
        == """\
loopscope ladder: 5 loops for 4 tests
session [asyncio]
  because of http_client at tests/conftest.py:21
  - http_client  session   tests/conftest.py:21
  - server       session   tests/conftest.py:8
  - row          function  tests/conftest.py:40 x2
  - 2 tests
  package [asyncio] tests
    because of schema at tests/db/conftest.py:3
    - schema  package  tests/db/conftest.py:3
    module [asyncio] tests/test_a.py
      because of db at tests/test_a.py:5
      - db  module  tests/test_a.py:5
      - 1 test
      class [asyncio] tests/test_a.py::TestA
        because of cart at tests/test_a.py:60
        - cart  class  tests/test_a.py:60
        function [asyncio] 1 loop: one for each test"""
    )


def test_rungs_are_ordered_by_scope_then_backend_as_given_then_place() -> None:
    vertices = [
        a_fixture("db", place, id=f"{place} {backend}", backend=backend, origin=at(1))
        for place in (OTHER_MODULE, MODULE, SESSION)
        for backend in ("trio", "asyncio")
    ]
    own = [a_test(f"test_{backend}", backend=backend) for backend in ("asyncio", "trio")]
    lines = printed(*vertices, *own).splitlines()
    assert [line.strip() for line in lines if "[" in line] == [
        "session [trio]",
        "session [asyncio]",
        "module [trio] tests/test_a.py",
        "module [trio] tests/test_b.py",
        "module [asyncio] tests/test_a.py",
        "module [asyncio] tests/test_b.py",
        "function [trio] 1 loop: one for each test",
        "function [asyncio] 1 loop: one for each test",
    ]


def test_what_a_test_declares_is_the_reason() -> None:
    test = a_test("test_it", declared=Scope.MODULE, origin=at(7, "tests/test_a.py"))
    assert printed(test) == (
        "loopscope ladder: 1 loop for 1 test\n"
        "    module [asyncio] tests/test_a.py\n"
        "      because of test_it at tests/test_a.py:7\n"
        "      - 1 test"
    )


def test_the_fixture_of_the_plugin_itself_is_no_part_of_the_suite() -> None:
    pool = a_fixture("pool", SESSION, origin=at(1))
    place = own_place("test_it")
    ours = a_fixture("loopscope", place, origin=Origin("loopscope.plugin.entry", 80))
    text = printed(pool, ours, a_test("test_it", ours, pool))
    assert "  - pool  session  tests/conftest.py:1\n  - 1 test" in text
    assert "loopscope.plugin" not in text


@pytest.mark.parametrize(
    ("name", "path"),
    [("loopscope", "tests/conftest.py"), ("client", "aiohttp.pytest_plugin")],
    ids=["named-like-ours", "of-another-plugin"],
)
def test_any_other_fixture_is_shown(name: str, path: str) -> None:
    fixture = a_fixture(name, SESSION, origin=Origin(path, 3))
    assert f"  - {name}  session  {path}:3" in printed(fixture)


def test_lines_fit_80_columns_where_names_permit() -> None:
    name, path = "transactional_session", "tests/integration/conftest.py"
    inner = Anchor(Scope.CLASS, f"{path}::TestWithAName", MODULE)
    vertices = [a_fixture(name, inner, origin=at(100, path)), a_test("test_it")]
    assert max(map(len, printed(*vertices).splitlines())) <= 80
