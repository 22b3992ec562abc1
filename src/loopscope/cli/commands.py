"""The command and what it has: a module each."""

from __future__ import annotations

import click

from loopscope.cli.advise import advise
from loopscope.cli.check import check
from loopscope.cli.compare import compare
from loopscope.cli.explain import explain
from loopscope.cli.migrate import migrate
from loopscope.cli.report import report
from loopscope.cli.verify import verify

_EPILOG = """\
\b
Examples:
  loopscope check
  loopscope advise
  loopscope explain tests/test_auth.py::test_login
  loopscope verify --against installed
  pytest --loopscope-trace=trace.json
  loopscope report trace.json
  loopscope compare before.json trace.json

Exit codes: 0, all is well; 1, what was asked about is so; 2, the command could not be carried out.
"""


@click.group(
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="pytest-loopscope", message="%(prog)s %(version)s")
def loopscope() -> None:
    """Tell on which loop each async test and fixture runs, or ran, and why."""


for _command in (check, advise, explain, migrate, verify, report, compare):
    loopscope.add_command(_command)
