"""A plan survives the way through JSON, whatever it is of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.core.plain import as_plain, from_plain
from loopscope.core.plan import plan
from loopscope.core.policy import Policy
from loopscope.core.scope import Scope
from loopscope.errors import LoopscopeError
from tests.core.literals import FUNCTION, MODULE, SESSION, a_fixture, a_test, suite_of
from tests.core.suites import declaring_suites, examples, mistaken_suites

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopscope.core.graph import Suite
    from loopscope.core.plan import Plan

POOL = a_fixture("pool", SESSION)
TEST = a_test("test_it", POOL, at=FUNCTION, declared=Scope.MODULE)


def through_json(plan: Plan) -> Plan:
    return from_plain(json.loads(json.dumps(as_plain(plan))))


@examples
@given(suite=declaring_suites() | mistaken_suites(), policy=st.sampled_from(Policy))
def test_what_is_read_back_is_what_was_planned(suite: Suite, policy: Policy) -> None:
    planned = plan(suite, policy)
    again = through_json(planned)
    assert again.policy is policy
    assert list(again.suite.vertices.items()) == list(planned.suite.vertices.items())
    assert again.loops == planned.loops
    assert again.members() == planned.members()
    assert again.reasons == planned.reasons


@examples
@given(suite=mistaken_suites())
def test_places_are_within_one_another_as_before(suite: Suite) -> None:
    again = through_json(plan(suite))
    for id, vertex in suite.vertices.items():
        assert list(again.suite.vertices[id].anchor.chain()) == list(vertex.anchor.chain())


@examples
@given(suite=declaring_suites())
def test_what_is_read_back_can_be_planned_again(suite: Suite) -> None:
    planned = plan(suite)
    assert plan(through_json(planned).suite).loops == planned.loops


def test_a_place_is_told_once() -> None:
    plain = as_plain(plan(suite_of(POOL, TEST)))
    assert [(one["scope"], one["around"]) for one in plain["places"]] == [
        ("session", None),
        ("package", 0),
        ("module", 1),
        ("class", 2),
        ("function", 3),
    ]


def test_a_loop_says_what_made_it_that_wide_and_who_lives_on_it() -> None:
    db = a_fixture("db", MODULE)
    (loop,) = as_plain(plan(suite_of(db, a_test("test_it", db))))["loops"]
    assert loop == {
        "id": "module tests/test_a.py [asyncio]",
        "name": "module tests/test_a.py [asyncio]",
        "backend": "asyncio",
        "scope": "module",
        "node": "tests/test_a.py",
        "because": "db",
        "members": ["db", "test_it"],
    }


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda plain: plain["places"].clear(), id="no-places"),
        pytest.param(lambda plain: plain["places"][1].update(around=7), id="no-such-place"),
        pytest.param(lambda plain: plain["places"][0].update(scope="week"), id="scope"),
        pytest.param(lambda plain: plain["vertices"][0].update(kind="plan"), id="kind"),
        pytest.param(lambda plain: plain["vertices"][0].update(node="nowhere"), id="node"),
        pytest.param(lambda plain: plain["loops"][0]["members"].append("nobody"), id="member"),
        pytest.param(lambda plain: plain.update(policy="none"), id="policy"),
    ],
)
def test_what_makes_no_sense_is_refused(change: Callable[[Any], None]) -> None:
    plain = as_plain(plan(suite_of(POOL, TEST)))
    change(plain)
    with pytest.raises((ValueError, LoopscopeError)):
        from_plain(plain)
