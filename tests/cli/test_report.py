"""`loopscope report`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from loopscope.trace.events import RunBegan, RunEnded
from loopscope.trace.file import read
from tests.cli.command import run, run_process, saved
from tests.report.recorded import SHARED, Recorded
from tests.trace.runs import EVERY_KIND

TEXT = """\
1 test in 1.90 s: 1 failed
Python 3.13, pytest 9.0, loopscope 0.1.0, engine on, loops planned

Loops
  scope   backend  planned  opened
  module  asyncio        1       1

Slowest fixtures
      time  times     setup  teardown  scope   fixture  where
  200.0 ms      1  100.0 ms  100.0 ms  module  db       tests/conftest.py:3

Slowest tests
    time     setup      call  teardown  outcome  test
  1.10 s  500.0 ms  500.0 ms  100.0 ms  failed   tests/test_a.py::test_it[é]

Findings
  LS101 loop scope mismatch: test_it
    why  ...

Left behind
  LS311 test_it left a task behind: poll()
    It has not ended.

Crashed and cancelled
  db 1: ValueError: no
  tests/test_a.py::test_it[é]: its time was up

Kept a loop from turning
  250.0 ms  tests/test_a.py::test_it[é]  g at a.py:2
"""


@pytest.mark.parametrize("options", [(), ("--text",)], ids=["default", "text"])
def test_the_text_says_it_all(tmp_path: Path, options: tuple[str, ...]) -> None:
    result = run("report", saved(tmp_path / "trace.json", EVERY_KIND), *options)
    assert result.output == TEXT


def test_brackets_and_colons_are_not_markup(tmp_path: Path) -> None:
    recorded = Recorded()
    recorded.test("test_it[bold]:smile:")
    result = run("report", saved(tmp_path / "trace.json", recorded.ended()))
    assert "tests/test_a.py::test_it[bold]:smile:\n" in result.output


def test_long_names_stand_on_one_line_where_there_is_no_terminal(tmp_path: Path) -> None:
    recorded = Recorded()
    name = "test_" + 300 * "x"
    recorded.test(name)
    result = run("report", saved(tmp_path / "trace.json", recorded.ended()))
    assert f"tests/test_a.py::{name}\n" in result.output


def test_only_the_slowest_are_told(tmp_path: Path) -> None:
    recorded = Recorded()
    for number in range(12):
        recorded.test(f"test_{number}", call=1.0 + number)
    path = saved(tmp_path / "trace.json", recorded.ended())
    assert run("report", path).output.count("tests/test_a.py::") == 10
    assert run("report", path, "--top", 3).output.count("tests/test_a.py::") == 3
    assert "Slowest" not in run("report", path, "--top", 0).output


def test_the_json_is_the_whole_output(tmp_path: Path) -> None:
    path = saved(tmp_path / "trace.json", EVERY_KIND)
    made = json.loads(run("report", path, "--json").output)
    assert made["format"] == "loopscope summary"
    assert made["outcomes"] == {"failed": 1}


def test_a_trace_that_was_cut_off_still_opens(tmp_path: Path) -> None:
    path = saved(tmp_path / "trace.json", EVERY_KIND)
    path.write_bytes(path.read_bytes()[:-700])
    result = run("report", path)
    assert result.exit_code == 0
    assert "The trace was cut off: this is what was written of it.\n" in result.output
    assert "  run      the run itself\n" in result.output
    assert "  fixture  db of tests/test_a.py\n" in result.output


def machine(started: float) -> list[RunBegan | RunEnded]:
    began = RunBegan(0.0, started, "0.1.0", "9.0", "3.13", "on", "planned")
    return [began, RunEnded(3.0, 0)]


def test_several_files_are_one_run_on_one_clock(tmp_path: Path) -> None:
    first = saved(tmp_path / "linux.json", machine(1000.0))
    second = saved(tmp_path / "mac.json", machine(1002.0))
    both = tmp_path / "new" / "both.json"
    result = run("report", first, second, "--trace", both)
    assert result.output == f"{both} is written\n"
    assert [events[-1].time for events in read(both).processes] == [3.0, 5.0]
    assert [events[-1].time for events in read(first).processes] == [3.0]


def test_what_was_merged_can_be_merged_again(tmp_path: Path) -> None:
    first = saved(tmp_path / "linux.json", machine(1000.0))
    second = saved(tmp_path / "mac.json", machine(1002.0))
    once, twice = tmp_path / "once.json", tmp_path / "twice.json"
    run("report", first, second, "--perfetto", once)
    run("report", once, "--perfetto", twice)
    assert once.read_bytes() == twice.read_bytes()


def test_what_is_there_is_overwritten(tmp_path: Path) -> None:
    path = saved(tmp_path / "trace.json", EVERY_KIND)
    other = tmp_path / "other.json"
    other.write_text("something else", encoding="utf-8")
    assert run("report", path, "--trace", other).exit_code == 0
    assert read(other).processes == (EVERY_KIND,)


@pytest.mark.parametrize("option", ["--trace", "--html"])
@pytest.mark.parametrize("how", ["same", "dotted", "symbolic", "hard"])
def test_what_is_read_is_never_overwritten(tmp_path: Path, option: str, how: str) -> None:
    path = saved(tmp_path / "trace.json", EVERY_KIND)
    other = saved(tmp_path / "other.json", EVERY_KIND)
    link = tmp_path / "link.json"
    if how == "symbolic":
        link.symlink_to(path)
    elif how == "hard":
        link.hardlink_to(path)
    output = {"same": path, "dotted": tmp_path / "." / "trace.json"}.get(how, link)
    before = path.read_bytes()
    result = run("report", other, path, option, output)
    assert result.exit_code == 2
    assert result.output == f"Error: {output} is what is read, and is not overwritten\n"
    assert path.read_bytes() == before


def test_what_is_no_trace_is_named(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text("<testsuites/>\n", encoding="utf-8")
    result = run("report", path)
    assert result.exit_code == 2
    assert result.output == (
        f"Error: {path} is not a trace: pytest --loopscope-trace=junit.xml writes one\n"
    )


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "trace.json", EVERY_KIND)
    result = run("report", path, "--trace", path / "below.json")
    assert result.exit_code == 2
    assert result.output.startswith(f"Error: {path / 'below.json'} cannot be written: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "trace.json", EVERY_KIND)
    result = run("report", path, "--trace", "/dev/full")
    assert result.output == "Error: /dev/full cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--text", "--json"), "--text and --json are both printed: choose one."),
        (("--html", "a", "--trace", "a"), "--html and --trace are one file."),
        (("--top", "-1"), "-1 is not in the range x>=0."),
    ],
)
def test_options_that_make_no_sense_are_refused(
    tmp_path: Path, options: tuple[str, ...], complaint: str
) -> None:
    result = run("report", saved(tmp_path / "trace.json", EVERY_KIND), *options)
    assert result.exit_code == 2
    assert complaint in result.output


def test_the_timeline_is_a_page(tmp_path: Path) -> None:
    pytest.importorskip("bokeh")
    page = tmp_path / "timeline.html"
    result = run("report", saved(tmp_path / "trace.json", EVERY_KIND), "--html", page)
    assert result.output == f"{page} is written\n"
    assert "<html" in page.read_text(encoding="utf-8")


def test_without_what_draws_it_the_timeline_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bokeh.embed", None)
    page = tmp_path / "timeline.html"
    result = run("report", saved(tmp_path / "trace.json", EVERY_KIND), "--html", page)
    assert result.exit_code == 2
    assert result.output == (
        "Error: the timeline needs bokeh.embed: pip install 'pytest-loopscope[cli]'\n"
    )


def test_json_and_files_can_be_had_at_once(tmp_path: Path) -> None:
    recorded = Recorded()
    recorded.shared_loop()
    recorded.test("test_it", SHARED)
    path = saved(tmp_path / "trace.json", recorded.ended())
    other = tmp_path / "other.json"
    done = run_process("report", path, "--json", "--trace", other)
    assert json.loads(done.stdout)["outcomes"] == {"passed": 1}
    assert done.stderr == f"{other} is written\n"
