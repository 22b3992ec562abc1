"""A fix is told in the words of whom it is about, and not at all where these have none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.core.graph import Suite, Vertex
from loopscope.core.plan import Misfit, Plan, place, plan
from loopscope.core.policy import Policy
from loopscope.core.rules import OutlivesLoop, check
from loopscope.core.scope import Scope
from loopscope.diagnose.edits import Edit
from loopscope.diagnose.fixes import Trials, findings, fixes_for, late_finding
from tests.core.literals import (
    FUNCTION,
    MODULE,
    SESSION,
    a_fixture,
    a_test,
    on,
    own_place,
    suite_of,
)
from tests.core.suites import declaring_suites, examples, mistaken_suites
from tests.diagnose.written import DIALECTS, in_any_words, written_in

ASYNCIO, ANYIO, TRIO, OURS = "pytest-asyncio", "anyio", "pytest-trio", "loopscope"
POOL = a_fixture("pool", SESSION)


def told(*vertices: Vertex, policy: Policy = Policy.PLANNED) -> list[tuple[str, str]]:
    """Return code and fix of each finding about a suite of these vertices."""
    return [(found.code, found.fix) for found in findings(plan(suite_of(*vertices), policy))]


def test_a_test_of_pytest_asyncio_is_told_its_own_words() -> None:
    db = written_in(ASYNCIO, a_fixture("db", MODULE))
    test = written_in(ASYNCIO, a_test("test_login", db, declared=Scope.FUNCTION))
    assert told(db, test) == [
        (
            "LS101",
            'drop loop_scope="function" from the mark of test_login '
            "(it then runs on the loop of module tests/test_a.py), or\n"
            '@pytest.mark.asyncio(loop_scope="module") on test_login',
        )
    ]


def test_a_fixture_of_pytest_asyncio_is_told_its_own_words() -> None:
    db = written_in(ASYNCIO, a_fixture("db", MODULE, declared=Scope.MODULE))
    pool = written_in(ASYNCIO, POOL)
    test = written_in(ASYNCIO, a_test("test_both", db, pool))
    assert told(pool, db, test) == [
        (
            "LS101",
            'drop loop_scope="module" from db (it then runs on the session loop), or\n'
            'loop_scope="session" on db',
        )
    ]


def test_two_vocabularies_in_one_fix_have_their_words_each() -> None:
    db = a_fixture("db", MODULE, declared=Scope.MODULE)
    test = written_in(ASYNCIO, a_test("test_it", db, POOL, declared=Scope.CLASS))
    assert told(POOL, db, test)[0] == (
        "LS101",
        'drop loop_scope="class" from the mark of test_it and loop_scope="module" from db, or\n'
        '@pytest.mark.asyncio(loop_scope="session") on test_it and loop_scope="session" on db',
    )


@pytest.mark.parametrize("vocabulary", [ANYIO, TRIO])
def test_who_has_no_words_for_loop_scopes_is_told_what_the_other_end_can_do(
    vocabulary: str,
) -> None:
    db = written_in(ASYNCIO, a_fixture("db", MODULE, declared=Scope.MODULE))
    test = written_in(vocabulary, a_test("test_it", db, POOL))
    assert told(POOL, db, test) == [
        (
            "LS101",
            'drop loop_scope="module" from db (it then runs on the session loop), or\n'
            'loop_scope="session" on db',
        )
    ]


@pytest.mark.parametrize("vocabulary", [ANYIO, TRIO])
def test_under_the_declared_policy_only_planning_helps_who_has_no_words(vocabulary: str) -> None:
    pool = written_in(ASYNCIO, POOL)
    test = written_in(vocabulary, a_test("test_it", pool))
    [mismatch] = findings(plan(suite_of(pool, test), Policy.DECLARED))
    assert (mismatch.code, mismatch.fix) == ("LS101", "set loopscope_loops = planned")


def test_a_default_is_changed_in_the_ini_file_or_overruled_by_a_declaration() -> None:
    pool = written_in(ASYNCIO, POOL)
    test = written_in(ASYNCIO, a_test("test_it", pool), default=Scope.FUNCTION)
    assert told(pool, test, policy=Policy.DECLARED) == [
        (
            "LS101",
            "set loopscope_loops = planned, or\n"
            '@pytest.mark.asyncio(loop_scope="session") on test_it, or\n'
            "set asyncio_default_test_loop_scope = session",
        )
    ]


def test_a_default_that_is_too_wide_under_the_planned_policy_is_changed_too() -> None:
    db = written_in(ASYNCIO, a_fixture("db", MODULE, declared=Scope.MODULE))
    test = written_in(ASYNCIO, a_test("test_it", db), default=Scope.SESSION)
    assert told(db, test) == [
        (
            "LS101",
            'drop loop_scope="module" from db (it then runs on the session loop), or\n'
            '@pytest.mark.asyncio(loop_scope="module") on test_it, or\n'
            "set asyncio_default_test_loop_scope = module",
        )
    ]


def test_a_default_that_a_fixture_outlives_is_changed_to_the_scope_of_each() -> None:
    pool = written_in(ASYNCIO, POOL, default=Scope.FUNCTION)
    assert told(pool) == []
    assert told(pool, policy=Policy.DECLARED) == [
        (
            "LS102",
            "set loopscope_loops = planned, or\n"
            'loop_scope="session" on pool, or\n'
            "set asyncio_default_fixture_loop_scope = fixture-scope",
        )
    ]


def test_a_default_is_left_alone_where_another_test_needs_it() -> None:
    pool = written_in(ASYNCIO, POOL)
    db = written_in(ASYNCIO, a_fixture("db", MODULE, declared=Scope.MODULE))
    on_db = written_in(ASYNCIO, a_test("test_db", db), default=Scope.MODULE)
    on_pool = written_in(ASYNCIO, a_test("test_pool", pool), default=Scope.MODULE)
    [(_, fix)] = told(pool, db, on_db, on_pool, policy=Policy.DECLARED)
    assert fix == (
        'set loopscope_loops = planned, or\n@pytest.mark.asyncio(loop_scope="session") on test_pool'
    )


def test_defaults_of_both_ends_are_changed_together() -> None:
    db = written_in(ASYNCIO, a_fixture("db", FUNCTION, POOL), default=Scope.MODULE)
    test = written_in(ASYNCIO, a_test("test_it", db, POOL, at=FUNCTION), default=Scope.CLASS)
    [_, (_, fix), _] = told(POOL, db, test, policy=Policy.DECLARED)
    assert fix.splitlines()[-1] == (
        "set asyncio_default_test_loop_scope = session and "
        "asyncio_default_fixture_loop_scope = session"
    )


@pytest.mark.parametrize(
    ("vocabulary", "mark"),
    [
        (OURS, '@pytest.mark.loopscope(backend="trio")'),
        (ANYIO, '@pytest.mark.parametrize("anyio_backend", ["trio"])'),
    ],
)
def test_a_test_is_moved_to_another_backend_in_its_own_words(vocabulary: str, mark: str) -> None:
    pool = written_in(TRIO, a_fixture("pool", SESSION, backend="trio"))
    test = written_in(vocabulary, a_test("test_it", pool))
    [(_, fix)] = told(pool, test)
    assert fix.splitlines()[0] == f"{mark} on test_it, or"


def test_a_test_that_cannot_be_moved_is_told_to_adopt_the_fixture() -> None:
    pool = written_in(ASYNCIO, a_fixture("pool", FUNCTION))
    test = written_in(TRIO, a_test("test_it", pool, at=FUNCTION, backend="trio"))
    assert told(pool, test) == [
        ("LS201", "@pytest_trio.trio_fixture in place of the decorator of pool")
    ]


@pytest.mark.parametrize(
    ("vocabulary", "fix"),
    [
        (OURS, '@loopscope.fixture(scope="session") in place of the decorator of pool'),
        (ANYIO, '@pytest.fixture(scope="session") in place of the decorator of pool'),
        (TRIO, ""),
    ],
)
def test_a_fixture_is_adopted_in_the_words_of_its_user_if_there_are_any(
    vocabulary: str, fix: str
) -> None:
    pool = written_in(ASYNCIO, POOL)
    test = written_in(vocabulary, a_test("test_it", pool, backend="trio"))
    [(_, told_fix)] = told(pool, test)
    assert told_fix.rpartition("\n")[2] == fix


def test_a_fixture_that_somebody_else_uses_is_not_adopted() -> None:
    pool = written_in(ASYNCIO, POOL)
    other = written_in(ASYNCIO, a_test("test_other", pool))
    test = written_in(ANYIO, a_test("test_it", pool, backend="trio"))
    assert told(pool, other, test) == [
        ("LS201", '@pytest.mark.parametrize("anyio_backend", ["asyncio"]) on test_it')
    ]


@pytest.mark.parametrize("vocabulary", sorted(DIALECTS))
def test_a_backend_with_options_has_no_name_to_be_moved_to(vocabulary: str) -> None:
    pool = written_in(ASYNCIO, a_fixture("pool", SESSION, backend="asyncio by fast"))
    test = written_in(vocabulary, a_test("test_it", pool))
    assert "asyncio by fast" not in told(pool, test)[0][1]


@pytest.mark.parametrize(
    ("vocabulary", "fix"),
    [
        (OURS, 'drop scope="function" from the mark of test_it, and name pool in the signature'),
        (
            ASYNCIO,
            'drop loop_scope="function" from the mark of test_it, and name pool in the signature',
        ),
        (ANYIO, 'name pool in the signature, or @pytest.mark.usefixtures("pool")'),
    ],
)
def test_what_was_asked_for_too_late_is_named_in_the_words_of_the_test(
    vocabulary: str, fix: str
) -> None:
    test = written_in(vocabulary, a_test("test_it", at=FUNCTION, declared=Scope.FUNCTION))
    planned = plan(suite_of(test))
    found = place(planned, [POOL], test, {on(FUNCTION)})
    assert isinstance(found, Misfit)
    assert late_finding(planned, found).fix == fix


@examples
@given(in_any_words(declaring_suites()), st.sampled_from(Policy))
def test_a_fix_in_any_words_frees_the_user_and_makes_no_new_mistake(
    suite: Suite, policy: Policy
) -> None:
    planned = plan(suite, policy)
    before = told_of(planned)
    trials = Trials(planned, check(planned))
    for violation in check(planned):
        for fix in fixes_for(violation, trials):
            edited = Suite.of(map(fix.apply, suite.vertices.values()))
            assert told_of(plan(edited, fix.policy or policy)) < before


@examples
@given(in_any_words(mistaken_suites()), st.sampled_from(Policy))
def test_a_loop_scope_is_declared_only_by_who_has_words_for_it(
    suite: Suite, policy: Policy
) -> None:
    planned = plan(suite, policy)
    trials = Trials(planned, check(planned))
    for violation in check(planned):
        for fix in fixes_for(violation, trials):
            edited = {id: fix.apply(vertex) for id, vertex in suite.vertices.items()}
            for vertex in edited.values():
                assert vertex.declared is None or not vertex.always_planned


def test_an_edit_leaves_alone_whoever_is_defined_elsewhere() -> None:
    assert Edit.of(POOL, "declared", Scope.MODULE).apply(a_test("test_it")) == a_test("test_it")


def told_of(planned: Plan) -> set[tuple[str, ...]]:
    """Return who is wrong in a plan, and about whom."""
    return {
        (found.vertex.id,)
        if isinstance(found, OutlivesLoop)
        else (type(found).__name__, found.user.id, found.used.id)
        for found in check(planned)
    }


def test_whoever_uses_a_fixture_is_declared_along_with_it() -> None:
    pool = written_in(ASYNCIO, POOL)
    account = written_in(ASYNCIO, a_fixture("account", FUNCTION, pool))
    test = written_in(ASYNCIO, a_test("test_it", account, at=FUNCTION), default=Scope.FUNCTION)
    planned = plan(suite_of(pool, account, test), Policy.DECLARED)
    [mismatch] = findings(planned, executes=False)
    assert mismatch.fix == (
        'loop_scope="session" on account and @pytest.mark.asyncio(loop_scope="session") on test_it'
    )


def test_where_many_use_a_fixture_the_default_of_tests_goes_along_with_it() -> None:
    pool = written_in(ASYNCIO, POOL)
    suite = [pool]
    for name in ("test_a", "test_b", "test_c", "test_d"):
        account = a_fixture("account", own_place(name), pool, id=f"account of {name}")
        test = written_in(ASYNCIO, a_test(name, account), default=Scope.FUNCTION)
        suite += [written_in(ASYNCIO, account), test]
    fixes = {found.fix for found in findings(plan(suite_of(*suite), Policy.DECLARED))}
    assert fixes == {
        "set loopscope_loops = planned, or\n"
        'loop_scope="session" on account, and set asyncio_default_test_loop_scope = session'
    }


def test_to_let_loopscope_plan_is_no_fix_where_it_does_not_execute() -> None:
    pool = written_in(ASYNCIO, POOL)
    test = written_in(ASYNCIO, a_test("test_it", pool), default=Scope.FUNCTION)
    [mismatch] = findings(plan(suite_of(pool, test), Policy.DECLARED), executes=False)
    assert "loopscope_loops" not in mismatch.fix
    assert '@pytest.mark.asyncio(loop_scope="session") on test_it' in mismatch.fix
