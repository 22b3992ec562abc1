"""A suite of which one test is planned for all that are alike is planned as if each were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.plan import plan
from loopscope.core.policy import Policy
from loopscope.core.rules import check
from loopscope.core.scope import Anchor, Scope
from loopscope.core.twins import Twins
from tests.core.literals import MODULE, SESSION, a_fixture, a_test, on, own_place
from tests.core.suites import declaring_suites, examples, mistaken_suites, suites

if TYPE_CHECKING:
    from random import Random

policies = st.sampled_from(Policy)
each_policy = pytest.mark.parametrize("policy", Policy, ids=lambda policy: policy.value)


@dataclass
class Written:
    """A suite's vertices in suite order, some of them twins of one before: `first_of` has that."""

    vertices: list[Vertex]
    first_of: dict[str, Vertex]

    @property
    def whole(self) -> Suite:
        """The suite in which each test is a vertex from the start."""
        return Suite.of(self.vertices)

    def in_short(self, made: list[str] | None = None) -> Suite:
        """Return the suite in which twins are made, and told to `made`, when they are asked for."""
        by_id = {vertex.id: vertex for vertex in self.vertices}

        def make(id: str) -> Vertex:
            if made is not None:
                made.append(id)
            return by_id[id]

        suite, twins = Suite(), {one.id: Twins(one, make) for one in self.first_of.values()}
        for vertex in self.vertices:
            if vertex.id in self.first_of:
                suite.vertices.add(vertex.id, twins[self.first_of[vertex.id].id])
            else:
                suite.vertices[vertex.id] = vertex
        return suite


def twin(first: Vertex, number: int) -> Vertex:
    """Return a test that differs from another one in nothing but its name and its own place."""
    node, around = f"{first.anchor.node} {number}", first.anchor.parent
    if around is not None and around.node == first.anchor.node:
        around = Anchor(Scope.CLASS, node, around.parent)
    anchor = Anchor(Scope.FUNCTION, node, around)
    return replace(first, id=f"{first.id} {number}", name=f"{first.name} {number}", anchor=anchor)


def may_have_twins(vertex: Vertex, suite: Suite) -> bool:
    used = [suite.vertices[id] for id in vertex.uses if id in suite.vertices]
    return (
        vertex.kind is Kind.TEST
        and vertex.anchor.scope is Scope.FUNCTION
        and all(one.anchor.node != vertex.anchor.node for one in used)
        and not any(vertex.id in one.uses for one in suite.vertices.values())
    )


@st.composite
def written(draw: st.DrawFn, of: st.SearchStrategy[Suite]) -> Written:
    """Draw a suite, and twins of its tests anywhere behind them."""
    suite = draw(of)
    order, first_of = list(suite.vertices.values()), {}
    for vertex in suite.vertices.values():
        if may_have_twins(vertex, suite):
            for number in range(draw(st.integers(0, 3))):
                behind = order.index(vertex) + 1
                order.insert(draw(st.integers(behind, len(order))), twin(vertex, number))
                first_of[f"{vertex.id} {number}"] = vertex
    return Written(order, first_of)


any_suite = st.one_of(suites(), declaring_suites(), mistaken_suites())


@examples
@given(written(any_suite), policies)
def test_the_plan_of_all_is_that_of_a_suite_without_twins(written: Written, policy: Policy) -> None:
    whole, short = plan(written.whole, policy), plan(written.in_short(), policy)
    assert list(short.loops.items()) == list(whole.loops.items())
    assert list(short.suite.vertices.items()) == list(whole.suite.vertices.items())
    assert short.members() == whole.members()
    assert short.reasons == whole.reasons
    assert short == whole


@examples
@given(written(any_suite), policies, st.randoms())
def test_each_has_that_loop_whoever_was_asked_for_before(
    written: Written, policy: Policy, random: Random
) -> None:
    whole, short = plan(written.whole, policy), plan(written.in_short(), policy)
    ids = [vertex.id for vertex in written.vertices]
    random.shuffle(ids)
    for id in ids:
        if random.random() < 0.5:
            assert short.suite.vertices[id] == whole.suite.vertices[id]
        assert short.loop_of(id) == whole.loop_of(id)
        assert (id in short.loops) is (id in whole.loops)
    assert list(short.loops.items()) == list(whole.loops.items())


@examples
@given(written(any_suite), policies)
def test_what_breaks_the_rule_is_told_of_each(written: Written, policy: Policy) -> None:
    whole, short = plan(written.whole, policy), plan(written.in_short(), policy)
    assert check(short) == check(whole)
    assert short.backends == {loop.backend for loop in whole.loops.values()}


def a_module(*tests: Vertex, twins: int) -> Written:
    """Return a suite of a pool, and tests with so many twins each."""
    more = [(twin(one, number), one) for one in tests for number in range(twins)]
    vertices = [a_fixture("pool", SESSION), *tests, *(one for one, _ in more)]
    return Written(vertices, {one.id: first for one, first in more})


TESTS = a_test("alone"), a_test("together", "pool")


@each_policy
def test_nothing_is_made_to_plan_and_check_what_keeps_the_rule(policy: Policy) -> None:
    made: list[str] = []
    planned = plan(a_module(*TESTS, twins=50).in_short(made), policy)
    assert check(planned) == [] or policy is Policy.DECLARED
    assert planned.backends == {"asyncio"}
    assert policy is Policy.DECLARED or made == []


def test_one_that_is_asked_for_is_made_alone() -> None:
    made: list[str] = []
    planned = plan(a_module(*TESTS, twins=50).in_short(made))
    assert planned.loop_of("alone 7") == on(twin(TESTS[0], 7).anchor)
    assert planned.loop_of("together 3") == on(SESSION)
    assert planned.suite.vertices["together 4"] == twin(TESTS[1], 4)
    assert made == ["alone 7", "together 4"]


@pytest.mark.parametrize("moved", ["alone", "alone 0"])
def test_one_that_is_moved_takes_no_other_along(moved: str) -> None:
    planned = plan(a_module(*TESTS, twins=2).in_short())
    planned.assign(planned.suite.vertices[moved], on(MODULE))
    own = {id: on(own_place(id)) for id in ("alone", "alone 0", "alone 1")}
    expected = {**own, moved: on(MODULE)}
    assert {id: planned.loop_of(id) for id in own} == expected
    assert {id: planned.loops[id] for id in own} == expected


def test_what_is_planned_later_comes_last() -> None:
    planned = plan(a_module(*TESTS, twins=1).in_short())
    late = a_test("late")
    planned.suite.vertices["late"] = late
    planned.assign(late, on(MODULE))
    assert list(planned.loops) == ["pool", "alone", "together", "alone 0", "together 0", "late"]
