"""A summary in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.cli.terminal import console, count, seconds, section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopscope.report.results import Process, Summary


def show(summary: Summary, top: int) -> None:
    """Print `summary`, with the `top` slowest tests and fixtures."""
    out = console()
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in summary.outcomes.items())
    out.print(
        f"{count(len(summary.tests), 'test')} in {seconds(summary.seconds)}"
        + (f": {outcomes}" if outcomes else ""),
        style="bold",
    )
    for line in dict.fromkeys(map(_process, summary.processes)):
        out.print(line)
    section(
        out,
        "Loops",
        [
            (loops.scope or "observed", loops.backend, str(loops.planned), str(loops.opened))
            for loops in summary.loops
        ],
        "scope backend >planned >opened",
    )
    section(
        out,
        "Slowest fixtures",
        [
            (
                seconds(one.seconds),
                str(one.times),
                seconds(one.setup),
                seconds(one.teardown),
                one.scope,
                one.name,
                one.origin,
            )
            for one in summary.slowest_fixtures(top)
        ],
        ">time >times >setup >teardown scope fixture where",
    )
    section(
        out,
        "Slowest tests",
        [
            (
                seconds(test.seconds),
                seconds(test.setup),
                seconds(test.call),
                seconds(test.teardown),
                test.outcome,
                test.id,
            )
            for test in summary.slowest_tests(top)
        ],
        ">time >setup >call >teardown outcome test",
    )
    section(out, "Findings", [(found.text,) for found in summary.findings])
    section(out, "Left behind", list(_leftovers(summary)))
    section(
        out,
        "Crashed and cancelled",
        [
            *((f"{one.fixture or 'a fixture'}: {one.error}",) for one in summary.crashed),
            *((f"{one.test}: {one.why}",) for one in summary.cancelled),
        ],
    )
    section(
        out,
        "Kept a loop from turning",
        [
            (seconds(one.seconds), one.test or "between tests", *one.stack[-1:])
            for one in summary.blocked
        ],
    )
    section(out, "Did not end", list(_unfinished(summary)))


def _process(process: Process) -> str:
    if process.python is None:
        return "It is not known what ran it: the beginning is missing."
    return (
        f"Python {process.python}, pytest {process.pytest}, loopscope {process.loopscope}, "
        f"engine {process.engine}, loops {process.policy}"
    )


def _leftovers(summary: Summary) -> Iterator[tuple[str]]:
    for one in summary.leftovers:
        yield (one.text if one.has_ended else f"{one.text}\n  It has not ended.",)


def _unfinished(summary: Summary) -> Iterator[tuple[str, str, str]]:
    for one in summary.unfinished:
        yield one.kind, one.name, one.worker or ""
