"""`loopscope migrate` writes a plan into the source, and a suite ends as it did before."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import run
from tests.cli.migrating import (
    ASYNCIO_SUITE,
    CUSTOM_LOOP,
    MODULE_LOOP,
    SUITES_OF_OLD,
    TRIO_SUITE,
    outcomes,
)
from tests.cli.suites import run_in, written

if TYPE_CHECKING:
    from pathlib import Path

MODERN = ("--from", "pytest-asyncio", "--to", "pytest-asyncio")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """A suite of old that git has."""
    suite = written(tmp_path, CUSTOM_LOOP)
    git(suite, "init", "-q")
    git(suite, "add", "-A")
    git(suite, "commit", "-qm", "all")
    return suite


def state(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in (".py", ".ini", ".toml")
    }


def migrated(folder: Path, old: str, new: str, code: int = 0) -> None:
    """Migrate, and see that a second run changes nothing."""
    way = ("migrate", "--from", old, "--to", new)
    done = run_in(folder, *way, "--write", "--force")
    assert done.returncode == code, done.stderr
    done = run_in(folder, *way)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    assert done.stderr == "nothing to change\n"


@pytest.mark.parametrize("name", SUITES_OF_OLD)
def test_a_suite_for_0_21_passes_on_today_s_pytest_asyncio(tmp_path: Path, name: str) -> None:
    pytest.importorskip("pytest_asyncio")
    suite = written(tmp_path, SUITES_OF_OLD[name])
    assert set(outcomes(suite).values()) != {"PASSED"}
    migrated(suite, "pytest-asyncio", "pytest-asyncio")
    assert set(outcomes(suite).values()) == {"PASSED"}


def test_to_anyio_and_back_every_test_ends_as_it_did(tmp_path: Path) -> None:
    pytest.importorskip("pytest_asyncio")
    pytest.importorskip("anyio")
    suite = written(tmp_path, ASYNCIO_SUITE)
    before, text = outcomes(suite), (suite / "test_events.py").read_text(encoding="utf-8")
    assert set(before.values()) == {"PASSED", "FAILED", "SKIPPED"}
    migrated(suite, "pytest-asyncio", "anyio")
    assert outcomes(suite, "-p", "no:asyncio") == before
    migrated(suite, "anyio", "pytest-asyncio")
    assert outcomes(suite, "-p", "no:anyio") == before
    assert (suite / "test_events.py").read_text(encoding="utf-8") == text


def test_from_pytest_trio_to_anyio_every_test_ends_as_it_did(tmp_path: Path) -> None:
    pytest.importorskip("pytest_trio")
    pytest.importorskip("anyio")
    suite = written(tmp_path, TRIO_SUITE)
    before = outcomes(suite)
    assert set(before.values()) == {"PASSED"}
    migrated(suite, "pytest-trio", "anyio")
    assert outcomes(suite, "-p", "no:trio") == before


@pytest.mark.parametrize(
    ("old", "files"),
    [("pytest-asyncio", ASYNCIO_SUITE), ("pytest-trio", TRIO_SUITE)],
)
def test_on_loopscope_every_test_ends_as_it_did(
    tmp_path: Path, old: str, files: dict[str, str]
) -> None:
    pytest.importorskip(old.replace("-", "_"))
    suite = written(tmp_path, files)
    before = outcomes(suite)
    migrated(suite, old, "loopscope")
    assert "pytest.mark.asyncio" not in "".join(str(text) for text in state(suite).values())
    assert outcomes(suite, ours=True) == before


def test_nothing_is_written_unless_that_is_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("pytest_asyncio")
    suite = written(tmp_path, MODULE_LOOP)
    before = state(suite)
    done = run_in(suite, "migrate", *MODERN)
    assert (done.returncode, done.stderr) == (0, "2 files to change\n")
    assert done.stdout.startswith("--- a/pytest.ini\n+++ b/pytest.ini\n@@ ")
    assert "\x1b" not in done.stdout
    assert state(suite) == before


def test_a_diff_has_colours_on_a_terminal_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pytest_asyncio")
    suite = written(tmp_path, CUSTOM_LOOP)
    monkeypatch.setenv("FORCE_COLOR", "1")  # which stands for a terminal
    monkeypatch.setenv("TERM", "xterm")
    assert (
        "\x1b[31m-async def test_own(event_loop):\x1b[0m\n"
        in run_in(suite, "migrate", *MODERN).stdout
    )
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run_in(suite, "migrate", *MODERN).stdout


def test_what_is_printed_is_a_patch(committed: Path) -> None:
    pytest.importorskip("pytest_asyncio")
    patch = run_in(committed, "migrate", *MODERN).stdout
    subprocess.run(
        ["git", "apply", "-"], cwd=committed, input=patch, text=True, check=True, timeout=60
    )
    applied = state(committed)
    git(committed, "checkout", "-q", ".")
    done = run_in(committed, "migrate", *MODERN, "--write")
    assert done.stderr == "conftest.py is written\ntest_own.py is written\n2 files changed\n"
    assert state(committed) == applied


@pytest.mark.parametrize("spoil", ["changed", "untracked", "no git"])
def test_what_git_could_not_undo_is_not_written(committed: Path, spoil: str) -> None:
    pytest.importorskip("pytest_asyncio")
    if spoil == "changed":
        (committed / "pytest.ini").write_text("[pytest]\n# more\n", encoding="utf-8")
    elif spoil == "untracked":
        git(committed, "rm", "-q", "--cached", "conftest.py")
        git(committed, "commit", "-qm", "less")
    else:
        (committed / ".git").rename(committed / "hidden")
    before = state(committed)
    done = run_in(committed, "migrate", *MODERN, "--write")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--force" in done.stderr
    assert state(committed) == before


def test_a_file_that_does_not_parse_is_named_and_left(tmp_path: Path) -> None:
    pytest.importorskip("pytest_asyncio")
    suite = written(tmp_path, {**MODULE_LOOP, "helper.py": "import asyncio\ndef f(:\n"})
    done = run_in(suite, "migrate", *MODERN, "--write", "--force")
    assert done.returncode == 1
    assert "helper.py is not changed: line 2: " in done.stderr
    assert (suite / "helper.py").read_text(encoding="utf-8") == "import asyncio\ndef f(:\n"


def test_what_is_not_clear_is_noted_by_its_line(tmp_path: Path) -> None:
    pytest.importorskip("pytest_asyncio")
    test = """
        import asyncio
        import pytest

        @pytest.fixture
        def event_loop():
            loop = asyncio.new_event_loop()
            start_a_server(loop)
            yield loop

        @pytest.mark.asyncio
        async def test_it(event_loop): ...
    """
    suite = written(tmp_path, {"pytest.ini": "[pytest]\n", "test_a.py": test})
    done = run_in(suite, "migrate", *MODERN)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("test_a.py:5: event_loop does more than make a loop")


def test_paths_limit_what_is_edited_and_settings_are_left(tmp_path: Path) -> None:
    pytest.importorskip("pytest_asyncio")
    test = MODULE_LOOP["test_module.py"]
    files = {"pytest.ini": "[pytest]\n", "a/test_a.py": test, "b/test_b.py": test}
    suite = written(tmp_path, files)
    done = run_in(suite, "migrate", *MODERN, "a/test_a.py::test_get", "--", "-v")
    assert "+++ b/a/test_a.py\n" in done.stdout
    assert done.stdout.count("+++ ") == 1
    done = run_in(suite / "b", "migrate", *MODERN, ".")
    assert "+++ b/test_b.py\n" in done.stdout
    assert done.stdout.count("+++ ") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "anyio", "--to", "anyio"), "--from pytest-asyncio --to anyio"),
        (("--from", "nose", "--to", "anyio"), "'pytest-asyncio', 'anyio', 'pytest-trio'"),
        (("--to", "anyio"), "--from"),
        ((*MODERN, "--diff", "--write"), "choose one"),
        ((*MODERN, "--force"), "--force is for --write"),
    ],
)
def test_a_wrong_option_is_refused_with_the_valid_ones(
    arguments: tuple[str, ...], said: str
) -> None:
    result = run("migrate", *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_a_suite_that_cannot_be_collected_is_2(tmp_path: Path) -> None:
    suite = written(tmp_path, {"pytest.ini": "[pytest]\n", "test_a.py": "import no_such_thing"})
    done = run_in(suite, "migrate", *MODERN)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no_such_thing" in done.stderr
