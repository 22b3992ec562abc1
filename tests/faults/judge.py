"""What a fault has hurt: the record of a run with it against that of the same run without it."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.faults.cell import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.faults.cell import Cell, Fault

THE_FAULT = "suite_b_fault.py::TestFault::test_the_fault"
ANOTHER_USER = "suite_b_fault.py::TestFault::test_another_user"
_WITHIN = {"class": "suite_b_fault.py::TestFault::", "module": "suite_b_fault.py::", "session": ""}

# What an interpreter, an event loop or pytest writes when something was lost.
_NOISE = re.compile(
    "INTERNALERROR|was never awaited|was destroyed but it is pending|Exception ignored in"
    "|never retrieved|unclosed|ResourceWarning|Event loop is closed|TrioInternalError|LS304"
)

Outcomes = dict[str, dict[str, str]]
"""By test: the outcome of each phase."""


@dataclass
class Record:
    """What a run has told."""

    code: int = 0
    hung: bool = False
    strays: bool = False
    outcomes: Outcomes = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    fixtures: list[dict[str, Any]] = field(default_factory=list)
    ends: list[dict[str, Any]] = field(default_factory=list)
    output: str = ""

    def read(self, path: Path) -> None:
        """Read the lines that the probe has written."""
        for line in path.read_text().splitlines() if path.exists() else ():
            told = json.loads(line)
            kind = told.pop("kind")
            if kind == "report":
                phases = self.outcomes.setdefault(told["nodeid"], {})
                phases[told["when"]] = told["outcome"]
                text = self.texts.get(told["nodeid"], "")
                self.texts[told["nodeid"]] = f"{text}\n{told['text']}"
            elif kind == "end":
                self.ends.append(told)
            elif kind in ("up", "down"):
                self.fixtures.append({"what": kind, **told})


def expected(fault: Fault, cell: Cell, without: Outcomes) -> Outcomes:
    """Return what the tests must come to, given what they come to without the fault."""
    outcomes = {nodeid: dict(phases) for nodeid, phases in without.items()}
    if fault.outcome == "passed":
        return outcomes
    users = [THE_FAULT, ANOTHER_USER]
    if fault.is_refused:
        outcomes[THE_FAULT] = {"setup": fault.outcome, "teardown": "passed"}
    elif cell.phase is Phase.BODY and fault.at_the_end:
        outcomes[THE_FAULT]["teardown"] = fault.outcome
    elif cell.phase is Phase.SETUP and not fault.at_the_end:
        for nodeid in users:
            outcomes[nodeid] = {"setup": fault.outcome, "teardown": "passed"}
    elif cell.phase in (Phase.SETUP, Phase.TEARDOWN):
        if cell.scope != "function":
            # Whoever is the last in the scope, by the order of execution.
            users = [nodeid for nodeid in without if nodeid.startswith(_WITHIN[cell.scope])][-1:]
        for nodeid in users:
            outcomes[nodeid]["teardown"] = fault.outcome
    elif cell.phase is not Phase.WHOLE:
        outcomes[THE_FAULT]["call"] = fault.outcome
        if cell.phase is Phase.BACKGROUND and cell.scope != "function":
            outcomes[ANOTHER_USER] = {"setup": "failed", "teardown": "passed"}  # LS302
    return outcomes


def broken(fault: Fault, outcomes: Outcomes, without: Outcomes) -> list[str]:
    """Return the tests that the fault breaks."""
    return [nodeid for nodeid, phases in outcomes.items() if phases != without.get(nodeid)]


def judge(
    fault: Fault, cell: Cell, run: Record, without: Record, sync: Record | None = None
) -> list[str]:
    """Return all that the fault has hurt and was not allowed to; `sync` is the yardstick."""
    if run.hung:
        return ["the run did not end", run.output]
    lost = [*_wrong_outcomes(fault, cell, run, without.outcomes, sync)]
    lost += _wrong_fixtures(fault, run.fixtures)
    lost += _left_behind(fault, run, sync)
    lost += _noise(fault, run, sync)
    return lost


def _wrong_outcomes(
    fault: Fault, cell: Cell, run: Record, without: Outcomes, sync: Record | None
) -> Iterator[str]:
    wanted = expected(fault, cell, without) if sync is None else sync.outcomes
    suffering = set()
    for nodeid in dict.fromkeys((*wanted, *run.outcomes)):
        found, text = run.outcomes.get(nodeid), run.texts.get(nodeid, "")
        if found == wanted.get(nodeid):
            continue
        message = _may_suffer(nodeid, fault.suffers)
        if message is None:
            yield f"{nodeid}: {found} instead of {wanted.get(nodeid)}\n{text}"
        else:
            suffering.add(nodeid)
            if found is not None and not re.search(message, text):
                yield f"{nodeid} suffers, and its report does not say {message!r}\n{text}"
    failing = broken(fault, wanted, without)
    if fault.says is not None:
        # At a wider scope a later user may be told no more than that the fixture has crashed.
        told = [nodeid for nodeid in failing if nodeid in run.outcomes][:1]
        for nodeid in told:
            if not re.search(fault.says, run.texts[nodeid]):
                yield f"{nodeid} does not say {fault.says!r}\n{run.texts[nodeid]}"
    code = fault.exit
    if code is None:
        is_red = suffering or any("failed" in phases.values() for phases in wanted.values())
        code = int(bool(is_red)) if sync is None else sync.code
    if run.code != code:
        yield f"exit code {run.code} instead of {code}\n{run.output}"


def _may_suffer(nodeid: str, suffers: Mapping[str, str]) -> str | None:
    return next((says for test, says in suffers.items() if re.search(test, nodeid)), None)


def _wrong_fixtures(fault: Fault, fixtures: list[dict[str, Any]]) -> Iterator[str]:
    if "teardown" in fault.costs:
        return
    stacks: dict[str, list[str]] = defaultdict(list)
    count: Counter[str] = Counter()
    for event in fixtures:
        name, loop = event["name"], event["loop"]
        if event["what"] == "up":
            stacks[loop].append(name)
            count[name] += 1
            continue
        count[name] -= 1
        if name not in stacks[loop]:
            yield f"{name} was torn down on {loop}, where it was not set up"
        elif stacks[loop].pop() != name:
            yield f"{name} was torn down on {loop} before what was set up after it"
    yield from (f"{name} was set up and not torn down" for name in count if count[name] > 0)
    yield from (f"{name} was torn down twice" for name in count if count[name] < 0)


def _left_behind(fault: Fault, run: Record, sync: Record | None) -> Iterator[str]:
    if not run.ends and "end" not in fault.costs and (sync is None or sync.ends):
        yield f"the run did not come to its end\n{run.output}"
    for end in run.ends:
        for what in ("descriptors", "threads", "loops"):
            too = sync is not None and any(end[what] for end in sync.ends)
            if end[what] and what not in fault.costs and not too:
                yield f"{what} left: {', '.join(end[what])}"
        if end["child"] and "child" not in fault.costs:
            yield "a child process left"
    if run.strays and "child" not in fault.costs:
        yield "a process outlived the run"


def _noise(fault: Fault, run: Record, sync: Record | None) -> Iterator[str]:
    # Reports of tests are in the output too; those are judged as reports.
    for line in run.output.splitlines():
        noise = _NOISE.search(line)
        if noise is None or (fault.noise is not None and re.search(fault.noise, line)):
            continue
        if sync is None or noise.group() not in sync.output:
            yield f"it says: {line}"
