"""What is said of a test, a fixture or a code, line by line."""

from __future__ import annotations

import pytest

from loopscope.core.origin import Origin
from loopscope.core.plan import plan
from loopscope.core.scope import Scope
from loopscope.diagnose.catalog import CODES
from loopscope.diagnose.explanation import explain, find
from loopscope.diagnose.fixes import findings
from loopscope.diagnose.pages import page
from loopscope.report.explained import candidates, code_page, ladder_of
from tests.core.literals import FUNCTION, MODULE, OTHER_MODULE, SESSION, a_fixture, a_test, suite_of

POOL = a_fixture("pool", SESSION)
DB = a_fixture("db", MODULE, POOL)
TEST = a_test("test_it", DB, at=FUNCTION)


def test_a_test_is_told_with_its_loop_its_uses_the_reason_and_what_makes_it_narrower() -> None:
    assert ladder_of(explain(plan(suite_of(POOL, DB, TEST)), [TEST])) == [
        "test test_it  (test_it.py:1)",
        "  loop      session [asyncio]",
        "            1 test and 2 fixtures live on it",
        "  uses      db      module   db.py:1",
        "              pool  session  pool.py:1",
        "  why       test_it uses db (db.py:1)",
        "            db uses pool (pool.py:1)",
        "            pool is session-scoped",
        "  narrower  test_it without db: a loop of its own",
        "            db without pool: module tests/test_a.py [asyncio]",
        '            scope="function" on pool and db: a loop of its own',
        '            scope="class" on pool and db: class tests/test_a.py::TestA [asyncio]',
        '            scope="module" on pool: module tests/test_a.py [asyncio]',
        '            scope="package" on pool: package tests [asyncio]',
    ]


def test_a_fixture_is_told_with_its_scope_and_how_others_use_it() -> None:
    client = a_fixture("client", FUNCTION)
    test = a_test("test_it", client, POOL, at=FUNCTION)
    lines = ladder_of(explain(plan(suite_of(POOL, client, test)), [client]))
    assert lines[0] == "fixture client, function-scoped  (client.py:1)"
    assert "  why       client is used by test_it (test_it.py:1)" in lines


def test_a_loop_of_its_own_cannot_be_narrower() -> None:
    test = a_test("test_it", at=FUNCTION)
    assert ladder_of(explain(plan(suite_of(test)), [test])) == [
        "test test_it  (test_it.py:1)",
        "  loop      function [asyncio]",
        "  why       test_it needs no wider one",
    ]


def test_if_nothing_helps_that_is_said() -> None:
    db = a_fixture("db", MODULE, declared=Scope.SESSION)
    test = a_test("test_it", db, declared=Scope.SESSION)
    lines = ladder_of(explain(plan(suite_of(db, test)), [db]))
    assert lines[-1].startswith("  narrower  nothing that was tried: ")


def test_other_instances_are_counted_and_their_loops_named() -> None:
    instances = [
        a_fixture("db", place, id=str(place), origin=Origin("conftest.py", 3))
        for place in (MODULE, OTHER_MODULE)
    ]
    assert ladder_of(explain(plan(suite_of(*instances)), instances))[-1] == (
        "  others    1 more instance, on module tests/test_b.py [asyncio]"
    )


def test_what_has_no_loop_says_so() -> None:
    settings = a_fixture("settings", SESSION, needs_loop=False)
    assert ladder_of(explain(plan(suite_of(settings)), [settings]))[1] == (
        "  loop      none: it is synchronous, and so is all that it uses"
    )


def test_what_is_wrong_is_told_by_code_and_title() -> None:
    db = a_fixture("db", MODULE, declared=Scope.FUNCTION)
    planned = plan(suite_of(db))
    assert (
        "  wrong     LS102 db is module-scoped and would outlive its function loop"
    ) in ladder_of(explain(planned, [db], findings(planned)))


def test_candidates_are_told_by_their_lines() -> None:
    first = a_fixture("db", MODULE, id="one", origin=Origin("test_a.py", 3))
    second = a_fixture("db", MODULE, id="other", origin=Origin("tests/conftest.py", 12))
    assert candidates(find(plan(suite_of(first, second)), "db")) == [
        "test_a.py:3           fixture db",
        "tests/conftest.py:12  fixture db",
    ]


@pytest.mark.parametrize("code", CODES)
def test_a_page_has_the_title_the_meaning_the_example_and_what_to_write(code: str) -> None:
    lines = code_page(page(code))
    row = CODES[code]
    assert lines[0] == f"{code} {row.title}"
    assert row.meaning in " ".join(lines)
    assert f"    {code} " in "\n".join(lines)
    assert "What to write instead:" in lines
    assert (f"loopscope_ignore = {code}" in lines[-1]) == row.can_be_ignored
