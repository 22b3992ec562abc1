"""`loopscope report`: what a run came to, from its trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loopscope.cli.files import INPUT, OUTPUT, Failure, load, refuse_to_overwrite, writing
from loopscope.cli.summary_text import show
from loopscope.report.as_json import as_json
from loopscope.report.summary import summarise
from loopscope.trace.file import write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from loopscope.trace.events import Event

_EPILOG = """\
\b
Examples:
  loopscope report trace.json
  loopscope report trace.json --html timeline.html
  loopscope report linux.json windows.json --trace both.json
  loopscope report trace.json --json | jq '.tests[] | select(.outcome == "failed") | .id'
"""


@click.command(epilog=_EPILOG)
@click.argument("traces", metavar="TRACE...", nargs=-1, required=True, type=INPUT)
@click.option("--text", is_flag=True, help="Print a summary. Done if nothing else is asked for.")
@click.option("--json", "wants_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--html", type=OUTPUT, help="Write the timeline, as a page that needs nothing else.")
@click.option(
    "--trace",
    "--perfetto",
    type=OUTPUT,
    help="Write all TRACEs as one, on one clock; Perfetto and chrome://tracing open it.",
)
@click.option(
    "--top",
    default=10,
    show_default=True,
    type=click.IntRange(min=0),
    help="How many of the slowest tests and fixtures the text has.",
)
def report(
    traces: tuple[Path, ...],
    text: bool,
    wants_json: bool,
    html: Path | None,
    trace: Path | None,
    top: int,
) -> None:
    """Tell what a run came to.

    Each TRACE is a file that pytest --loopscope-trace=PATH has written, also one that was cut off.
    Several of them, such as those of several machines, are one run. What is written overwrites
    what is there, but never a TRACE.
    """
    if text and wants_json:
        raise click.UsageError("--text and --json are both printed: choose one.")
    if html is not None and html == trace:
        raise click.UsageError("--html and --trace are one file.")
    refuse_to_overwrite(traces, [path for path in (html, trace) if path is not None])
    processes, is_complete = load(traces)
    if not is_complete:
        click.echo("The trace was cut off: this is what was written of it.", err=True)
    if trace is not None:
        with writing(trace):
            write(trace, processes)
    if html is not None:
        _write_timeline(html, processes)
    if wants_json:
        click.echo(as_json("summary", summarise(processes, is_complete=is_complete)))
    elif text or (html is None and trace is None):
        show(summarise(processes, is_complete=is_complete), top)


def _write_timeline(path: Path, processes: Sequence[Sequence[Event]]) -> None:
    # What draws is large: imported only where it is asked for.
    from loopscope.report.timeline import ReportError, write_report

    try:
        with writing(path):
            write_report(path, processes)
    except ReportError as exc:
        raise Failure(str(exc)) from None
