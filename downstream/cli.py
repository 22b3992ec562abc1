"""The command line."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from downstream import report
from downstream.catalogue import read_projects, select
from downstream.compare import compare
from downstream.differences import concerning, read_differences
from downstream.environments import Environment, build_wheel, find_tools
from downstream.errors import DownstreamError
from downstream.processes import Children, interruptible
from downstream.report import BASELINE, Row, complain, say
from downstream.suites import Suite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from downstream.catalogue import Project
    from downstream.differences import Known
    from downstream.environments import Tools

HERE = Path(__file__).parent
PROJECTS = HERE / "projects.toml"
DIFFERENCES = HERE / "differences.toml"

AS_EXPECTED, DIFFERENT, BROKEN, INTERRUPTED = 0, 1, 2, 130

EPILOG = """\
examples:
  python -m downstream --list                      what there is, with * for the quick selection
  python -m downstream --ci                        the quick selection
  python -m downstream pytest-asyncio              one project, in all of its settings
  python -m downstream anyio --setting declared    one project, in one setting
  python -m downstream --python python3.10 --jobs 2
                                                   everything, on another interpreter

exit codes:
  0  every test had the same outcome on both engines, apart from the listed differences
  1  there are differences that are not listed, or listed ones that no longer occur
  2  a project could not be fetched, installed or run, or its baseline is none

In the table, "ran" counts the tests that loopscope itself ran, those of pytest runs that a suite
starts inside included. How each suite was started, and what it wrote, is in the logs below the work
folder.
"""


@dataclass(frozen=True, slots=True)
class Job:
    """What all projects of one invocation share."""

    work: Path
    tools: Tools
    children: Children
    wheel: Path | None
    known: list[Known]
    recreate: bool


@dataclass(slots=True)
class Result:
    """What came of one project: its runs, and what kept it from more of them."""

    project: str
    rows: list[Row] = field(default_factory=list)
    failure: str = ""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m downstream",
        description=(
            "Run released projects' own test suites on their own engine and on loopscope, "
            "and compare the outcomes test by test."
        ),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("projects", nargs="*", metavar="PROJECT", help="run these (default: all)")
    add("--ci", action="store_true", help="run the quick selection")
    add("--list", action="store_true", help="list the projects and stop")
    add("--theirs-only", action="store_true", help="run on their own engine and stop")
    add("--setting", metavar="NAME", help="of the settings on ours, run only this one")
    add("--python", type=_program, default=Path(sys.executable), metavar="PATH",
        help="interpreter for the suites (default: this one)")  # fmt: skip
    add("--work", type=Path, default=default_work(), metavar="DIR",
        help="where downloads and environments are kept (default: %(default)s)")  # fmt: skip
    add("--jobs", type=_count, default=1, metavar="N", help="projects at a time (default: 1)")
    add("--recreate", action="store_true", help="make the environments anew")
    return made


def default_work() -> Path:
    """Return a folder outside the checkout, so that nothing downloaded is ever committed."""
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "loopscope-downstream"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = parser().parse_args(arguments)
    children = Children()
    try:
        return _main(options, children)
    except DownstreamError as exc:
        complain(f"error: {exc}")
        return BROKEN
    except KeyboardInterrupt:
        children.kill()
        complain("interrupted")
        return INTERRUPTED


def _main(options: argparse.Namespace, children: Children) -> int:
    projects = read_projects(PROJECTS)
    known = read_differences(DIFFERENCES, projects)
    chosen = select(projects, options.projects, ci=options.ci)
    if options.list:
        for line in report.listing(chosen):
            say(line)
        return AS_EXPECTED
    if options.setting:
        chosen = _with_setting(chosen, options.setting)
    interruptible()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    tools = find_tools(options.python)
    chosen = _that_run_here(chosen, tools, named=bool(options.projects))
    wheel = None if options.theirs_only else build_wheel(work, tools, children)
    job = Job(work, tools, children, wheel, known, options.recreate)
    with ThreadPoolExecutor(options.jobs) as pool:
        try:
            results = list(pool.map(partial(_attempt, job), chosen))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            children.kill()
            raise
    return conclude(results)


def _attempt(job: Job, project: Project) -> Result:
    result = Result(project.name)
    try:
        _run(job, project, result.rows)
    except DownstreamError as exc:
        say(f"{project.name}: {exc}")
        result.failure = str(exc).partition("\n")[0]
    return result


def _run(job: Job, project: Project, rows: list[Row]) -> None:
    environment = Environment(project, job.work, job.tools, job.children)
    if job.recreate:
        environment.clear()
    say(f"{project.name} {project.version}: installing")
    started = time.perf_counter()
    environment.prepare()
    say(f"{project.name}: running on theirs (installed in {time.perf_counter() - started:.1f} s)")
    suite = Suite(environment, job.children)
    theirs = suite.theirs()
    rows.append(Row(project.name, BASELINE, theirs))
    if job.wheel is None:
        return
    environment.install(job.wheel)
    for setting in project.settings:
        say(f"{project.name}: running on ours, {setting.name} (theirs took {theirs.seconds:.1f} s)")
        ours = suite.ours(setting)
        known = concerning(job.known, project.name, setting.name)
        comparison = compare(theirs.record, ours.record, known)
        rows.append(Row(project.name, setting.name, ours, comparison))


def conclude(results: list[Result]) -> int:
    """Write what came of it all and return the exit code."""
    rows = [row for result in results for row in result.rows]
    for block in (report.table(rows) if rows else [], report.details(rows)):
        if block:
            say("\n" + "\n".join(block))
    failures = [f"{each.project}: {each.failure}" for each in results if each.failure]
    if failures:
        complain("\nnot compared:\n" + "\n".join(failures))
        return BROKEN
    compared = [row.comparison for row in rows if row.comparison is not None]
    return AS_EXPECTED if all(each.as_expected for each in compared) else DIFFERENT


def _with_setting(projects: list[Project], name: str) -> list[Project]:
    kept = []
    for project in projects:
        settings = tuple(each for each in project.settings if each.name == name)
        if settings:
            kept.append(replace(project, settings=settings))
    if not kept:
        raise DownstreamError(f"none of these projects has a setting {name!r}: see --list")
    return kept


def _that_run_here(projects: list[Project], tools: Tools, *, named: bool) -> list[Project]:
    kept = []
    for project in projects:
        if project.python <= tools.version:
            kept.append(project)
            continue
        text = f"{project.name} needs Python {project.python[0]}.{project.python[1]} or newer"
        if named:
            raise DownstreamError(text)
        say(f"{text}: not run")
    if not kept:
        raise DownstreamError("there is nothing to run")
    return kept


def _program(text: str) -> Path:
    # Not resolved: the python of an environment is a link, and means another one when followed.
    path = Path(text)
    if os.sep not in text and not path.exists():
        found = shutil.which(text)
        if found is None:
            raise argparse.ArgumentTypeError(f"{text!r} is not on PATH")
        path = Path(found)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"there is no {text!r}")
    return path.absolute()


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return int(text)
