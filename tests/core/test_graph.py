"""A suite as a graph, and what of it takes part in planning."""

from __future__ import annotations

import pytest

from loopscope.core.graph import Suite, Vertex
from tests.core.literals import MODULE, SESSION, a_fixture, a_test, suite_of

SETTINGS = a_fixture("settings", SESSION, needs_loop=False)
POOL = a_fixture("pool", SESSION, SETTINGS)
CLIENT = a_fixture("client", MODULE, POOL, needs_loop=False)


def test_a_suite_knows_its_vertices_by_id_in_order() -> None:
    suite = suite_of(POOL, SETTINGS)
    assert list(suite.vertices.items()) == [("pool", POOL), ("settings", SETTINGS)]


def test_an_edge_is_a_use_whose_two_ends_are_among_the_chosen() -> None:
    test = a_test("test_it", CLIENT, SETTINGS)
    suite = suite_of(SETTINGS, POOL, CLIENT, test)
    assert list(suite.edges({"test_it": None, "client": None, "pool": None})) == [
        (test, CLIENT),
        (CLIENT, POOL),
    ]


def test_a_use_of_what_is_not_there_is_no_edge() -> None:
    suite = suite_of(a_test("test_it", "unknown"))
    assert list(suite.edges(suite.vertices)) == []


@pytest.mark.parametrize(
    ("vertices", "planned"),
    [
        pytest.param([a_test("test_it")], ["test_it"], id="async-test"),
        pytest.param([a_test("test_it", needs_loop=False)], [], id="sync-test"),
        pytest.param([POOL], ["pool"], id="async-fixture"),
        pytest.param([SETTINGS, POOL], ["pool"], id="not-what-it-uses-in-turn"),
        pytest.param([POOL, CLIENT], ["pool", "client"], id="sync-user-of-async"),
        pytest.param([CLIENT, POOL], ["client", "pool"], id="in-suite-order"),
        pytest.param(
            [POOL, CLIENT, a_test("test_it", CLIENT, needs_loop=False)],
            ["pool", "client", "test_it"],
            id="sync-user-of-sync-user-of-async",
        ),
        pytest.param(
            [a_fixture("a", SESSION, "b"), a_fixture("b", SESSION, "a", needs_loop=False)],
            ["a", "b"],
            id="in-a-circle",
        ),
        pytest.param(
            [
                a_fixture("a", SESSION, "b", needs_loop=False),
                a_fixture("b", SESSION, "a", needs_loop=False),
            ],
            [],
            id="in-a-sync-circle",
        ),
    ],
)  # fmt: skip
def test_what_needs_a_loop_or_uses_what_does_takes_part(
    vertices: list[Vertex], planned: list[str]
) -> None:
    assert list(Suite.of(vertices).on_loops()) == planned
