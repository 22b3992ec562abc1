"""`loopscope advise`: which engine suits a suite, and what it has to be told."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loopscope.advise.advice import advise as advised
from loopscope.advise.blocks import Heading, blocks
from loopscope.advise.evidence import Evidence
from loopscope.advise.page import as_markdown, as_text
from loopscope.cli.collecting import collect, python_option
from loopscope.cli.files import OUTPUT, writing
from loopscope.cli.sources import read_project, read_sources
from loopscope.cli.terminal import console

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopscope.advise.advice import Advice

_EPILOG = """\
\b
Examples:
  loopscope advise
  loopscope advise tests/api
  loopscope advise --format markdown --output async-tests.md
  loopscope advise --format json | jq .recommendation
  loopscope advise --python .venv/bin/python -- -o asyncio_mode=auto

Exit codes: 0, advice is given; 2, the suite could not be collected.
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", metavar="[PATHS]... [-- ARGUMENTS...]", nargs=-1)
@python_option
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(("text", "json", "markdown")),
    help="What to print.",
)
@click.option("--output", metavar="FILE", type=OUTPUT, help="Write the advice into a file.")
def advise(paths: tuple[str, ...], python: str, form: str, output: Path | None) -> None:
    """Tell which engine suits a suite: the one that it has, another, or loopscope.

    pytest collects PATHS, or what it collects by itself, in the current directory; no test runs.
    Then the source below the root directory is read, and what the project says of itself. Told are
    the backends that are needed, how long async fixtures and their loops live, what pytest-asyncio
    and anyio would have to be told, how to prove it, what each engine would be to this suite, and
    which one to choose, for which reasons and against which. All of it holds for the versions that
    are installed.
    """
    document = collect(python, "declared", paths, whole=True)
    root = Path(document.root)
    of_the_suite = {one.origin.path for one in document.plan.suite.vertices.values()}
    scans = tuple(read_sources(root, of_the_suite))
    other = None if python == sys.executable else python
    advice = advised(Evidence(document, scans, read_project(root), paths, other))
    if form == "text" and output is None:
        _show(advice)
        return
    text = _FORMS[form](advice)
    if output is None:
        click.echo(text, nl=False)
    else:
        with writing(output):
            output.write_text(text, encoding="utf-8")
    click.echo(advice.recommendation.summary, err=True)


def _text(advice: Advice) -> str:
    return as_text(blocks(advice))


def _json(advice: Advice) -> str:
    return json.dumps(advice.as_plain(), indent=2) + "\n"


def _markdown(advice: Advice) -> str:
    return as_markdown(blocks(advice))


_FORMS: dict[str, Callable[[Advice], str]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
}


def _show(advice: Advice) -> None:
    out = console()
    for block in blocks(advice):
        style = "bold" if isinstance(block, Heading) else ""
        out.print(as_text([block]), style=style, soft_wrap=True, end="")
