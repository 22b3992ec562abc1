"""Outcomes are those of pytest's phases, and two runs are equal if all of these are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.report.outcomes import (
    RANK,
    Outcomes,
    OutcomesError,
    TestOutcome,
    compare,
    decode,
    recorded,
    without_backend,
)
from loopscope.report.places import Place

PASSED = {"setup": "passed", "call": "passed", "teardown": "passed"}
FAILED = {**PASSED, "call": "failed"}
BROKEN = {"setup": "failed", "teardown": "passed"}
SKIPPED = {"setup": "skipped", "teardown": "passed"}


def outcomes(**tests: dict[str, str] | TestOutcome) -> Outcomes:
    made = {
        id: one if isinstance(one, TestOutcome) else TestOutcome(id, "test_a.py:1", one)
        for id, one in tests.items()
    }
    return Outcomes({"python": "3.13.0"}, made, 0)


@pytest.mark.parametrize(
    ("phases", "word"),
    [
        (PASSED, "passed"),
        (FAILED, "failed"),
        (BROKEN, "error"),
        ({**PASSED, "teardown": "failed"}, "error"),
        (SKIPPED, "skipped"),
        ({**PASSED, "call": "xfailed"}, "xfailed"),
        ({**PASSED, "call": "xpassed"}, "xpassed"),
        ({"collect": "failed"}, "error"),
    ],
)
def test_one_word_says_what_became_of_a_test(phases: dict[str, str], word: str) -> None:
    assert TestOutcome("test_it", "test_a.py:1", phases).outcome == word


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        (PASSED, FAILED, "worse", ("passed", "failed")),
        (SKIPPED, BROKEN, "worse", ("skipped", "error")),
        (BROKEN, PASSED, "better", ("error", "passed")),
        (PASSED, SKIPPED, "otherwise", ("passed", "skipped")),
        (FAILED, BROKEN, "otherwise", ("failed", "error")),
        (
            BROKEN,
            {**PASSED, "teardown": "failed"},
            "otherwise",
            (
                "setup failed, teardown passed",
                "setup passed, call passed, teardown failed",
            ),
        ),
    ],
)
def test_a_test_that_ended_otherwise_is_a_difference(
    old: dict[str, str], new: dict[str, str], kind: str, words: tuple[str, str]
) -> None:
    found = compare(outcomes(a=old, b=PASSED), outcomes(a=new, b=PASSED))
    (difference,) = found.differences
    assert (difference.kind, difference.old, difference.new) == (kind, *words)
    assert found.same == 1


def test_a_test_of_one_run_only_is_a_difference() -> None:
    found = compare(outcomes(a=PASSED), outcomes(b=FAILED))
    assert [(one.kind, one.test, one.old, one.new) for one in found.differences] == [
        ("new", "b", None, "failed"),
        ("gone", "a", "passed", None),
    ]


def test_failures_are_equal_and_another_error_is_told() -> None:
    old = outcomes(
        a=TestOutcome("a", "t.py:1", FAILED, "at 0x7f01, for 12 ms"),
        b=TestOutcome("b", "t.py:2", FAILED, "ValueError"),
    )
    new = outcomes(
        a=TestOutcome("a", "t.py:1", FAILED, "at 0x7eff, for 9 ms"),
        b=TestOutcome("b", "t.py:2", FAILED, "LS101 loop scope mismatch"),
    )
    found = compare(old, new)
    assert (found.differences, found.same, found.other_errors) == ((), 2, ("b",))


@pytest.mark.parametrize(
    ("id", "bare"),
    [
        ("t.py::test_a", "t.py::test_a"),
        ("t.py::test_a[asyncio]", "t.py::test_a"),
        ("t.py::test_a[1-trio-x]", "t.py::test_a[1-x]"),
        ("t.py::test_a[asyncio+uvloop]", "t.py::test_a"),
        ("t.py::test_a[triolet]", "t.py::test_a[triolet]"),
        ("t.py::test_a[x\nasyncio]", "t.py::test_a[x\nasyncio]"),
    ],
)
def test_a_backend_is_no_part_of_what_a_test_is(id: str, bare: str) -> None:
    assert without_backend(id) == bare


def test_the_ids_of_two_vocabularies_are_brought_together() -> None:
    one = outcomes(**{"a": PASSED, "b[1]": FAILED})
    several = outcomes(
        **{"a[trio]": PASSED, "a[asyncio]": PASSED, "b[trio-1]": FAILED, "b[asyncio-1]": FAILED}
    )
    there = compare(one, several)
    assert [(diff.kind, diff.test) for diff in there.differences] == [
        ("new", "a[trio]"),
        ("new", "b[trio-1]"),
    ]
    back = compare(several, one)
    assert [(diff.kind, diff.test) for diff in back.differences] == [
        ("gone", "a[trio]"),
        ("gone", "b[trio-1]"),
    ]
    assert (there.same, back.same) == (2, 2)


def test_where_tests_ran_is_compared_by_the_width_of_the_loop() -> None:
    def on(scope: str, backend: str = "asyncio") -> TestOutcome:
        return TestOutcome("a", "t.py:1", PASSED, loop=Place(backend, scope))

    def change(old: TestOutcome, new: TestOutcome) -> dict[str, int]:
        return compare(outcomes(a=old), outcomes(a=new)).loops

    assert change(on("function"), on("session")) == {"wider": 1}
    assert change(on("session"), on("module")) == {"narrower": 1}
    assert change(on("function"), on("function", "anyio_backend at conftest.py:3")) == {"same": 1}
    assert change(on("function"), on("function", "trio")) == {"another": 1}
    assert change(TestOutcome("a", "t.py:1", PASSED), on("module")) == {}


places = st.builds(Place, st.sampled_from(["asyncio", ""]), st.sampled_from(["function", "module"]))
tests = st.builds(
    TestOutcome,
    st.text(min_size=1),
    st.text(),
    st.dictionaries(st.sampled_from(["setup", "call", "teardown"]), st.sampled_from(RANK)),
    st.none() | st.text(),
    st.none() | places,
)
runs = st.builds(
    lambda versions, made, code: Outcomes(versions, {one.id: one for one in made}, code),
    st.dictionaries(st.text(), st.text()),
    st.lists(tests),
    st.none() | st.integers(),
)


@given(run=runs)
def test_what_is_saved_is_read_and_equal_to_itself(run: Outcomes) -> None:
    assert decode(run.encode()) == run
    found = compare(run, decode(run.encode()))
    assert (found.differences, found.other_errors, found.same) == ((), (), len(run.tests))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda said: said.update(format="loopscope plan"), "not what loopscope verify --save"),
        (lambda said: said.update(version=2), "of version 2"),
        (lambda said: said.pop("tests"), "cannot be read: KeyError('tests')"),
        (lambda said: said["tests"][0]["phases"].update(call="fine"), "'fine' is none of passed"),
    ],
    ids=["format", "version", "missing", "outcome"],
)
def test_what_is_no_outcomes_is_refused(change: object, why: str) -> None:
    said = json.loads(outcomes(a=PASSED).encode())
    change(said)  # type: ignore[operator]
    with pytest.raises(OutcomesError) as caught:
        decode(json.dumps(said))
    assert why in str(caught.value)


def line(when: str, outcome: str, error: str | None = None, test: str = "a") -> str:
    said = {"test": test, "when": when, "outcome": outcome, "origin": "t.py:1", "error": error}
    return json.dumps(said)


def test_what_was_recorded_is_put_together_by_test() -> None:
    found = recorded(
        [
            json.dumps({"python": "3.8.1", "pytest": "7.4.4", "plugins": {"anyio": "4.5.2"}}),
            line("setup", "passed"),
            line("call", "rerun", "the first time"),
            line("setup", "passed"),
            line("call", "failed", "ValueError"),
            line("call", "passed"),
            line("teardown", "failed", "KeyError"),
            json.dumps({"exit": 1}),
            '{"test": "cut o',
        ]
    )
    assert found.versions == {"python": "3.8.1", "pytest": "7.4.4", "anyio": "4.5.2"}
    assert found.exit_code == 1
    phases = {"setup": "passed", "call": "failed", "teardown": "failed"}
    assert list(found.tests.values()) == [TestOutcome("a", "t.py:1", phases, "ValueError")]
