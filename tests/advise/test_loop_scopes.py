"""What is to be declared makes every suite right, and touches nothing that is right already."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.advise.evidence import PYTEST_ASYNCIO, Written, key, written
from loopscope.advise.loop_scopes import Defaults, Solution, as_asyncio, solve
from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.origin import Origin
from loopscope.core.plan import plan
from loopscope.core.policy import Policy
from loopscope.core.rules import check
from loopscope.core.scope import Scope
from tests.core.literals import MODULE, PACKAGE, SESSION, a_fixture, a_test, own_place
from tests.core.suites import declaring_suites, examples

BOTH = frozenset(Kind)
NEITHER: frozenset[Kind] = frozenset()
defaults = st.builds(Defaults, st.sampled_from(Scope), st.one_of(st.none(), st.sampled_from(Scope)))


def in_its_words(suite: Suite, now: Defaults) -> Suite:
    """Return `suite` as pytest-asyncio would have collected it."""
    return Suite.of(
        replace(
            vertex,
            backend="asyncio",
            origin=in_a_file(vertex.origin),
            vocabulary=PYTEST_ASYNCIO,
            declared=vertex.declared if vertex.needs_loop else None,
            default=(now.test if vertex.kind is Kind.TEST else now.fixture)
            if vertex.needs_loop
            else None,
        )
        for vertex in suite.vertices.values()
    )


def in_a_file(origin: Origin) -> Origin:
    """Return a place in the suite, as what is drawn has, or the one in another package."""
    is_of_a_package = origin.path == "pytest_client.plugin"
    return origin if is_of_a_package else Origin(f"{origin.path}.py", origin.line)


def applied(suite: Suite, solution: Solution) -> Suite:
    """Return `suite` as it is with the solution written into it."""
    declared = {key(one.first): scope for one, scope in solution.declare}

    def change(vertex: Vertex) -> Vertex:
        default = solution.defaults.test
        if vertex.kind is Kind.FIXTURE:
            default = solution.defaults.fixture  # type: ignore[assignment]
        return replace(
            vertex,
            declared=declared.get(key(vertex), vertex.declared),
            default=default if vertex.needs_loop else None,
        )

    return Suite.of(map(change, suite.vertices.values()))


def scopes(suite: Suite) -> dict[str, Scope]:
    """Return the scope of the loop of everything, as declared."""
    loops = plan(suite, Policy.DECLARED).loops
    return {id: loop.anchor.scope for id, loop in loops.items()}


@examples
@given(drawn=declaring_suites(), now=defaults, settable=st.sampled_from((BOTH, NEITHER)))
def test_what_is_declared_keeps_the_rule(
    drawn: Suite, now: Defaults, settable: frozenset[Kind]
) -> None:
    suite = in_its_words(drawn, now)
    solution = solve(suite, now, settable=settable)
    assert solution.unsolved == 0
    after = applied(suite, solution)
    assert check(plan(after, Policy.DECLARED)) == []
    again = solve(after, solution.defaults, settable=settable)
    assert (again.defaults, again.declare) == (solution.defaults, ())


@examples
@given(drawn=declaring_suites(), now=defaults)
def test_what_is_right_stays_as_it_is(drawn: Suite, now: Defaults) -> None:
    suite = in_its_words(drawn, now)
    solution = solve(suite, now, settable=BOTH)
    if not check(plan(suite, Policy.DECLARED)):
        assert (solution.defaults, solution.declare) == (now, ())
    before, after = scopes(suite), scopes(applied(suite, solution))
    alone = [id for id in before if not related(suite, id)]
    wrong = {one.id for found in check(plan(suite, Policy.DECLARED)) for one in ends(found)}
    assert {id: after[id] for id in alone if id not in wrong} == {
        id: before[id] for id in alone if id not in wrong
    }


def related(suite: Suite, id: str) -> bool:
    """Say whether the definition of a vertex uses another, or is used by one."""
    same = {one for one, vertex in suite.vertices.items() if key(vertex) == key(suite.vertices[id])}
    return any(
        (user in same) != (used in same) or (user in same and used in same)
        for user, vertex in suite.vertices.items()
        for used in vertex.uses
    )


def ends(found: object) -> list[Vertex]:
    return [getattr(found, name) for name in ("vertex", "user", "used") if hasattr(found, name)]


def asked(*vertices: Vertex, settable: frozenset[Kind] = BOTH) -> dict[str, Scope]:
    """Return what each definition of a suite in pytest-asyncio's words is to declare."""
    suite = in_its_words(Suite.of(vertices), Defaults())
    solution = solve(suite, Defaults(), settable=settable)
    return {one.name: scope for one, scope in solution.declare}


def test_one_test_of_a_wide_fixture_declares_its_loop() -> None:
    pool = a_fixture("pool", SESSION)
    assert asked(pool, a_test("test_it", pool), a_test("test_else")) == {"test_it": Scope.SESSION}


def test_many_tests_of_a_wide_fixture_make_its_loop_the_default() -> None:
    pool = a_fixture("pool", SESSION)
    tests = [a_test(f"test_{number}", pool) for number in range(5)]
    alone = a_test("test_alone")
    assert asked(pool, alone, *tests) == {"test_alone": Scope.FUNCTION}
    assert len(asked(pool, alone, *tests, settable=NEITHER)) == 5


def test_a_fixture_that_is_used_with_and_without_a_wider_one_has_one_loop_scope() -> None:
    pool = a_fixture("pool", MODULE)
    at = own_place("test_a"), own_place("test_b")
    narrow = [
        a_fixture("user", at[0], pool, id="user of a"),
        a_fixture("user", at[1], pool, id="user of b"),
    ]
    tests = [a_test(f"test_{name}", user) for name, user in zip("ab", narrow, strict=True)]
    assert asked(pool, *narrow, *tests, settable=NEITHER) == {
        "user": Scope.MODULE,
        "test_a": Scope.MODULE,
        "test_b": Scope.MODULE,
    }


def test_a_package_s_loop_is_the_session_s() -> None:
    pool = a_fixture("pool", PACKAGE)
    wanted = asked(pool, a_test("test_it", pool), settable=NEITHER)
    assert wanted == {"pool": Scope.SESSION, "test_it": Scope.SESSION}


def test_before_1_0_a_class_wide_loop_needs_a_class() -> None:
    place = own_place("test_it")
    assert place.parent is not None
    shared = a_fixture("shared", place.parent)
    suite = in_its_words(Suite.of([shared, a_test("test_it", shared, at=place)]), Defaults())
    solution = solve(suite, Defaults(), settable=NEITHER, class_needs_class=True)
    assert {scope for _, scope in solution.declare} == {Scope.MODULE}


def test_what_another_package_would_have_to_declare_is_told_apart() -> None:
    theirs = a_fixture(
        "client", MODULE, origin=Origin("pytest_client.plugin", 3), declared=Scope.MODULE
    )
    wide = a_fixture("pool", SESSION)
    client = replace(theirs, uses=(wide.id,))
    suite = in_its_words(Suite.of([wide, client, a_test("test_it", client)]), Defaults())
    solution = solve(suite, Defaults(), settable=BOTH)
    assert [one.name for one in solution.beyond] == ["client"]


@pytest.mark.parametrize("vocabulary", ["anyio", "loopscope"])
def test_what_is_in_other_words_declares_nothing_before_it_is_converted(vocabulary: str) -> None:
    pool = replace(a_fixture("pool", SESSION, declared=Scope.SESSION), vocabulary=vocabulary)
    on_trio = replace(a_test("test_trio", pool, backend="trio"), vocabulary=vocabulary)
    made = as_asyncio([pool, on_trio], Defaults(Scope.MODULE))
    assert list(made.vertices) == ["pool"]
    assert made.vertices["pool"].declared is None
    (definition,) = written(made.vertices.values()).values()
    assert definition == Written((made.vertices["pool"],))


def test_a_test_that_is_inherited_and_marked_otherwise_is_left_alone_if_it_is_right() -> None:
    pool = a_fixture("pool", SESSION)
    origin = Origin("base.py", 3)
    inherited = [
        replace(a_test("test_it", at=own_place(name), origin=origin, declared=scope), id=name)
        for name, scope in (("one", Scope.MODULE), ("other", None))
    ]
    wrong = [a_test(f"test_{number}", pool) for number in range(3)]
    assert "test_it" not in asked(pool, *inherited, *wrong)
