"""Why a loop is as wide as it is, and what was found to make it narrower."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.core.origin import Origin
from loopscope.core.plan import plan
from loopscope.core.policy import Policy
from loopscope.core.scope import Anchor, Scope
from loopscope.diagnose.explanation import explain, find, way_to_the_widest
from loopscope.diagnose.fixes import findings
from loopscope.diagnose.narrowing import narrowings, rescoped, without_use
from tests.core.literals import (
    CLASS,
    FUNCTION,
    MODULE,
    OTHER_MODULE,
    SESSION,
    a_fixture,
    a_test,
    on,
    own_place,
    suite_of,
)
from tests.core.suites import declaring_suites, examples, mistaken_suites, suites
from tests.diagnose.written import written_in

if TYPE_CHECKING:
    from loopscope.core.graph import Suite, Vertex

POOL = a_fixture("pool", SESSION)
DB = a_fixture("db", MODULE, POOL)
TEST = a_test("test_it", DB, at=FUNCTION)


def told(start: Vertex, *others: Vertex, policy: Policy = Policy.PLANNED) -> list[str]:
    """Return what would make the loop of `start` narrower."""
    explanation = explain(plan(suite_of(*others, start), policy), [start])
    return [f"{one.words}: {one.loop.place}" for one in explanation.narrower]


def way(start: Vertex, *others: Vertex) -> list[str]:
    """Return the names on the way from `start` to what makes its loop that wide."""
    return [one.name for one in way_to_the_widest(plan(suite_of(*others, start)), start)]


def test_the_way_leads_over_uses_to_the_widest() -> None:
    assert way(TEST, POOL, DB) == ["test_it", "db", "pool"]


def test_the_way_may_lead_over_somebody_who_uses_the_same() -> None:
    db = a_fixture("db", MODULE)
    other = a_test("test_other", db, POOL)
    assert way(a_test("test_it", db), db, POOL, other) == ["test_it", "db", "test_other", "pool"]


def test_of_several_that_are_as_wide_the_nearest_is_told() -> None:
    client = a_fixture("client", SESSION, POOL)
    assert way(a_test("test_it", client), POOL, client) == ["test_it", "client"]


def test_what_lives_on_the_same_loop_and_has_nothing_to_do_with_it_is_no_reason() -> None:
    mine = a_test("test_it", a_fixture("mine", SESSION))
    assert way(mine, POOL, a_fixture("mine", SESSION)) == ["test_it", "mine"]


@examples
@given(suite=declaring_suites() | mistaken_suites(), policy=st.sampled_from(Policy))
def test_each_on_the_way_uses_the_next_or_is_used_by_it(suite: Suite, policy: Policy) -> None:
    planned = plan(suite, policy)
    for id, loop in planned.loops.items():
        found = way_to_the_widest(planned, suite.vertices[id])
        assert found[0].id == id
        for one, other in pairwise(found):
            assert other.id in one.uses or one.id in other.uses
            assert planned.loops[other.id] == loop


@pytest.mark.parametrize(
    ("vertex", "because"),
    [
        (POOL, "is session-scoped"),
        (a_fixture("db", MODULE, declared=Scope.SESSION), 'declares loop_scope="session"'),
        (a_test("it", declared=Scope.CLASS), 'declares scope="class"'),
        (a_test("it"), "needs no wider one"),
        (
            written_in("pytest-asyncio", a_test("it"), Scope.SESSION),
            "declares nothing, and the ini file says asyncio_default_test_loop_scope = session",
        ),
    ],
    ids=["scope", "declared", "mark", "nothing", "default"],
)
def test_what_is_said_of_who_makes_a_loop_that_wide(vertex: Vertex, because: str) -> None:
    assert explain(plan(suite_of(vertex)), [vertex]).because == because


def test_uses_are_told_as_deep_as_they_are_once_each_and_with_another_loop_if_they_have_one() -> (
    None
):
    test = a_test("test_it", DB, POOL, at=FUNCTION, declared=Scope.CLASS)
    uses = explain(plan(suite_of(POOL, DB, test)), [test]).uses
    assert [(one.vertex.name, one.depth, one.elsewhere) for one in uses] == [
        ("db", 0, on(SESSION)),
        ("pool", 1, on(SESSION)),
    ]


def test_a_use_less_is_told_if_the_loop_is_narrower_then() -> None:
    assert told(TEST, POOL, DB)[:2] == [
        "test_it without db: function",
        f"db without pool: {MODULE}",
    ]


def test_a_use_less_is_not_told_if_another_one_keeps_the_loop_that_wide() -> None:
    test = a_test("test_it", DB, POOL, at=FUNCTION)
    assert not any("without db" in line for line in told(test, POOL, DB))


def test_a_narrower_scope_is_told_if_pytest_permits_it() -> None:
    test = a_test("test_it", POOL, at=FUNCTION)
    assert told(test, POOL)[1:] == [
        'scope="function" on pool: function',
        f'scope="class" on pool: {CLASS}',
        f'scope="module" on pool: {MODULE}',
        'scope="package" on pool: package tests',
    ]


def test_fixtures_that_use_one_another_get_a_narrower_scope_together() -> None:
    client = a_fixture("client", SESSION, POOL)
    test = a_test("test_it", client, at=FUNCTION)
    lines = told(test, POOL, client)
    assert 'scope="function" on pool and client: function' in lines
    assert not any(line.startswith('scope="function" on client:') for line in lines)


def test_a_declaration_less_is_told() -> None:
    db = a_fixture("db", MODULE, declared=Scope.SESSION)
    assert told(db) == [
        f'drop loop_scope="session" from db: {MODULE}',
        f'loop_scope="module" on db: {MODULE}',
        'loop_scope="package" on db: package tests',
    ]


def test_a_default_that_is_narrower_is_told() -> None:
    test = written_in("pytest-asyncio", a_test("test_it"), Scope.SESSION)
    lines = told(test)
    assert "set asyncio_default_test_loop_scope = function: function" in lines
    assert '@pytest.mark.asyncio(loop_scope="module") on test_it: module tests/test_a.py' in lines


def test_what_would_make_a_mistake_is_not_told() -> None:
    db = a_fixture("db", MODULE, declared=Scope.SESSION)
    other = a_test("test_other", db, at=own_place("other"), declared=Scope.SESSION)
    assert told(db, other) == []


@examples
@given(suite=declaring_suites() | suites(), policy=st.sampled_from(Policy))
def test_what_is_told_makes_the_loop_narrower(suite: Suite, policy: Policy) -> None:
    planned = plan(suite, policy)
    for id, loop in list(planned.loops.items())[:4]:
        path = way_to_the_widest(planned, suite.vertices[id])
        for found in narrowings(planned, path):
            assert found.loop.anchor.scope < loop.anchor.scope


@examples
@given(suite=mistaken_suites())
def test_a_suite_with_every_mistake_can_be_explained(suite: Suite) -> None:
    planned = plan(suite)
    for vertex in suite.vertices.values():
        explain(planned, [vertex], findings(planned))


def test_a_narrower_scope_makes_an_instance_for_each_place() -> None:
    first = a_test("a", POOL)
    second = a_test("b", POOL, at=Anchor(Scope.FUNCTION, "b", OTHER_MODULE))
    changed = rescoped(suite_of(POOL, first, second), [POOL], Scope.MODULE)
    assert changed is not None
    places = {vertex.anchor for vertex in changed.vertices.values() if vertex.name == "pool"}
    assert places == {MODULE, OTHER_MODULE}
    assert set(map(str, plan(changed).loops.values())) == {
        f"{MODULE} [asyncio]",
        f"{OTHER_MODULE} [asyncio]",
    }


def test_a_scope_that_is_narrower_than_a_user_s_is_refused_by_pytest() -> None:
    assert rescoped(suite_of(POOL, DB, TEST), [POOL], Scope.FUNCTION) is None


def test_a_use_is_dropped_from_all_variants_of_a_test() -> None:
    variants = [a_test(f"it[{number}]", POOL, origin=Origin("test_a.py", 3)) for number in range(2)]
    changed = without_use(suite_of(POOL, *variants), variants[0], POOL)
    assert [changed.vertices[one.id].uses for one in variants] == [(), ()]


def test_findings_about_it_and_about_what_it_uses_are_told() -> None:
    db = a_fixture("db", MODULE, declared=Scope.FUNCTION)
    test, other = a_test("test_it", db), a_test("test_other")
    planned = plan(suite_of(db, test, other))
    wrong = findings(planned)
    assert explain(planned, [test], wrong).findings == tuple(wrong)
    assert explain(planned, [other], wrong).findings == ()


def a_case(node: str, line: int) -> Vertex:
    anchor = Anchor(Scope.FUNCTION, node, MODULE)
    vertex = a_test(node.rpartition("::")[2], POOL, at=anchor, origin=Origin("test_a.py", line))
    return replace(vertex, id=node)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("tests/test_a.py::TestA::test_it[1]", [["tests/test_a.py::TestA::test_it[1]"]]),
        (
            "tests/test_a.py::TestA::test_it",
            [["tests/test_a.py::TestA::test_it[1]", "tests/test_a.py::TestA::test_it[2]"]],
        ),
        ("test_a.py::TestA::test_it[2]", [["tests/test_a.py::TestA::test_it[2]"]]),
        ("TestB::test_it", [["tests/test_a.py::TestB::test_it"]]),
        (
            "test_it",
            [
                ["tests/test_a.py::TestA::test_it[1]", "tests/test_a.py::TestA::test_it[2]"],
                ["tests/test_a.py::TestB::test_it"],
            ],
        ),
        ("test_a.py:9", [["tests/test_a.py::TestB::test_it"]]),
        ("pool", [["pool"]]),
        ("poo", []),
        ("test_a.py", []),
    ],
)
def test_what_a_name_may_mean(name: str, meant: list[list[str]]) -> None:
    tests = [
        a_case("tests/test_a.py::TestA::test_it[1]", 3),
        a_case("tests/test_a.py::TestA::test_it[2]", 3),
        a_case("tests/test_a.py::TestB::test_it", 9),
    ]
    found = find(plan(suite_of(POOL, *tests)), name)
    assert [[vertex.id for vertex in same] for same in found] == meant
