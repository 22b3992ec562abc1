"""What a ladder says: which loops there are, why they are so wide, and who lives on them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from loopscope.core.origin import Origin
from loopscope.core.plan import plan
from loopscope.core.scope import Scope
from loopscope.report.ladder import (
    SHOWN,
    Ladder,
    Resident,
    Rung,
    each_its_own,
    ladder,
    summary,
)
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
    from collections.abc import Iterator

    from loopscope.core.graph import Vertex


def at(line: int, file: str = "tests/conftest.py") -> Origin:
    return Origin(file, line)


def of(*vertices: Vertex) -> Ladder:
    return ladder(plan(suite_of(*vertices)))


def rungs(top: Ladder | Rung) -> Iterator[Rung]:
    """Yield every rung, in the order in which they are shown."""
    for rung in top.below:
        yield rung
        yield from rungs(rung)


def every_scope() -> list[Vertex]:
    """Return a suite with a loop of each scope."""
    server = a_fixture("server", SESSION, origin=at(8))
    client = a_fixture("http_client", SESSION, server, origin=at(21))
    rows = [
        a_fixture("row", own_place(f"test_{i}"), client, id=f"{i}", origin=at(40)) for i in "ab"
    ]
    users = [a_test(f"test_{row.id}", row) for row in rows]
    schema = a_fixture("schema", PACKAGE, origin=at(3, "tests/db/conftest.py"))
    db = a_fixture("db", MODULE, origin=at(5, "tests/test_a.py"))
    cart = a_fixture("cart", CLASS, origin=at(60, "tests/test_a.py"))
    tests = [a_test("test_db", db), a_test("test_own"), a_test("test_too")]
    return [*rows, *users, client, server, cart, db, schema, *tests]


def test_a_suite_that_needs_no_loop_has_no_rungs() -> None:
    assert of(a_test("test_it", needs_loop=False)) == Ladder(0, 0)
    assert summary(Ladder(0, 0)) == []


@pytest.mark.parametrize(
    ("number", "heading", "line"),
    [
        (1, "loopscope ladder: 1 loop for 1 test", "function [asyncio]: 1 loop for 1 test"),
        (3, "loopscope ladder: 3 loops for 3 tests", "function [asyncio]: 3 loops for 3 tests"),
    ],
)
def test_loops_of_their_own_are_counted(number: int, heading: str, line: str) -> None:
    found = of(*(a_test(f"test_{name}") for name in range(number)))
    assert (found.heading, each_its_own(found)) == (heading, [line])
    assert summary(found) == [f"loops: {line}"]


def test_each_rung_says_who_made_it_so_wide_and_who_lives_on_it() -> None:
    session, package, module, of_class = rungs(of(*every_scope()))
    assert (session.name, session.reason) == (
        "session [asyncio]",
        "because `http_client` at tests/conftest.py:21",
    )
    assert session.fixtures == (
        Resident("http_client", "session", "tests/conftest.py:21"),
        Resident("server", "session", "tests/conftest.py:8"),
        Resident("row", "function", "tests/conftest.py:40", 2),
    )
    assert session.fixtures[-1].where == "tests/conftest.py:40 x2"
    assert session.tests == 2
    assert package.reason == "because `schema` at tests/db/conftest.py:3"
    assert (module.name, module.tests) == ("module tests/test_a.py [asyncio]", 1)
    assert of_class.name == "class tests/test_a.py::TestA [asyncio]"


def test_a_rung_stands_below_the_nearest_one_around_it() -> None:
    top = of(*every_scope())
    [session] = top.below
    [package] = session.below
    [module] = package.below
    [of_class] = module.below
    assert of_class.below == ()


def test_loops_of_single_tests_are_counted_where_they_are() -> None:
    elsewhere = a_test("test_elsewhere", at=own_place("test_elsewhere", OTHER_MODULE))
    in_class = a_test("test_in_class", at=own_place("test_in_class", CLASS))
    found = of(*every_scope(), elsewhere, in_class)
    assert {rung.name: dict(rung.own) for rung in rungs(found) if rung.own} == {
        "package tests [asyncio]": {"function [asyncio]": 1},
        "module tests/test_a.py [asyncio]": {"function [asyncio]": 2},
        "class tests/test_a.py::TestA [asyncio]": {"function [asyncio]": 1},
    }


def test_rungs_are_ordered_by_scope_then_backend_as_given_then_place() -> None:
    vertices = [
        a_fixture("db", place, id=f"{place} {backend}", backend=backend, origin=at(1))
        for place in (OTHER_MODULE, MODULE)
        for backend in ("trio", "asyncio")
    ]
    session = a_fixture("db", SESSION, id="session", backend="asyncio", origin=at(1))
    own = [a_test(f"test_{backend}", backend=backend) for backend in ("asyncio", "trio")]
    assert [rung.name for rung in rungs(of(*vertices, session, *own))] == [
        "session [asyncio]",
        "module tests/test_a.py [asyncio]",
        "module tests/test_b.py [asyncio]",
        # A loop of another backend is not around it.
        "module tests/test_a.py [trio]",
        "module tests/test_b.py [trio]",
    ]


def test_what_a_test_declares_is_the_reason() -> None:
    test = a_test("test_it", declared=Scope.MODULE, origin=at(7, "tests/test_a.py"))
    [rung] = of(test).below
    assert rung.reason == "because `test_it` at tests/test_a.py:7"
    assert (rung.fixtures, rung.tests) == ((), 1)


def test_the_fixture_of_the_plugin_itself_is_no_part_of_the_suite() -> None:
    pool = a_fixture("pool", SESSION, origin=at(1))
    place = own_place("test_it")
    ours = a_fixture("loopscope", place, origin=Origin("loopscope.plugin.entry", 80))
    [rung] = of(pool, ours, a_test("test_it", ours, pool)).below
    assert [one.name for one in rung.fixtures] == ["pool"]


@pytest.mark.parametrize(
    ("name", "path"),
    [("loopscope", "tests/conftest.py"), ("client", "aiohttp.pytest_plugin")],
    ids=["named-like-ours", "of-another-plugin"],
)
def test_any_other_fixture_is_shown(name: str, path: str) -> None:
    [rung] = of(a_fixture(name, SESSION, origin=Origin(path, 3))).below
    assert rung.fixtures == (Resident(name, "session", f"{path}:3"),)


def test_another_process_can_be_sent_it() -> None:
    found = of(*every_scope())
    assert Ladder.from_plain(json.loads(json.dumps(found.as_plain()))) == found


def test_the_short_form_names_every_wide_loop_and_counts_the_others() -> None:
    assert summary(of(*every_scope(), a_test("test_trio", backend="trio"))) == [
        "loops: session [asyncio]: because `http_client` at tests/conftest.py:21",
        "       package tests [asyncio]: because `schema` at tests/db/conftest.py:3",
        "       module tests/test_a.py [asyncio]: because `db` at tests/test_a.py:5",
        "       class tests/test_a.py::TestA [asyncio]: because `cart` at tests/test_a.py:60",
        "       function [trio]: 1 loop for 1 test; function [asyncio]: 2 loops for 2 tests",
    ]


@pytest.mark.parametrize("more", [0, 1, 2, 12])
def test_the_short_form_is_short(more: int) -> None:
    rung = Rung("module test_it.py [asyncio]", "db", "test_it.py:1")
    lines = summary(Ladder(SHOWN + more, 0, (rung,) * (SHOWN + more)))
    if more < 2:
        # One line that says that there is another one would be no shorter.
        assert len(lines) == SHOWN + more
    else:
        assert len(lines) == SHOWN + 1
        assert lines[-1] == f"       ... and {more} more"
