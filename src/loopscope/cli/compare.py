"""`loopscope compare`: what is different in a later run."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import click

from loopscope.cli.comparison_text import show
from loopscope.cli.files import INPUT, load_summary
from loopscope.report.as_json import as_json
from loopscope.report.compare import MINIMUM, THRESHOLD, Comparison
from loopscope.report.compare import compare as compared

if TYPE_CHECKING:
    from pathlib import Path

CHANGES = tuple(one.name for one in dataclasses.fields(Comparison))
_EPILOG = """\
\b
Examples:
  loopscope compare main.json branch.json
  loopscope compare main.json branch.json --fail-on moved,outcomes
  loopscope compare main.json branch.json --threshold 2 --minimum 100 --format json
"""


def _changes(context: click.Context, option: click.Parameter, value: str) -> tuple[str, ...]:
    """Return the kinds of change that are named in `value`, separated by commas."""
    words = tuple(word.strip() for word in value.split(",") if word.strip())
    for word in words:
        if word not in CHANGES:
            raise click.BadParameter(f"{word!r} is none of {', '.join(CHANGES)}.", context, option)
    return words


@click.command(epilog=_EPILOG)
@click.argument("old", type=INPUT)
@click.argument("new", type=INPUT)
@click.option(
    "--threshold",
    metavar="RATIO",
    default=THRESHOLD,
    show_default=True,
    type=click.FloatRange(min=1),
    help="How many times as long as before is slower, or the other way round faster.",
)
@click.option(
    "--minimum",
    metavar="MILLISECONDS",
    default=MINIMUM * 1000,
    show_default=True,
    type=click.FloatRange(min=0),
    help="How far the times must be apart as well.",
)
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(("text", "json")),
    help="What to print.",
)
@click.option(
    "--fail-on",
    metavar="CHANGES",
    default="",
    callback=_changes,
    help=f"Exit with 1 if there are any of these, separated by commas: {', '.join(CHANGES)}.",
)
def compare(
    old: Path, new: Path, threshold: float, minimum: float, form: str, fail_on: tuple[str, ...]
) -> None:
    """Tell what is different in the run NEW from the run OLD.

    Both are files that pytest --loopscope-trace=PATH has written. Told are the tests and fixtures
    that moved to another loop, and whether it is wider or narrower; what appeared and vanished;
    tests that ended otherwise; and what got slower or faster: bodies of tests, and fixtures with
    their setup and teardown. With several files a run, make them one by `loopscope report --trace`.
    """
    comparison = compared(load_summary(old), load_summary(new), threshold, minimum / 1000)
    if form == "json":
        click.echo(as_json("comparison", comparison, threshold=threshold, minimum=minimum / 1000))
    else:
        show(comparison)
    found = {change: len(getattr(comparison, change)) for change in fail_on}
    if any(found.values()):
        said = ", ".join(f"{number} {change}" for change, number in found.items() if number)
        click.echo(f"Failed: {said}", err=True)
        sys.exit(1)
