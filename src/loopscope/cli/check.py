"""`loopscope check`: what is wrong with the loops of a suite, before it runs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loopscope.cli.collecting import collect, suite_options
from loopscope.cli.files import OUTPUT, writing
from loopscope.cli.terminal import console
from loopscope.diagnose.selection import Selection, parse_codes
from loopscope.errors import UnknownName
from loopscope.report.annotations import github, sarif
from loopscope.report.checked import checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopscope.report.checked import Checked

_EPILOG = """\
\b
Examples:
  loopscope check
  loopscope check tests/api --as planned
  loopscope check --select LS1,LS2 --ignore LS202
  loopscope check --format github
  loopscope check --format sarif --output loopscope.sarif
  loopscope check tests --python .venv/bin/python -- -k login -o asyncio_mode=auto

Exit codes: 0, nothing is found; 1, there are findings; 2, the suite could not be collected.
"""


def _codes(
    context: click.Context, option: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    try:
        return parse_codes(value)
    except UnknownName as exc:
        raise click.BadParameter(str(exc), context, option) from None


@click.command(epilog=_EPILOG)
@click.argument("paths", metavar="[PATHS]... [-- ARGUMENTS...]", nargs=-1)
@suite_options("declared")
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(("text", "json", "github", "sarif")),
    help="What to print: github is for the log of a GitHub workflow, sarif for code scanning.",
)
@click.option(
    "--select",
    metavar="CODES",
    multiple=True,
    callback=_codes,
    help="Tell these codes only, or families of codes such as LS1, separated by commas.",
)
@click.option(
    "--ignore",
    metavar="CODES",
    multiple=True,
    callback=_codes,
    help="Do not tell these, although they are selected.",
)
@click.option("--output", metavar="FILE", type=OUTPUT, help="Write the findings into a file.")
def check(
    paths: tuple[str, ...],
    judged: str,
    python: str,
    form: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    output: Path | None,
) -> None:
    """Tell what is wrong with the loops of a suite, before a test runs.

    pytest collects PATHS, or what it collects by itself, in the current directory; no test runs.
    By default, the suite is judged as declared: as pytest-asyncio or anyio run it today, so that
    you learn what explodes there before it does. What is written in loopscope's own words is
    planned even then. With --as planned it is judged as loopscope runs it, which is to ask for
    once loopscope executes the suite. What the ini file says in loopscope_ignore is not told.
    """
    document = collect(python, judged, paths, whole=False)
    findings = Selection(select, ignore).of(document.findings)
    result = checked(judged, document, findings, _locator(Path(document.root)))
    text = "" if form == "text" and output is None else _FORMS[form](result)
    if output is not None:
        with writing(output):
            output.write_text(text, encoding="utf-8")
        click.echo(result.summary, err=True)
    elif form == "text":
        _show(result)
    else:
        click.echo(text, nl=False)
        click.echo(result.summary, err=True)
    sys.exit(1 if result.mistakes else 0)


def _text(result: Checked) -> str:
    blocks = [*map(str, result.mistakes), "\n".join(_last_lines(result))]
    return "\n\n".join(blocks) + "\n"


def _json(result: Checked) -> str:
    return json.dumps(result.as_plain(), indent=2) + "\n"


def _github(result: Checked) -> str:
    return "".join(f"{line}\n" for line in github(result))


def _sarif(result: Checked) -> str:
    return json.dumps(sarif(result), indent=2) + "\n"


_FORMS: dict[str, Callable[[Checked], str]] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
}


def _last_lines(result: Checked) -> list[str]:
    return [result.summary, *([result.advice] if result.advice else [])]


def _show(result: Checked) -> None:
    out = console()
    for mistake in result.mistakes:
        head, _, rest = str(mistake).partition("\n")
        out.print(head, style="bold", soft_wrap=True)
        out.print(rest, soft_wrap=True)
        out.print()
    summary, *advice = _last_lines(result)
    out.print(summary, style="bold red" if result.mistakes else "bold green")
    for line in advice:
        out.print(line)


def _locator(root: Path) -> Callable[[str], str]:
    """Return what makes of a path in a plan one from the current directory."""
    here = Path.cwd()

    def locate(path: str) -> str:
        there = root / path
        if root == here or not there.exists():
            return path
        try:
            return Path(os.path.relpath(there, here)).as_posix()
        except ValueError:
            return there.as_posix()  # on another drive

    return locate
