"""Which loop everything runs on: first by example, then for any suite."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.plan import Loop, plan
from loopscope.core.policy import Policy
from loopscope.core.rules import OutlivesLoop, check
from loopscope.core.scope import Anchor, Scope
from tests.core.literals import (
    BACKENDS,
    CLASS,
    FUNCTION,
    MODULE,
    OTHER_MODULE,
    PACKAGE,
    PLACES,
    SESSION,
    a_fixture,
    a_test,
    on,
    own_place,
    places,
    suite_of,
)
from tests.core.suites import books_agree, declaring_suites, examples, mistaken_suites, suites

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

each_scope = pytest.mark.parametrize("scope", Scope, ids=lambda scope: scope.word)
each_backend = pytest.mark.parametrize("backend", BACKENDS)


@each_backend
def test_a_test_that_uses_nothing_has_a_loop_of_its_own(backend: str) -> None:
    one, two = a_test("test_1", backend=backend), a_test("test_2", backend=backend)
    planned = plan(suite_of(one, two))
    assert planned.loops == {"test_1": on(one.anchor, backend), "test_2": on(two.anchor, backend)}


@each_backend
@each_scope
def test_a_user_shares_the_loop_of_what_it_uses(scope: Scope, backend: str) -> None:
    db = a_fixture("db", PLACES[scope], backend=backend)
    test = a_test("test_it", db, at=FUNCTION, backend=backend)
    planned = plan(suite_of(db, test))
    assert planned.loops["test_it"] == planned.loops["db"] == on(PLACES[scope], backend)


@each_scope
def test_a_fixture_that_nobody_uses_has_the_loop_of_its_scope(scope: Scope) -> None:
    assert places(plan(suite_of(a_fixture("db", PLACES[scope])))) == {"db": PLACES[scope]}


def test_a_loop_is_as_wide_as_the_widest_that_lives_on_it() -> None:
    pool = a_fixture("pool", SESSION)
    db = a_fixture("db", MODULE, pool)
    row = a_fixture("row", FUNCTION, db)
    test = a_test("test_it", row, at=FUNCTION)
    assert set(places(plan(suite_of(pool, db, row, test))).values()) == {SESSION}


def test_tests_are_joined_by_what_both_use_and_by_nothing_else() -> None:
    db = a_fixture("db", MODULE)
    suite = suite_of(db, a_test("test_1", db), a_test("test_2", db), a_test("test_3"))
    assert places(plan(suite)) == {
        "db": MODULE,
        "test_1": MODULE,
        "test_2": MODULE,
        "test_3": own_place("test_3"),
    }


def test_a_fixture_is_widened_by_what_its_users_use_besides() -> None:
    db, pool = a_fixture("db", MODULE), a_fixture("pool", SESSION)
    suite = suite_of(db, pool, a_test("test_both", db, pool), a_test("test_db", db))
    assert set(places(plan(suite)).values()) == {SESSION}


def test_instances_of_one_fixture_have_loops_of_their_own() -> None:
    one = a_fixture("db", MODULE, id="db a")
    two = a_fixture("db", OTHER_MODULE, id="db b")
    test_b = a_test("test_b", two, at=own_place("test_b", OTHER_MODULE))
    suite = suite_of(one, two, a_test("test_a", one), test_b)
    assert places(plan(suite)) == {
        "db a": MODULE,
        "db b": OTHER_MODULE,
        "test_a": MODULE,
        "test_b": OTHER_MODULE,
    }


def test_each_backend_is_planned_apart() -> None:
    pool = a_fixture("pool", SESSION, backend="trio")
    suite = suite_of(pool, a_test("test_trio", pool, backend="trio"), a_test("test_asyncio"))
    assert plan(suite).loops == {
        "pool": on(SESSION, "trio"),
        "test_trio": on(SESSION, "trio"),
        "test_asyncio": on(own_place("test_asyncio")),
    }


def test_a_use_across_backends_joins_nothing() -> None:
    pool = a_fixture("pool", SESSION, backend="trio")
    planned = plan(suite_of(pool, a_test("test_it", pool)))
    assert planned.loops["test_it"] == on(own_place("test_it"))


def test_what_hands_on_something_asynchronous_joins_its_users_with_it() -> None:
    pool = a_fixture("pool", SESSION)
    client = a_fixture("client", MODULE, pool, needs_loop=False)
    test = a_test("test_it", client)
    assert set(places(plan(suite_of(pool, client, test))).values()) == {SESSION}


def test_what_nothing_asynchronous_is_behind_widens_no_loop() -> None:
    options = a_fixture("options", SESSION, needs_loop=False)
    planned = plan(suite_of(options, a_test("test_1", options), a_test("test_2", options)))
    assert places(planned) == {"test_1": own_place("test_1"), "test_2": own_place("test_2")}


def test_the_inner_of_nested_packages_has_a_loop_of_its_own() -> None:
    inner = Anchor(Scope.PACKAGE, "tests/inner", PACKAGE)
    outer_db, inner_db = a_fixture("outer_db", PACKAGE), a_fixture("inner_db", inner)
    assert places(plan(suite_of(outer_db, inner_db))) == {"outer_db": PACKAGE, "inner_db": inner}


@each_scope
def test_a_declared_scope_widens_the_loop_of_all_that_share_it(scope: Scope) -> None:
    row = a_fixture("row", FUNCTION)
    test = a_test("test_it", row, at=FUNCTION, declared=scope)
    assert places(plan(suite_of(row, test))) == {"row": PLACES[scope], "test_it": PLACES[scope]}


def test_a_declared_scope_is_not_overruled() -> None:
    pool = a_fixture("pool", SESSION)
    test = a_test("test_it", pool, at=FUNCTION, declared=Scope.CLASS)
    assert places(plan(suite_of(pool, test))) == {"pool": SESSION, "test_it": CLASS}


def test_a_declared_scope_that_is_too_narrow_for_a_fixture_counts_as_its_own() -> None:
    db = a_fixture("db", MODULE, declared=Scope.FUNCTION)
    assert places(plan(suite_of(db))) == {"db": MODULE}


def test_the_declared_policy_gives_each_the_loop_of_its_own_scope() -> None:
    pool = a_fixture("pool", SESSION)
    db = a_fixture("db", MODULE, pool, declared=Scope.PACKAGE)
    test = a_test("test_it", db, at=FUNCTION)
    planned = plan(suite_of(pool, db, test), Policy.DECLARED)
    assert places(planned) == {"pool": SESSION, "db": PACKAGE, "test_it": FUNCTION}


def test_what_pytest_would_refuse_gets_a_loop_around_both() -> None:
    here, there = a_fixture("here", MODULE, "there"), a_fixture("there", OTHER_MODULE)
    assert set(places(plan(suite_of(here, there))).values()) == {PACKAGE}


@pytest.mark.parametrize("order", [1, -1], ids=["pool-first", "test-first"])
def test_the_reason_for_a_loop_is_the_widest_on_it(order: int) -> None:
    pool = a_fixture("pool", SESSION)
    test = a_test("test_it", pool)
    planned = plan(suite_of(*[pool, test][::order]))
    assert planned.reasons == {on(SESSION): "pool"}


def test_of_two_as_wide_the_asynchronous_one_is_the_reason() -> None:
    pool = a_fixture("pool", SESSION)
    client = a_fixture("client", SESSION, pool, needs_loop=False)
    assert plan(suite_of(client, pool)).reasons == {on(SESSION): "pool"}


def test_members_are_listed_by_loop_in_the_order_of_planning() -> None:
    pool = a_fixture("pool", SESSION)
    one, two, three = a_test("test_1", pool), a_test("test_2"), a_test("test_3", pool)
    planned = plan(suite_of(one, two, pool, three))
    assert list(planned.members().items()) == [
        (on(SESSION), [one, pool, three]),
        (on(two.anchor), [two]),
    ]
    assert planned.on(on(SESSION)) == [one, pool, three]
    assert planned.on(on(MODULE)) == []


def test_what_takes_no_part_has_no_loop() -> None:
    suite = suite_of(a_test("test_it", needs_loop=False))
    assert plan(suite).loop_of("test_it") is None
    assert plan(suite).members() == {}


@examples
@given(suites())
def test_everything_that_takes_part_has_a_loop_of_its_own_backend(suite: Suite) -> None:
    loops = plan(suite).loops
    assert set(loops) == set(suite.on_loops())
    assert all(loop.backend == suite.vertices[id].backend for id, loop in loops.items())


@examples
@given(suites())
def test_sound_users_share_the_loop_of_what_they_use(suite: Suite) -> None:
    loops = plan(suite).loops
    for user, used in uses(suite, loops):
        assert loops[user.id] == loops[used.id]


@examples
@given(declaring_suites())
def test_sound_no_loop_is_narrower_than_what_lives_on_it(suite: Suite) -> None:
    for id, loop in plan(suite).loops.items():
        assert within(suite.vertices[id].anchor, loop.anchor)


@examples
@given(declaring_suites())
def test_narrow_no_deeper_place_would_hold_all_that_share_a_loop(suite: Suite) -> None:
    planned = plan(suite)
    everywhere = {place for v in suite.vertices.values() for place in chain(v.anchor)}
    for component in connected(suite, planned.loops):
        homes = [home(vertex) for vertex in component]
        fitting = [place for place in everywhere if all(within(home, place) for home in homes)]
        [deepest] = [
            place
            for place in fitting
            if not any(other != place and within(other, place) for other in fitting)
        ]
        for vertex in component:
            expected = deepest if vertex.declared is None else home(vertex)
            assert planned.loops[vertex.id] == Loop(vertex.backend, expected)


@examples
@given(declaring_suites(), st.sampled_from(Policy))
def test_a_declared_vertex_is_where_it_is_declared(suite: Suite, policy: Policy) -> None:
    for id, loop in plan(suite, policy).loops.items():
        vertex = suite.vertices[id]
        if vertex.declared is not None:
            assert loop.anchor == home(vertex)


@examples
@given(declaring_suites())
def test_the_declared_policy_gives_each_its_own(suite: Suite) -> None:
    planned = plan(suite, Policy.DECLARED)
    assert set(planned.loops) == set(suite.on_loops())
    for id, loop in planned.loops.items():
        vertex = suite.vertices[id]
        if vertex.needs_loop or vertex.declared is not None:
            assert loop == Loop(vertex.backend, home(vertex))


def test_the_declared_policy_puts_what_is_sync_on_the_widest_loop_it_gets_something_from() -> None:
    db = a_fixture("db", SESSION)
    own = a_fixture("own", FUNCTION)
    handed_on = a_fixture("handed_on", FUNCTION, own, db, needs_loop=False)
    test = a_test("test_sync", handed_on, at=FUNCTION, needs_loop=False)
    planned = plan(Suite.of([db, own, handed_on, test]), Policy.DECLARED)
    assert planned.loops["test_sync"] == planned.loops["handed_on"] == Loop("asyncio", SESSION)


@examples
@given(declaring_suites(), st.sampled_from(Policy))
def test_deterministic(suite: Suite, policy: Policy) -> None:
    one, two = plan(suite, policy), plan(suite, policy)
    assert one == two
    assert list(one.loops) == list(two.loops)
    assert list(one.members()) == list(two.members())


@examples
@given(declaring_suites(), st.sampled_from(Policy), st.randoms(use_true_random=False))
def test_independent_of_order(suite: Suite, policy: Policy, random: Random) -> None:
    shuffled = list(suite.vertices.values())
    random.shuffle(shuffled)
    assert plan(Suite.of(shuffled), policy).loops == plan(suite, policy).loops


@examples
@given(declaring_suites())
def test_the_books_of_a_plan_agree(suite: Suite) -> None:
    books_agree(plan(suite))


@examples
@given(suites())
def test_a_suite_that_declares_nothing_breaks_no_rule(suite: Suite) -> None:
    assert check(plan(suite)) == []


@examples
@given(st.one_of(declaring_suites(), mistaken_suites()), st.sampled_from(Policy))
def test_check_finds_exactly_the_uses_whose_loops_differ(suite: Suite, policy: Policy) -> None:
    planned = plan(suite, policy)
    found = {
        (violation.user.id, violation.used.id)
        for violation in check(planned)
        if not isinstance(violation, OutlivesLoop)
    }
    assert found == {
        (user.id, used.id)
        for user, used in uses(suite, planned.loops)
        if user.backend != used.backend
        or (planned.loops[user.id] != planned.loops[used.id] and not may_use_any_loop(user))
    }


def may_use_any_loop(vertex: Vertex) -> bool:
    return vertex.kind is Kind.TEST and not vertex.needs_loop and vertex.declared is None


@examples
@given(mistaken_suites(), st.sampled_from(Policy))
def test_no_mistake_of_a_user_raises(suite: Suite, policy: Policy) -> None:
    planned = plan(suite, policy)
    check(planned)
    books_agree(planned)
    assert set(planned.loops) == set(suite.on_loops())


@examples
@given(suites())
def test_planning_leaves_the_suite_as_it_is(suite: Suite) -> None:
    before = dict(suite.vertices)
    check(plan(suite))
    assert suite.vertices == before


# What follows says the same as the planner, by brute force.


def chain(place: Anchor | None) -> list[Anchor]:
    found = []
    while place is not None:
        found.append(place)
        place = place.parent
    return found


def within(inner: Anchor, outer: Anchor) -> bool:
    return outer in chain(inner)


def home(vertex: Vertex) -> Anchor:
    """The place that a vertex would have a loop at if it were alone."""
    if vertex.declared is None:
        return vertex.anchor
    return next(place for place in chain(vertex.anchor) if place.scope >= vertex.declared)


def uses(suite: Suite, among: Mapping[str, Loop]) -> list[tuple[Vertex, Vertex]]:
    return [
        (suite.vertices[user], suite.vertices[used])
        for user in among
        for used in suite.vertices[user].uses
        if used in among
    ]


def connected(suite: Suite, among: Mapping[str, Loop]) -> list[list[Vertex]]:
    """Merge sets of vertices until none of those left share a use on one backend."""
    groups = [{id} for id in among]
    edges = [(a.id, b.id) for a, b in uses(suite, among) if a.backend == b.backend]
    merged = True
    while merged:
        merged = False
        for one, two in combinations(groups, 2):
            if any((a in one and b in two) or (a in two and b in one) for a, b in edges):
                groups.remove(two)
                one |= two
                merged = True
                break
    return [[suite.vertices[id] for id in group] for group in groups]
