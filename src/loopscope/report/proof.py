"""Whether a run did what was planned: a plan and the trace of its run, held against each other.

The plan is the one that was written after collection. The trace has to be *witnessed*: it tells the
loops that code was seen to run on, and not those that the engine believes it has put it on, which
would prove nothing. What cannot be proved of it is said, and never counted as proved.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.core.graph import Kind
from loopscope.report.followed import TO_THE_END, Followed
from loopscope.report.violations import NOT_RUN, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from loopscope.core.plan import Plan
    from loopscope.trace.events import Event


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved of a run, what could not be, and what was found to be otherwise.

    Args:
        tests: those that are on a loop, ran, and did everything where it was planned.
        setups: of fixtures, seen on their planned loop.
        teardowns: code of fixtures after their `yield`, seen there, too.
        loops: those that were opened, and closed after all that lived on them.
        unproved: how many tests are on a loop and have not shown it, by why.
        others: how many tests are on no planned loop, by why.
        moved: the ids of tests that were given another loop while they ran, with a fixture that
            they asked for dynamically.
        unseen: fixtures that have a loop and were not seen on one, as `path:line name`: synchronous
            ones, that are set up beside it.
        gaps: what keeps the run as a whole from being proved.
    """

    tests: int
    setups: int
    teardowns: int
    loops: int
    unproved: dict[str, int]
    others: dict[str, int]
    moved: tuple[str, ...]
    unseen: tuple[str, ...]
    violations: tuple[Violation, ...]
    gaps: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the run is known to its end, and nothing in it was otherwise than planned."""
        return not self.violations and not self.gaps


def prove(plan: Plan, processes: Iterable[Sequence[Event]], *, is_complete: bool = True) -> Proof:
    """Hold the events of the processes of one run against the plan of its suite.

    Args:
        plan: of the suite as it was collected.
        processes: the events of each process in the order in which they were recorded.
        is_complete: whether the file that they were read from was complete.
    """
    followed = [Followed(plan, events) for events in processes]
    gaps = list(_gaps(followed, is_complete=is_complete))
    violations = [one for process in followed for one in process.violations]
    unproved, others = Counter[str](), Counter[str]()
    for process in followed:
        unproved.update(process.shown.unproved)
        others.update(process.shown.others)
    begun = {test for process in followed for test in process.begun}
    missing = [
        vertex
        for vertex in plan.suite.vertices.values()
        if vertex.kind is Kind.TEST
        and vertex.id in plan.loops
        and vertex.id.rstrip("'") not in begun
    ]
    if gaps:
        if missing:
            unproved["not run"] = len(missing)
    else:
        violations += [
            Violation(
                NOT_RUN,
                vertex.name,
                str(vertex.origin),
                planned=str(plan.loops[vertex.id]),
                test=vertex.id,
            )
            for vertex in missing
        ]
    return Proof(
        tests=sum(process.shown.tests for process in followed),
        setups=sum(process.setups for process in followed),
        teardowns=sum(process.teardowns for process in followed),
        loops=sum(process.loops for process in followed),
        unproved=dict(unproved),
        others=dict(others),
        moved=tuple(dict.fromkeys(test for process in followed for test in process.moved)),
        unseen=tuple(dict.fromkeys(one for process in followed for one in process.unseen)),
        violations=tuple(violations),
        gaps=tuple(gaps),
    )


def _gaps(followed: Sequence[Followed], *, is_complete: bool) -> Iterator[str]:
    if not is_complete:
        yield "the trace was cut off"
    if not followed:
        yield "the trace has no test in it"
    for process in followed:
        name = process.worker or "pytest"
        if process.began is None:
            yield f"it is not known what ran {name}: the beginning of its trace is missing"
        elif process.began.engine != "on":
            yield f"{name} ran by another engine: {process.began.engine}"
        elif not process.began.witnessed:
            yield f"the loops of {name} were not witnessed: --loopscope-witness was not given"
        if process.ended is None:
            yield f"{name} did not come to its end"
        elif process.ended.exit_code not in TO_THE_END:
            yield f"{name} was stopped: exit code {process.ended.exit_code}"
