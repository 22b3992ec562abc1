"""Whatever a fault could hurt is found: a table that cannot fail would prove nothing."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.faults.cell import Cell, Fault, Phase
from tests.faults.judge import ANOTHER_USER, THE_FAULT, Record, judge
from tests.faults.summary import summary
from tests.faults.table import FAULTS

NEIGHBOUR = "suite_c_after.py::test_on_no_loop"
PASSED = {"setup": "passed", "call": "passed", "teardown": "passed"}
FAILED = {**PASSED, "call": "failed"}
END: dict[str, Any] = {"descriptors": [], "threads": [], "loops": [], "child": False, "pid": 1}
FAULT = Fault("a fault", says="ValueError: by hand")
CELL = Cell("a fault", Phase.BODY, "session", "asyncio")


def event(what: str, name: str, loop: str = "loop 0") -> dict[str, Any]:
    return {"what": what, "name": name, "loop": loop}


WITHOUT = Record(
    outcomes={THE_FAULT: PASSED, ANOTHER_USER: PASSED, NEIGHBOUR: PASSED},
    fixtures=[event("up", "a"), event("up", "b"), event("down", "b"), event("down", "a")],
    ends=[END],
)


def with_fault(**changes: object) -> Record:
    """Return the record of a run in which only the fault's own test fails, and then `changes`."""
    run = deepcopy(WITHOUT)
    run.code, run.outcomes[THE_FAULT] = 1, FAILED
    run.texts[THE_FAULT] = "E   ValueError: by hand"
    for name, value in changes.items():
        setattr(run, name, value)
    return run


def test_a_run_in_which_only_the_fault_s_own_test_fails_has_lost_nothing() -> None:
    assert not judge(FAULT, CELL, with_fault(), WITHOUT)


OUTCOMES = with_fault().outcomes
OTHERS = {THE_FAULT: FAILED, ANOTHER_USER: PASSED}
HURT: dict[str, dict[str, object]] = {
    "did not end": {"hung": True},
    "exit code 0 instead of 1": {"code": 0},
    "instead of {'setup': 'passed'": {"outcomes": {**OUTCOMES, NEIGHBOUR: FAILED}},
    "None instead of": {"outcomes": OTHERS},
    "call': 'passed', 'teardown': 'passed'} instead of": {
        "outcomes": {**OUTCOMES, THE_FAULT: PASSED}
    },
    "does not say 'ValueError": {"texts": {THE_FAULT: "something else"}},
    "a was set up and not torn down": {"fixtures": [event("up", "a")]},
    "a was torn down on loop 1": {"fixtures": [event("up", "a"), event("down", "a", "loop 1")]},
    "a was torn down on loop 0 before": {
        "fixtures": [event("up", "a"), event("up", "b"), event("down", "a"), event("down", "b")]
    },
    "a was torn down twice": {"fixtures": [event("up", "a"), *[event("down", "a")] * 2]},
    "did not come to its end": {"ends": []},
    "descriptors left: 7": {"ends": [{**END, "descriptors": ["7: a socket"]}]},
    "threads left": {"ends": [{**END, "threads": ["a thread"]}]},
    "loops left": {"ends": [{**END, "loops": ["a loop"]}]},
    "a child process left": {"ends": [{**END, "child": True}]},
    "a process outlived the run": {"strays": True},
    "it says: INTERNALERROR> oh": {"output": "INTERNALERROR> oh"},
    "coroutine 'x' was never awaited": {"output": "coroutine 'x' was never awaited"},
}


@pytest.mark.parametrize("found", HURT)
def test_whatever_is_hurt_is_found(found: str) -> None:
    assert found in "\n".join(judge(FAULT, CELL, with_fault(**HURT[found]), WITHOUT))


def test_where_sync_is_the_yardstick_the_outcomes_are_those_of_sync() -> None:
    other = with_fault(outcomes={**OUTCOMES, NEIGHBOUR: FAILED}, code=3)
    assert judge(FAULT, CELL, with_fault(), WITHOUT, sync=other)
    assert not judge(FAULT, CELL, deepcopy(other), WITHOUT, sync=other)


def test_who_may_suffer_must_say_of_what() -> None:
    fault = Fault("a fault", says="ValueError", suffers={"after": "is closed"})
    run = with_fault(outcomes={**OUTCOMES, NEIGHBOUR: FAILED})
    assert "does not say 'is closed'" in "\n".join(judge(fault, CELL, run, WITHOUT))
    run.texts[NEIGHBOUR] = "the loop is closed"
    assert not judge(fault, CELL, run, WITHOUT)


@pytest.mark.parametrize(
    ("ran", "line"),
    [
        (["passed"] * 3, "faults: 3 cells of 2 faults, nothing lost"),
        (
            ["passed", "xfailed"],
            "faults: 2 cells of 2 faults, 1 with a defect that is known, nothing lost",
        ),
        (["passed", "failed"], "faults: 2 cells of 2 faults, 1 LOST SOMETHING"),
    ],
)
def test_the_summary_counts_what_ran_and_what_was_lost(ran: list[str], line: str) -> None:
    faults = ["one", "other", "one"]
    assert summary(list(zip(ran, faults, strict=False))) == line


def test_there_are_sixty_faults_and_more_of_every_phase_and_scope() -> None:
    chosen = [cell for n, fault in enumerate(FAULTS.values()) for cell in fault.cells(n)]
    assert len(FAULTS) >= 60
    product = {(cell.phase, cell.scope, cell.way) for cell in chosen}
    for phase in (Phase.SETUP, Phase.BODY, Phase.TEARDOWN):
        for scope in ("session", "module", "class", "function"):
            for backend in ("asyncio", "trio"):
                assert (phase, scope, backend) in product


def test_each_fault_is_run_on_all_its_backends() -> None:
    for number, fault in enumerate(FAULTS.values()):
        ways = {cell.way for cell in fault.cells(number)}
        assert Phase.BODY not in fault.phases or ways == set(fault.backends), fault.name
