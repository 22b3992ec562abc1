"""The command line."""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import behaviour, budget, tables
from benchmarks.environments import Environments, default_work
from benchmarks.errors import BenchmarkError
from benchmarks.goals import goals
from benchmarks.idioms import IDIOMS
from benchmarks.machine import about
from benchmarks.measuring import counted, measure, timed
from benchmarks.page import RESULTS, pages
from benchmarks.processes import Measure, has_valgrind
from benchmarks.progress import say
from benchmarks.results import Results, load, save
from benchmarks.suites import SUITES, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.measuring import Job
    from benchmarks.results import Run

DONE, EXCEEDED, BROKEN, INTERRUPTED = 0, 1, 2, 130
# Of what is counted: a count is the same however busy the machine is.
AT_A_TIME = 2

EPILOG = """\
examples:
  python -m benchmarks run --python 3.13 --output benchmarks/results.json
                                      everything; takes half an hour
  python -m benchmarks run --suite trivial --idiom loopscope --idiom pytest-asyncio --rounds 9
                                      one suite, in two idioms, beside its sync form
  python -m benchmarks run --suite fixtures --no-seconds
                                      instructions only, for a machine that is busy
  python -m benchmarks page           put results.json into the documentation
  python -m benchmarks check          what .ci/run calls: count calls, compare with budget.json
  python -m benchmarks check --agree  ... and take what was counted for the budget
  python -m benchmarks show deep anyio --tests 2
                                      print a suite

exit codes:
  0  done; of check: no entry is over its budget
  1  of check: an entry is over its budget
  2  a suite did not run as it should, or something is missing
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure what async tests cost above the same tests without async.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(required=True, metavar="COMMAND")

    def command(does: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        name = does.__name__.strip("_")
        under = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        under.set_defaults(does=does)
        return under

    def where(under: argparse.ArgumentParser) -> None:
        under.add_argument("--python", default=sys.executable, metavar="VERSION|PATH",
                           help="interpreter for the suites (default: this one)")  # fmt: skip
        under.add_argument("--work", type=Path, default=default_work(), metavar="DIR",
                           help="where environments are kept (default: %(default)s)")  # fmt: skip

    run = command(_run, "measure, and print the tables")
    where(run)
    add = run.add_argument
    add("--suite", action="append", choices=SUITES, help="this one (default: all); repeatable")
    add("--idiom", action="append", choices=IDIOMS, help="this one and sync (default: all)")
    add("--rounds", type=_count, default=5, metavar="N", help="runs by the clock (default: 5)")
    add("--no-seconds", action="store_true", help="nothing by the clock")
    add("--no-instructions", action="store_true", help="do not count instructions")
    add("--note", default="", help="a sentence on the circumstances, kept with the results")
    add("--output", type=Path, metavar="FILE", help="write the results as JSON")

    page = command(_page, "put results into the documentation")
    page.add_argument("results", nargs="?", type=Path, default=RESULTS)
    table = command(_table, "print the tables of results, and which goals are met")
    table.add_argument("results", nargs="?", type=Path, default=RESULTS)
    check = command(_check, "count calls and compare them with the budget")
    where(check)
    check.add_argument("--agree", action="store_true", help="take what was counted for the budget")
    where(command(_behaviour, "compare what happens to small suites under several plugins"))
    show = command(_show, "print a suite")
    show.add_argument("suite", choices=SUITES)
    show.add_argument("idiom", choices=IDIOMS)
    show.add_argument("--tests", type=_count, default=2, metavar="N", help="default: 2")
    command(_list, "list suites and idioms")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        does: Callable[[argparse.Namespace], int] = options.does
        return does(options)
    except BenchmarkError as exc:
        say(f"error: {exc}")
        return BROKEN
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    if options.output is not None and not options.output.resolve().parent.is_dir():
        raise BenchmarkError(f"{options.output}: there is no such folder")
    suites = [SUITES[name] for name in options.suite or SUITES]
    wanted = options.idiom and {"sync", *options.idiom}
    idioms = [idiom for idiom in IDIOMS.values() if not wanted or idiom.name in wanted]
    environments = Environments(options.work, options.python)
    results = Results(about(environments, idioms, options.note), ())

    def more(jobs: list[Job], at_a_time: int = 1) -> None:
        nonlocal results
        results = replace(results, runs=results.runs + _measured(environments, jobs, at_a_time))
        if options.output is not None:
            save(results, options.output)

    if not options.no_seconds:
        more(timed(suites, idioms, options.rounds))
    if not options.no_instructions:
        if has_valgrind():
            more(counted(suites, idioms, Measure.INSTRUCTIONS), AT_A_TIME)
        else:
            say("valgrind is not here: instructions are not counted")
    _print(results)
    return DONE


def _check(options: argparse.Namespace) -> int:
    suites = [SUITES[name] for name in budget.SUITES]
    idioms = [IDIOMS[name] for name in budget.IDIOMS]
    jobs = [
        job
        for job in counted(suites, idioms, Measure.CALLS, budget.SIZES)
        if job.idiom.name != "loopscope-trio" or job.suite.name in budget.TRIO
    ]
    environments = Environments(options.work, options.python)
    runs = _measured(environments, jobs, AT_A_TIME)
    results = Results(about(environments, idioms, ""), runs)
    found, python = budget.entries(results), budget.release(results.about.python)
    if options.agree:
        budget.agree(budget.BUDGET, python, found)
        say(f"{budget.BUDGET}: written for Python {python}")
    verdicts = budget.judge(found, budget.read(budget.BUDGET, python))
    print(f"{'calls above sync':<32} {'counted':>9} {'agreed':>9} {'limit':>9}")
    for each in verdicts:
        line = f"{each.entry:<32} {each.calls:>9.1f} {each.agreed:>9.1f} {each.limit:>9.1f}"
        print(f"{line}  {each.word}".rstrip())
    return DONE if all(each.holds for each in verdicts) else EXCEEDED


def _page(options: argparse.Namespace) -> int:
    for path, text in pages(load(options.results)).items():
        path.write_text(text, encoding="utf-8")
        say(f"{path}: written")
    return DONE


def _table(options: argparse.Namespace) -> int:
    _print(load(options.results))
    return DONE


def _behaviour(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        print(behaviour.table(Environments(options.work, options.python), Path(folder)))
    return DONE


def _show(options: argparse.Namespace) -> int:
    suite, idiom = SUITES[options.suite], IDIOMS[options.idiom]
    if not suite.has(idiom):
        raise BenchmarkError(f"{suite.name} is not written in the idiom of {idiom.name}")
    with tempfile.TemporaryDirectory() as folder:
        write(suite, idiom, options.tests, Path(folder))
        for path in sorted(Path(folder).iterdir()):
            print(f"# {path.name}\n{path.read_text(encoding='utf-8')}")
    return DONE


def _list(options: argparse.Namespace) -> int:
    for kind in (SUITES, IDIOMS):
        print("\n".join(f"{name:<18} {each.title}" for name, each in kind.items()), end="\n\n")
    return DONE


def _measured(environments: Environments, jobs: list[Job], at_a_time: int) -> tuple[Run, ...]:
    with tempfile.TemporaryDirectory() as folder:
        return measure(jobs, environments, Path(folder), at_a_time=at_a_time)


def _print(results: Results) -> None:
    print(tables.about(results), tables.full(results), sep="\n\n")
    met = "\n".join(map(str, goals(results)))
    if met:
        print(f"\n{'goal':<64} {'measured':>8} {'at most':>8}\n{met}")


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return number
