"""Two runs are compared test by test, and every difference has to be listed."""

from __future__ import annotations

import pytest

from downstream.compare import compare
from downstream.differences import Known
from downstream.plugins.downstream_record import matches
from downstream.records import Record


def known(test: str, theirs: str, ours: str) -> Known:
    return Known("project", "default", test, theirs, ours, "because")


def test_equal_runs_have_no_differences() -> None:
    record = Record({"a": "passed", "b": "xfailed"})
    comparison = compare(record, record, [])
    assert (comparison.tests, comparison.same, comparison.as_expected) == (2, 2, True)


def test_a_difference_that_is_not_listed_is_unexpected() -> None:
    comparison = compare(Record({"a": "passed"}), Record({"a": "failed"}, {"a": "why"}), [])
    assert not comparison.as_expected
    (found,) = comparison.unexpected
    assert (found.test, found.theirs, found.ours, found.message) == ("a", "passed", "failed", "why")


@pytest.mark.parametrize(
    ("theirs", "ours", "pair"),
    [
        ({"a": "passed", "b": "passed"}, {"a": "passed"}, ("passed", "missing")),
        ({"a": "passed"}, {"a": "passed", "b": "passed"}, ("missing", "passed")),
    ],
)
def test_a_test_that_only_one_side_has_is_a_difference(
    theirs: dict[str, str], ours: dict[str, str], pair: tuple[str, str]
) -> None:
    (found,) = compare(Record(theirs), Record(ours), []).differences
    assert (found.theirs, found.ours) == pair


def test_a_listed_difference_is_expected() -> None:
    entry = known("a", "passed", "failed")
    comparison = compare(Record({"a": "passed"}), Record({"a": "failed"}), [entry])
    assert comparison.as_expected
    assert comparison.differences[0].known is entry
    assert comparison.same == 0


def test_a_listed_difference_of_another_kind_is_not_this_one() -> None:
    entry = known("a", "passed", "skipped")
    comparison = compare(Record({"a": "passed"}), Record({"a": "failed"}), [entry])
    assert comparison.unexpected
    assert comparison.gone == (entry,)


def test_a_listed_difference_that_is_gone_is_unexpected() -> None:
    entry = known("a", "passed", "failed")
    comparison = compare(Record({"a": "passed"}), Record({"a": "passed"}), [entry])
    assert not comparison.as_expected
    assert comparison.gone == (entry,)


def test_one_entry_may_cover_many_tests() -> None:
    theirs = Record({f"a[{n}]": "passed" for n in range(3)})
    ours = Record({f"a[{n}]": "failed" for n in range(3)})
    assert compare(theirs, ours, [known("a[*]", "passed", "failed")]).as_expected


@pytest.mark.parametrize(
    ("pattern", "test", "expected"),
    [
        ("t.py::test_it", "t.py::test_it", True),
        ("t.py::test_it", "t.py::test_it2", False),
        ("t.py::test_it[x]", "t.py::test_it[x]", True),
        ("t.py::test_it[x]", "t.py::test_itx", False),
        ("*::test_it[*]", "a/t.py::test_it[1-2]", True),
        ("*::test_it", "a/t.py::test_it[1-2]", False),
    ],
)
def test_only_the_star_is_special_in_a_pattern(pattern: str, test: str, expected: bool) -> None:
    assert matches(pattern, test) is expected
