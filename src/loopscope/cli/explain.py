"""`loopscope explain`: the loop of a test or fixture, or what a code means."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

import click

from loopscope.cli.collecting import collect, suite_options
from loopscope.cli.files import Failure
from loopscope.cli.terminal import console
from loopscope.diagnose.explanation import explain as explained
from loopscope.diagnose.explanation import find
from loopscope.diagnose.pages import page
from loopscope.errors import UnknownName
from loopscope.report.explained import candidates, code_page, ladder_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.core.plan import Plan

_EPILOG = """\
\b
Examples:
  loopscope explain LS101
  loopscope explain tests/test_auth.py::test_login
  loopscope explain pool
  loopscope explain tests/conftest.py:12
  loopscope explain pool tests/api --as declared -- -o asyncio_mode=auto
"""


@click.command(epilog=_EPILOG)
@click.argument("name", metavar="NODEID|FIXTURE|CODE")
@click.argument("paths", metavar="[PATHS]... [-- ARGUMENTS...]", nargs=-1)
@suite_options("planned")
def explain(name: str, paths: tuple[str, ...], judged: str, python: str) -> None:
    """Tell on which loop a test or fixture is, and why that is as wide as it is.

    Told are the fixtures that it uses, the way to the one that made the loop that wide, and what
    would make it narrower; the suite was planned again with each of these, and they did. A test is
    named by its node id or name, a fixture by its name, either by the line where it is defined.

    pytest collects PATHS, or what it collects by itself: who else uses a fixture decides on its
    loop, too. For a code, such as LS101, nothing is collected: told is what it means, what is
    printed of it, and what to write instead.
    """
    if re.fullmatch(r"(?i)LS\d*", name):
        try:
            _print(code_page(page(name)))
        except UnknownName as exc:
            raise click.BadParameter(str(exc), param_hint="CODE") from None
        return
    document = collect(python, judged, paths, whole=True)
    plan = document.plan
    found = find(plan, name)
    if not found:
        raise Failure(_unknown(plan, name))
    if len(found) > 1:
        lines = "\n".join(f"  {line}" for line in candidates(found))
        raise Failure(f"{name} may be any of these; name one by its line:\n{lines}")
    _print(ladder_of(explained(plan, found[0], document.findings)))


def _unknown(plan: Plan, name: str) -> str:
    vertices = plan.suite.vertices.values()
    known = dict.fromkeys(word for one in vertices for word in (one.name, one.anchor.node))
    near = difflib.get_close_matches(name, known, n=5)
    hint = f" Near: {', '.join(near)}." if near else ""
    return f"no async test or fixture, and none that uses one, is called {name!r}.{hint}"


def _print(lines: Sequence[str]) -> None:
    out = console()
    title, *rest = lines
    out.print(title, style="bold", soft_wrap=True)
    for line in rest:
        out.print(line, soft_wrap=True)
