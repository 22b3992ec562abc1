"""The command itself: exit codes, help, colours, and what it says where click is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loopscope import __version__
from tests.cli.command import run, run_process, saved
from tests.trace.runs import EVERY_KIND

COMMANDS = ("check", "advise", "explain", "report", "compare")
WITHOUT = """
import sys
sys.modules[{library!r}] = None
from loopscope.cli.entry import main
sys.exit(main(["--version"]))
"""


def test_it_is_installed_under_its_name() -> None:
    command = shutil.which("loopscope", path=str(Path(sys.executable).parent))
    assert command is not None
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"loopscope {__version__}\n"


def test_it_is_the_same_as_a_module() -> None:
    done = run_process("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"loopscope {__version__}\n", "")


def test_help_lists_the_commands() -> None:
    done = run_process("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"  {command} " in done.stdout
    assert "Examples:" in done.stdout
    assert "Exit codes:" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_each_command_has_help_with_examples(command: str, option: str) -> None:
    result = run(command, option)
    assert result.exit_code == 0
    assert f"Usage: loopscope {command} " in result.output
    assert f"    loopscope {command} " in result.output.partition("Examples:")[2]


@pytest.mark.parametrize("library", ["click", "rich"])
def test_without_the_extra_it_says_what_to_install(library: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT.format(library=library)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"The command loopscope needs {library}, which is not installed:\n"
        "    pip install 'pytest-loopscope[cli]'\n"
    )


def test_another_module_that_is_missing_is_an_error_of_ours() -> None:
    code = WITHOUT.format(library="loopscope.report.summary")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        pytest.param(("report", "trace.json"), 0, id="done"),
        pytest.param(("compare", "trace.json", "trace.json", "--fail-on=moved"), 0, id="no-change"),
        pytest.param(
            ("compare", "trace.json", "empty.json", "--fail-on=vanished"), 1, id="a-change"
        ),
        pytest.param(("report", "no.json"), 2, id="missing"),
        pytest.param(("report", "pytest.ini"), 2, id="no-trace"),
        pytest.param(("report", "."), 2, id="a-folder"),
        pytest.param(("report", "trace.json", "--trace=trace.json"), 2, id="the-input"),
        pytest.param(("report", "trace.json", "--trace=trace.json/a"), 2, id="no-folder"),
        pytest.param(("report",), 2, id="no-arguments"),
        pytest.param(("frobnicate",), 2, id="no-command"),
    ],
)
def test_exit_codes_and_no_traceback(
    tmp_path: Path, arguments: tuple[str, ...], exit_code: int
) -> None:
    saved(tmp_path / "trace.json", EVERY_KIND)
    saved(tmp_path / "empty.json")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    before = (tmp_path / "trace.json").read_bytes()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "loopscope", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == exit_code, done.stderr
    assert "Traceback" not in done.stderr
    assert bool(done.stderr) == bool(exit_code)
    assert (tmp_path / "trace.json").read_bytes() == before


def test_what_is_no_terminal_gets_no_colours(tmp_path: Path) -> None:
    done = run_process("report", saved(tmp_path / "trace.json", EVERY_KIND), TERM="xterm")
    assert done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize(
    ("environment", "has_colours"),
    [
        pytest.param({}, True, id="terminal"),
        pytest.param({"NO_COLOR": "1"}, False, id="no-color"),
        pytest.param({"TERM": "dumb"}, False, id="dumb"),
    ],
)
def test_a_terminal_gets_colours_unless_it_wants_none(
    tmp_path: Path, environment: dict[str, str], has_colours: bool
) -> None:
    pexpect = pytest.importorskip("pexpect")
    path = saved(tmp_path / "trace.json", EVERY_KIND)
    env = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "CI")}
    output = pexpect.run(
        f"{sys.executable} -m loopscope report {path}",
        env={**env, "TERM": "xterm-256color", **environment},
        timeout=60,
    )
    assert b"Slowest tests" in output
    assert (b"\x1b[" in output) == has_colours


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell: str) -> None:
    done = run_process(_LOOPSCOPE_COMPLETE=f"{shell}_source")
    if shell == "bash" and "bash" in done.stderr.lower():
        pytest.skip("click wants to know the version of a bash that is not here")
    assert done.returncode == 0, done.stderr
    assert "loopscope" in done.stdout


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        pytest.param(("loopscope", "adv"), "plain,advise\n", id="command"),
        pytest.param(("loopscope", "advise", "--form"), "plain,--format\n", id="option"),
        pytest.param(("loopscope", "advise", "--format", "m"), "plain,markdown\n", id="value"),
    ],
)
def test_a_word_is_completed(words: tuple[str, ...], completed: str) -> None:
    done = run_process(
        _LOOPSCOPE_COMPLETE="bash_complete",
        COMP_WORDS=" ".join(words),
        COMP_CWORD=str(len(words) - 1),
    )
    assert (done.stdout, done.stderr) == (completed, "")
