"""What breaks the rule that a scope must not outlive its loop."""

from __future__ import annotations

import pytest

from loopscope.core.plan import plan
from loopscope.core.policy import Policy
from loopscope.core.rules import BackendMismatch, LoopMismatch, OutlivesLoop, check
from loopscope.core.scope import Scope
from tests.core.literals import (
    CLASS,
    FUNCTION,
    MODULE,
    PLACES,
    SESSION,
    a_fixture,
    a_test,
    on,
    suite_of,
)

each_scope = pytest.mark.parametrize("scope", Scope, ids=lambda scope: scope.word)


def test_a_user_declared_narrower_than_what_it_uses_is_found() -> None:
    db = a_fixture("db", MODULE)
    test = a_test("test_it", db, at=FUNCTION, declared=Scope.CLASS)
    assert check(plan(suite_of(db, test))) == [LoopMismatch(test, db, on(CLASS), on(MODULE))]


def test_a_user_declared_wider_than_what_it_uses_is_found_if_that_is_declared_too() -> None:
    db = a_fixture("db", MODULE, declared=Scope.MODULE)
    test = a_test("test_it", db, at=FUNCTION, declared=Scope.SESSION)
    assert check(plan(suite_of(db, test))) == [LoopMismatch(test, db, on(SESSION), on(MODULE))]


@each_scope
def test_two_that_declare_the_same_break_no_rule(scope: Scope) -> None:
    db = a_fixture("db", PLACES[scope], declared=scope)
    test = a_test("test_it", db, at=FUNCTION, declared=scope)
    assert check(plan(suite_of(db, test))) == []


@each_scope
@pytest.mark.parametrize("declared", Scope, ids=lambda scope: f"declared-{scope.word}")
def test_a_fixture_outlives_any_loop_that_is_declared_narrower(
    scope: Scope, declared: Scope
) -> None:
    db = a_fixture("db", PLACES[scope], declared=declared)
    found = [OutlivesLoop(db, declared)] if declared < scope else []
    assert check(plan(suite_of(db))) == found


@pytest.mark.parametrize("policy", Policy, ids=lambda policy: policy.value)
def test_a_use_across_backends_is_found(policy: Policy) -> None:
    pool = a_fixture("pool", SESSION, backend="trio")
    test = a_test("test_it", pool)
    assert check(plan(suite_of(pool, test), policy)) == [BackendMismatch(test, pool)]


def test_the_declared_policy_is_held_to_the_same_rule() -> None:
    pool = a_fixture("pool", SESSION)
    test = a_test("test_it", pool, at=FUNCTION)
    found = check(plan(suite_of(pool, test), Policy.DECLARED))
    assert found == [LoopMismatch(test, pool, on(FUNCTION), on(SESSION))]


def test_what_is_found_comes_in_suite_order_and_loops_that_close_early_first() -> None:
    pool = a_fixture("pool", SESSION)
    one = a_test("test_1", pool, declared=Scope.MODULE)
    two = a_test("test_2", pool, declared=Scope.MODULE)
    db = a_fixture("db", MODULE, declared=Scope.CLASS)
    assert check(plan(suite_of(one, two, db, pool))) == [
        OutlivesLoop(db, Scope.CLASS),
        LoopMismatch(one, pool, on(MODULE), on(SESSION)),
        LoopMismatch(two, pool, on(MODULE), on(SESSION)),
    ]


def test_what_runs_on_no_loop_breaks_no_rule() -> None:
    options = a_fixture("options", SESSION, needs_loop=False, declared=Scope.FUNCTION)
    assert check(plan(suite_of(options, a_test("test_it", options)))) == []


@pytest.mark.parametrize("declared", [None, Scope.FUNCTION], ids=["undeclared", "declared"])
def test_a_sync_test_may_use_several_loops_unless_it_declares_one(declared: Scope | None) -> None:
    db, own = a_fixture("db", SESSION), a_fixture("own", FUNCTION)
    test = a_test("test_sync", db, own, at=FUNCTION, needs_loop=False, declared=declared)
    found = check(plan(suite_of(db, own, test), Policy.DECLARED))
    assert bool(found) is (declared is not None)
