"""A fix is told only if the suite, planned again with it, is rid of the mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.origin import Origin
from loopscope.core.plan import Loop, Misfit, Plan, place, plan
from loopscope.core.policy import Policy
from loopscope.core.rules import OutlivesLoop, Violation, check
from loopscope.core.scope import Scope
from loopscope.diagnose import fixes
from loopscope.diagnose.edits import Edit, make_async
from loopscope.diagnose.fixes import Trials, findings, fix_for_bound, fixes_for, late_finding
from tests.core.literals import (
    FUNCTION,
    MODULE,
    OTHER_MODULE,
    SESSION,
    a_fixture,
    a_test,
    on,
    suite_of,
)
from tests.core.suites import declaring_suites, examples, mistaken_suites, suites

if TYPE_CHECKING:
    from loopscope.diagnose.edits import Fix

POOL = a_fixture("pool", SESSION)


def told(*vertices: Vertex, policy: Policy = Policy.PLANNED) -> list[tuple[str, str]]:
    """Return code and fix of each finding about a suite of these vertices."""
    return [(found.code, found.fix) for found in findings(plan(suite_of(*vertices), policy))]


def test_a_suite_without_mistakes_has_no_findings() -> None:
    assert told(POOL, a_test("test_it", POOL)) == []


def test_a_test_that_declares_too_little_drops_it_or_declares_the_loop_it_needs() -> None:
    db = a_fixture("db", MODULE)
    assert told(db, a_test("test_it", db, declared=Scope.FUNCTION)) == [
        (
            "LS101",
            'drop scope="function" from the mark of test_it '
            "(it then runs on the loop of module tests/test_a.py), or\n"
            '@pytest.mark.loopscope(scope="module") on test_it',
        )
    ]


def test_a_fixture_that_declares_too_little_for_its_user_is_the_one_to_change() -> None:
    db = a_fixture("db", MODULE, declared=Scope.MODULE)
    assert told(POOL, db, a_test("test_both", db, POOL)) == [
        (
            "LS101",
            'drop loop_scope="module" from db (it then runs on the session loop), or\n'
            'loop_scope="session" on db',
        )
    ]


def test_two_that_contradict_each_other_are_told_apart() -> None:
    db = a_fixture("db", MODULE, declared=Scope.MODULE)
    assert told(db, a_test("test_it", db, declared=Scope.SESSION)) == [
        (
            "LS101",
            'drop scope="session" from the mark of test_it '
            "(it then runs on the loop of module tests/test_a.py), or\n"
            '@pytest.mark.loopscope(scope="module") on test_it',
        )
    ]


def test_where_one_end_is_not_enough_both_change() -> None:
    db = a_fixture("db", MODULE, declared=Scope.MODULE)
    test = a_test("test_it", db, POOL, declared=Scope.CLASS)
    assert told(POOL, db, test)[0] == (
        "LS101",
        'drop scope="class" from the mark of test_it and loop_scope="module" from db, or\n'
        '@pytest.mark.loopscope(scope="session") on test_it and loop_scope="session" on db',
    )


def test_a_fix_that_would_tear_another_user_away_is_not_told() -> None:
    db = a_fixture("db", MODULE, declared=Scope.MODULE)
    content = a_test("test_content", db, declared=Scope.MODULE)
    assert told(POOL, db, content, a_test("test_both", db, POOL)) == [
        (
            "LS101",
            'drop loop_scope="module" from db and scope="module" from the mark of test_content',
        )
    ]


def test_a_fixture_that_outlives_its_loop_drops_it_or_declares_its_own_scope() -> None:
    assert told(a_fixture("db", MODULE, declared=Scope.FUNCTION)) == [
        (
            "LS102",
            'drop loop_scope="function" from db '
            "(it then runs on the loop of module tests/test_a.py), or\n"
            'loop_scope="module" on db',
        )
    ]


def test_a_fixture_that_outlives_its_loop_declares_no_less_than_what_it_uses_needs() -> None:
    db = a_fixture("db", MODULE, POOL, declared=Scope.FUNCTION)
    fix = (
        'drop loop_scope="function" from db (it then runs on the session loop), or\n'
        'loop_scope="session" on db'
    )
    assert told(POOL, db) == [("LS102", fix), ("LS101", fix)]


def test_under_the_declared_policy_planning_is_offered_first() -> None:
    assert told(POOL, a_test("test_it", POOL), policy=Policy.DECLARED) == [
        (
            "LS101",
            'set loopscope_loops = planned, or\n@pytest.mark.loopscope(scope="session") on test_it',
        )
    ]


def test_under_the_declared_policy_planning_is_not_offered_where_it_does_not_help() -> None:
    test = a_test("test_it", POOL, declared=Scope.MODULE)
    assert told(POOL, test, policy=Policy.DECLARED) == [
        ("LS101", '@pytest.mark.loopscope(scope="session") on test_it')
    ]


def test_a_declaration_is_changed_for_all_that_come_from_one_definition() -> None:
    """What helps db in one module and hurts it in another is no fix."""
    where = Origin("conftest.py", 1)
    here = a_fixture("db", MODULE, id="here", declared=Scope.MODULE, origin=where)
    there = a_fixture("db", OTHER_MODULE, id="there", declared=Scope.MODULE, origin=where)
    pool_user = a_test("test_pool", POOL, here)
    content = a_test("test_content", there, at=OTHER_MODULE, declared=Scope.MODULE)
    wide = a_fixture("wide", OTHER_MODULE, there, declared=Scope.SESSION)
    [finding, _] = findings(plan(suite_of(POOL, here, there, pool_user, content, wide)))
    assert (finding.code, finding.concerns, finding.fix) == ("LS101", "test_pool", "")


def test_a_definition_that_declares_something_else_elsewhere_is_left_alone_there() -> None:
    """A test that two classes inherit may be marked in each of them."""
    db = a_fixture("db", MODULE)
    where = Origin("test_a.py", 1)
    wrong = a_test("test_wrong", db, declared=Scope.CLASS, origin=where)
    right = a_test("test_right", db, declared=Scope.MODULE, origin=where)
    planned = plan(suite_of(db, wrong, right))
    [violation] = check(planned)
    drop, _ = fixes_for(violation, Trials(planned, [violation]))
    after = edited(planned.suite, drop).vertices
    assert (after[wrong.id].declared, after[right.id].declared) == (None, Scope.MODULE)


@pytest.mark.parametrize("number", [1, 50])
def test_what_helps_one_parameter_of_a_test_is_tried_once_for_all(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = Origin("test_a.py", 1)
    tests = [
        a_test(f"test_it[{i}]", POOL, declared=Scope.MODULE, origin=where) for i in range(number)
    ]
    planned = plan(suite_of(POOL, *tests))
    tried: list[Suite] = []

    def counting(suite: Suite, policy: Policy) -> Plan:
        tried.append(suite)
        return plan(suite, policy)

    monkeypatch.setattr(fixes, "replan", counting)
    assert all(found.fix for found in findings(planned))
    assert len(tried) == 2


def test_a_suite_full_of_mistakes_is_planned_again_only_so_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fixes, "REPLANNED", 20)
    tests = [a_test(f"test_{number}", POOL, declared=Scope.MODULE) for number in range(9)]
    found = findings(plan(suite_of(POOL, *tests)))
    assert [bool(finding.fix) for finding in found] == [True] + 8 * [False]


def test_a_backend_is_changed_at_the_end_that_can_say_so() -> None:
    pool = a_fixture("pool", SESSION, backend="trio")
    assert told(pool, a_test("test_it", pool)) == [
        ("LS201", '@pytest.mark.loopscope(backend="trio") on test_it')
    ]


def test_a_backend_is_not_changed_under_the_feet_of_another_user() -> None:
    pool = a_fixture("pool", SESSION, backend="trio")
    content = a_test("test_content", pool, backend="trio")
    assert told(pool, content, a_test("test_it", pool)) == [
        ("LS201", '@pytest.mark.loopscope(backend="trio") on test_it')
    ]


@pytest.mark.parametrize(
    ("declared", "policy", "fix"),
    [
        pytest.param(
            None,
            Policy.PLANNED,
            'name pool in the signature, or @pytest.mark.usefixtures("pool")',
            id="undeclared",
        ),
        pytest.param(
            Scope.FUNCTION,
            Policy.PLANNED,
            'drop scope="function" from the mark of test_it, and name pool in the signature',
            id="declared",
        ),
        pytest.param(
            None,
            Policy.DECLARED,
            '@pytest.mark.loopscope(scope="session") on test_it, and name pool in the signature',
            id="declared-policy",
        ),
    ],
)
def test_what_was_asked_for_too_late_is_named_in_time(
    declared: Scope | None, policy: Policy, fix: str
) -> None:
    test = a_test("test_it", at=FUNCTION, declared=declared)
    assert late(test, [POOL], policy=policy, live={on(FUNCTION)}) == fix


def test_what_would_not_fit_in_time_either_has_no_fix() -> None:
    row = a_fixture("row", FUNCTION, backend="trio")
    assert late(a_test("test_it", at=FUNCTION), [row]) == ""


def late(
    test: Vertex,
    wanted: list[Vertex],
    policy: Policy = Policy.PLANNED,
    live: set[Loop] | None = None,
) -> str:
    planned = plan(suite_of(test), policy)
    found = place(planned, wanted, test, live or set())
    assert isinstance(found, Misfit)
    return late_finding(planned, found).fix


def test_a_sync_fixture_that_keeps_what_is_bound_to_a_loop_is_made_asynchronous() -> None:
    client = a_fixture("client", SESSION, needs_loop=False)
    test = a_test("test_it", client)
    assert bound(client, test) == (
        'make client an async fixture, with @loopscope.fixture(scope="session") '
        "(it then runs on the session loop)"
    )


def test_a_sync_fixture_is_not_made_asynchronous_where_a_user_could_not_share_its_loop() -> None:
    client = a_fixture("client", SESSION, needs_loop=False)
    other = a_test("test_other", client, declared=Scope.FUNCTION)
    assert bound(client, a_test("test_it", client), other) == ""


def test_a_fixture_that_is_declared_onto_another_loop_has_the_fix_of_the_mismatch() -> None:
    db = a_fixture("db", MODULE, declared=Scope.MODULE)
    test = a_test("test_it", db, declared=Scope.FUNCTION)
    [(_, fix)] = told(db, test)
    assert bound(db, test) == fix != ""


def test_a_fixture_on_the_loop_of_its_user_has_no_fix() -> None:
    assert bound(POOL, a_test("test_it", POOL)) == ""


def bound(used: Vertex, user: Vertex, *others: Vertex) -> str:
    return fix_for_bound(plan(suite_of(used, user, *others)), user, used)


@examples
@given(declaring_suites(), st.sampled_from(Policy), st.data())
def test_a_fixture_is_made_asynchronous_only_where_that_makes_no_mistake(
    suite: Suite, policy: Policy, data: st.DataObject
) -> None:
    planned = plan(suite, policy)
    pairs = [(user, used) for user, used in suite.edges(suite.vertices) if not used.needs_loop]
    assume(pairs)
    user, used = data.draw(st.sampled_from(pairs))
    for made in (make_async(used), make_async(used, used.anchor.scope)):
        if made is not None and fix_for_bound(planned, user, used).startswith(made.words):
            after = check(plan(edited(suite, made), policy))
            assert set(map(ends, after)) <= set(map(ends, check(planned)))


@examples
@given(declaring_suites(), st.sampled_from(Policy))
def test_a_fix_frees_the_user_and_makes_no_new_mistake(suite: Suite, policy: Policy) -> None:
    violations = check(plan(suite, policy))
    trials = Trials(plan(suite, policy), violations)
    for violation in violations:
        for fix in fixes_for(violation, trials):
            left = check(plan(edited(suite, fix), fix.policy or policy))
            assert user_of(violation) not in map(user_of, left)
            assert set(map(ends, left)) <= set(map(ends, violations))


@examples
@given(suites(), st.sampled_from(Scope), st.data())
def test_every_fix_that_is_printed_for_the_one_mistake_of_a_suite_makes_its_plan_clean(
    suite: Suite, scope: Scope, data: st.DataObject
) -> None:
    tests = [vertex for vertex in suite.vertices.values() if vertex.kind is Kind.TEST]
    mistaken = Edit.of(data.draw(st.sampled_from(tests)), "declared", scope)
    suite = Suite.of(map(mistaken.apply, suite.vertices.values()))
    planned = plan(suite)
    violations = check(planned)
    trials = Trials(planned, violations)
    for violation, finding in zip(violations, findings(planned), strict=True):
        fixes = list(fixes_for(violation, trials))
        assert finding.fix == ", or\n".join(fix.words for fix in fixes) != ""
        for fix in fixes:
            assert check(plan(edited(suite, fix))) == []


@examples
@given(mistaken_suites(), st.sampled_from(Policy))
def test_no_mistake_of_a_user_raises(suite: Suite, policy: Policy) -> None:
    planned = plan(suite, policy)
    assert [found.code for found in findings(planned)] == [
        {"OutlivesLoop": "LS102", "LoopMismatch": "LS101", "BackendMismatch": "LS201"}[
            type(violation).__name__
        ]
        for violation in check(planned)
    ]


def edited(suite: Suite, fix: Fix) -> Suite:
    return Suite.of(map(fix.apply, suite.vertices.values()))


def user_of(violation: Violation) -> str:
    return violation.vertex.id if isinstance(violation, OutlivesLoop) else violation.user.id


def ends(violation: Violation) -> tuple[str, ...]:
    if isinstance(violation, OutlivesLoop):
        return (violation.vertex.id,)
    return (violation.user.id, violation.used.id)
