"""What is asked for while the suite runs is placed into the plan as it stands, or does not fit."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.core.graph import Suite
from loopscope.core.plan import Loop, Misfit, Plan, place, plan
from loopscope.core.policy import Policy
from loopscope.core.rules import OutlivesLoop, check
from loopscope.core.scope import Scope
from tests.core.literals import (
    FUNCTION,
    MODULE,
    OTHER_MODULE,
    PLACES,
    SESSION,
    a_fixture,
    a_test,
    on,
    places,
    suite_of,
)
from tests.core.suites import (
    Late,
    books_agree,
    examples,
    late_requests,
    mistaken_suites,
    sometimes_declared,
)

each_scope = pytest.mark.parametrize("scope", Scope, ids=lambda scope: scope.word)
POOL = a_fixture("pool", SESSION)


@each_scope
def test_an_asker_moves_to_the_loop_of_what_it_asks_for(scope: Scope) -> None:
    test, db = a_test("test_it", at=FUNCTION), a_fixture("db", PLACES[scope])
    planned = plan(suite_of(test))
    assert place(planned, [db], test, live=()) is None
    assert places(planned) == {"test_it": PLACES[scope], "db": PLACES[scope]}


def test_an_asker_takes_along_what_lives_on_its_loop() -> None:
    row = a_fixture("row", FUNCTION)
    test = a_test("test_it", row, at=FUNCTION)
    planned = plan(suite_of(row, test))
    assert place(planned, [POOL], test, live=()) is None
    assert set(places(planned).values()) == {SESSION}
    assert on(FUNCTION) not in planned.members()


def test_an_asker_moves_to_a_loop_that_is_live() -> None:
    test = a_test("test_it", at=FUNCTION)
    planned = plan(suite_of(POOL, test))
    assert place(planned, [POOL], test, live={on(SESSION)}) is None
    assert places(planned) == {"test_it": SESSION, "pool": SESSION}


def test_an_asker_whose_own_loop_is_live_cannot_move() -> None:
    test = a_test("test_it", at=FUNCTION)
    planned = plan(suite_of(test))
    assert place(planned, [POOL], test, live={on(FUNCTION)}) == Misfit(
        test, POOL, on(FUNCTION), on(SESSION), (POOL,)
    )
    assert planned == plan(suite_of(test))


def test_what_fits_on_the_live_loop_of_the_asker_is_placed_there() -> None:
    test, row = a_test("test_it", at=FUNCTION), a_fixture("row", FUNCTION)
    planned = plan(suite_of(test))
    assert place(planned, [row], test, live={on(FUNCTION)}) is None
    assert places(planned) == {"test_it": FUNCTION, "row": FUNCTION}


@each_scope
def test_an_asker_on_a_wide_loop_takes_what_it_asks_for_onto_it(scope: Scope) -> None:
    test, db = a_test("test_it", POOL, at=FUNCTION), a_fixture("db", PLACES[scope])
    planned = plan(suite_of(POOL, test))
    assert place(planned, [db], test, live={on(SESSION)}) is None
    assert places(planned)["db"] == SESSION


@pytest.mark.parametrize("live", [(), {on(MODULE)}], ids=["planned", "live"])
def test_an_asker_on_a_loop_that_others_share_cannot_move(live: set[Loop]) -> None:
    db = a_fixture("db", MODULE)
    test = a_test("test_it", db, at=FUNCTION)
    planned = plan(suite_of(db, test))
    assert place(planned, [POOL], test, live) == Misfit(
        test, POOL, on(MODULE), on(SESSION), (POOL,)
    )


def test_what_is_planned_elsewhere_does_not_move_to_the_asker() -> None:
    db = a_fixture("db", MODULE)
    test = a_test("test_it", POOL, at=FUNCTION)
    planned = plan(suite_of(POOL, db, test))
    assert place(planned, [db], test, live=()) == Misfit(test, db, on(SESSION), on(MODULE), (db,))


def test_what_is_planned_on_two_loops_cannot_be_used_together() -> None:
    db = a_fixture("db", MODULE)
    client = a_fixture("client", FUNCTION, POOL, db)
    test = a_test("test_it", at=FUNCTION)
    planned = plan(suite_of(POOL, db, test))
    assert place(planned, [POOL, db, client], test, live=()) == Misfit(
        test, db, on(SESSION), on(MODULE), (POOL, db, client)
    )


def test_an_asker_without_a_loop_is_placed_with_what_it_asks_for() -> None:
    test = a_test("test_it", at=FUNCTION, needs_loop=False)
    planned = plan(suite_of(POOL, test))
    assert place(planned, [POOL], test, live={on(SESSION)}) is None
    assert places(planned) == {"pool": SESSION, "test_it": SESSION}


def test_the_widest_of_what_is_wanted_says_which_loop_is_needed() -> None:
    db = a_fixture("db", MODULE, POOL)
    test = a_test("test_it", at=FUNCTION)
    planned = plan(suite_of(test))
    assert place(planned, [POOL, db], test, live=()) is None
    assert set(places(planned).values()) == {SESSION}


@pytest.mark.parametrize("declared", [Scope.FUNCTION, Scope.MODULE], ids=lambda scope: scope.word)
@pytest.mark.parametrize("needs_loop", [True, False], ids=["async", "sync"])
def test_an_asker_is_not_moved_off_the_loop_it_declares(declared: Scope, needs_loop: bool) -> None:
    test = a_test("test_it", at=FUNCTION, declared=declared, needs_loop=needs_loop)
    planned = plan(suite_of(test))
    before = deepcopy(planned)
    assert place(planned, [POOL], test, live=()) == Misfit(
        test, POOL, on(PLACES[declared]), on(SESSION), (POOL,)
    )
    assert planned == before


def test_what_lives_on_the_loop_of_the_asker_is_not_moved_off_the_loop_it_declares() -> None:
    row = a_fixture("row", FUNCTION, declared=Scope.FUNCTION)
    test = a_test("test_it", row, at=FUNCTION)
    planned = plan(suite_of(row, test))
    assert place(planned, [POOL], test, live=()) == Misfit(
        test, POOL, on(FUNCTION), on(SESSION), (POOL,)
    )


def test_what_is_wanted_is_not_placed_off_the_loop_it_declares() -> None:
    db = a_fixture("db", MODULE, declared=Scope.MODULE)
    test = a_test("test_it", POOL, at=FUNCTION)
    planned = plan(suite_of(POOL, test))
    assert place(planned, [db], test, live=()) == Misfit(test, db, on(SESSION), on(MODULE), (db,))


def test_what_is_wanted_may_declare_the_loop_it_is_placed_on() -> None:
    row = a_fixture("row", FUNCTION, declared=Scope.SESSION)
    test = a_test("test_it", POOL, at=FUNCTION)
    planned = plan(suite_of(POOL, test))
    assert place(planned, [row], test, live={on(SESSION)}) is None
    assert places(planned)["row"] == SESSION


@pytest.mark.parametrize("live", [(), {on(FUNCTION)}], ids=["planned", "live"])
def test_nothing_is_placed_across_backends(live: set[Loop]) -> None:
    row = a_fixture("row", FUNCTION, backend="trio")
    test = a_test("test_it", at=FUNCTION)
    planned = plan(suite_of(test))
    assert place(planned, [row], test, live) == Misfit(
        test, row, on(FUNCTION), on(FUNCTION, "trio"), (row,)
    )


def test_nothing_is_placed_on_a_loop_that_closes_before_it() -> None:
    elsewhere = a_fixture("elsewhere", OTHER_MODULE)
    test = a_test("test_it", a_fixture("db", MODULE), at=FUNCTION, declared=Scope.MODULE)
    planned = plan(suite_of(test))
    assert place(planned, [elsewhere], test, live=()) == Misfit(
        test, elsewhere, on(MODULE), on(OTHER_MODULE), (elsewhere,)
    )


@pytest.mark.parametrize("needs_loop", [True, False], ids=["async", "sync"])
def test_to_want_nothing_changes_nothing(needs_loop: bool) -> None:
    test = a_test("test_it", at=FUNCTION, needs_loop=needs_loop)
    planned = plan(suite_of(test))
    assert place(planned, [], test, live=()) is None
    assert planned == plan(suite_of(test))


def test_to_ask_again_changes_nothing() -> None:
    test = a_test("test_it", at=FUNCTION)
    planned = plan(suite_of(test))
    assert place(planned, [POOL], test, live=()) is None
    before = deepcopy(planned)
    assert place(planned, [POOL], test, live={on(SESSION)}) is None
    assert planned == before


@examples
@given(st.one_of(late_requests(), late_requests(sometimes_declared)), st.data())
def test_a_plan_stays_sound_or_as_it_was(late: Late, data: st.DataObject) -> None:
    planned = plan(late.suite)
    before = deepcopy(planned)
    live = draw_live(data, planned)
    misfit = place(planned, late.wanted, late.asker, live)
    if misfit is not None:
        assert planned == before
        return
    books_agree(planned)
    assert mismatches(planned) == mismatches(before)
    assert len({planned.loops[v.id] for v in (*late.wanted, late.asker) if late.wanted}) <= 1
    for id, loop in planned.loops.items():
        vertex = planned.suite.vertices[id]
        assert loop.anchor.encloses(vertex.anchor)
        if vertex.declared is not None:
            assert loop.anchor == vertex.anchor.at(vertex.declared)
        if id in before.loops and loop != before.loops[id]:
            assert before.loops[id].anchor.scope is Scope.FUNCTION
            assert before.loops[id] not in live


@examples
@given(late_requests())
def test_what_is_asked_for_before_anything_runs_fits_a_test_with_a_loop_of_its_own(
    late: Late,
) -> None:
    planned = plan(late.suite)
    own = planned.loop_of(late.asker.id)
    alone = own is None or own.anchor == late.asker.anchor
    elsewhere = {planned.loop_of(vertex.id) for vertex in late.wanted} - {None, own}
    if alone and not elsewhere:
        assert place(planned, late.wanted, late.asker, live=()) is None


@examples
@given(mistaken_suites(), st.sampled_from(Policy), st.data())
def test_no_mistake_of_a_user_raises(suite: Suite, policy: Policy, data: st.DataObject) -> None:
    vertices = list(suite.vertices.values())
    known = data.draw(st.lists(st.sampled_from(vertices), unique_by=lambda vertex: vertex.id))
    planned = plan(Suite.of(known), policy)
    before = deepcopy(planned)
    asker = data.draw(st.sampled_from(vertices))
    wanted = data.draw(st.lists(st.sampled_from(vertices), max_size=4))
    misfit = place(planned, wanted, asker, draw_live(data, planned))
    if misfit is not None:
        assert planned == before
    elif wanted:
        books_agree(planned)
        assert len({planned.loops[vertex.id] for vertex in (*wanted, asker)}) == 1


def draw_live(data: st.DataObject, planned: Plan) -> set[Loop]:
    loops = list(planned.members())
    return data.draw(st.sets(st.sampled_from(loops))) if loops else set()


def mismatches(planned: Plan) -> list[object]:
    return [found for found in check(planned) if not isinstance(found, OutlivesLoop)]
