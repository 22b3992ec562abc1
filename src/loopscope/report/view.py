"""From the events of a run to what its timeline shows; pure, and drawn by somebody else.

A lane is for what is alike: all the loops of the tests share one, since they follow one another.
Within a lane, whatever overlaps is put into rows. A run that was cut off leaves things open: they
are drawn up to the last moment that their process told of, and marked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.report.model import Bar, Finding, Lane, Test, Timeline
from loopscope.report.process import Process
from loopscope.report.tables import loops_per_scope, slowest_fixtures
from loopscope.trace.events import RunBegan, RunEnded
from loopscope.trace.merge import on_one_clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loopscope.trace.events import Event


def view(processes: Iterable[Sequence[Event]]) -> Timeline:
    """Return the timeline of a run, of one process or of several."""
    every = [events for events in on_one_clock(processes) if events]
    lanes: list[Lane] = []
    bars: list[Bar] = []
    tests: list[Test] = []
    findings: list[Finding] = []
    for number, events in enumerate(every):
        name = _name(events, number) if len(every) > 1 else ""
        seen = Process(events, first_test=len(tests))
        more_lanes, more_bars, more_findings = seen.arranged(name, first_lane=len(lanes))
        lanes += more_lanes
        bars += more_bars
        findings += more_findings
        tests += seen.tests
    return Timeline(
        lanes=tuple(lanes),
        bars=tuple(bars),
        tests=tuple(tests),
        findings=tuple(sorted(findings, key=lambda finding: finding.time)),
        slowest_fixtures=slowest_fixtures(every),
        loops_per_scope=loops_per_scope(every, bars),
        facts=_facts(every),
        end=max((event.time for events in every for event in events), default=0.0),
        is_complete=all(any(isinstance(event, RunEnded) for event in events) for events in every),
    )


def _name(events: Sequence[Event], number: int) -> str:
    workers = (event.worker for event in events if isinstance(event, RunBegan))
    return next(workers, None) or f"process {number + 1}"


def _facts(every: Iterable[Sequence[Event]]) -> dict[str, str]:
    """Return what the run says of itself; all processes of a run say the same."""
    for events in every:
        for event in events:
            if isinstance(event, RunBegan):
                return {
                    "loopscope": event.loopscope,
                    "pytest": event.pytest,
                    "Python": event.python,
                    "engine": event.engine,
                    "loops": event.policy,
                }
    return {}
