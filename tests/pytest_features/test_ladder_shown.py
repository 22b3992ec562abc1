"""Where and when the ladder is shown, and its short form: `--loopscope-ladder`, and `-v`."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("rich")

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

SUITE = """
    import pytest

    @pytest.fixture(scope="session")
    async def server(): ...

    @pytest.fixture(scope="module")
    async def db(): ...

    async def test_server(server): ...

    async def test_db(db): ...

    async def test_alone(): ...
"""

LADDER = """\
loopscope ladder: 3 loops for 3 tests
session [BACKEND]: because `server` at test_it.py:3
├── server  session  test_it.py:3
├── 1 test
└── module test_it.py [BACKEND]: because `db` at test_it.py:6
    ├── db  module  test_it.py:6
    ├── 1 test
    └── function [BACKEND]: 1 loop for 1 test"""

SHORT = """\
loops: session [BACKEND]: because `server` at test_it.py:3
       module test_it.py [BACKEND]: because `db` at test_it.py:6
       function [BACKEND]: 1 loop for 1 test"""

COLOR = re.compile(r"\x1b\[[\d;]*m")


def is_shown(block: str, result: pytest.RunResult, backend: str) -> bool:
    """Say whether these lines were printed, one after the other."""
    return block.replace("BACKEND", backend) in "\n".join(result.outlines)


@pytest.mark.parametrize("options", [(), ("-q",), ("-v",), ("--collect-only",)], ids=str)
def test_the_ladder_is_shown_before_the_first_test(
    inner: Inner, backend: str, options: tuple[str, ...]
) -> None:
    inner.write({"test_it.py": SUITE})
    result = inner.run("--loopscope-ladder", *options, backend=backend)
    assert result.ret == 0
    assert is_shown(LADDER, result, backend)
    assert not is_shown(SHORT, result, backend)


def test_verbose_names_the_loops_in_a_few_lines(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SUITE})
    assert is_shown(SHORT, inner.run("-v", backend=backend), backend)


@pytest.mark.parametrize("options", [(), ("-q",), ("-q", "-v")], ids=str)
def test_nothing_is_shown_that_nobody_asked_for(inner: Inner, options: tuple[str, ...]) -> None:
    inner.write({"test_it.py": SUITE})
    result = inner.run(*options)
    assert "loops: " not in result.stdout.str()
    assert "because `" not in result.stdout.str()


def test_verbose_says_nothing_of_a_suite_without_loops(inner: Inner) -> None:
    inner.write({"test_it.py": "def test_it(): ...\n"})
    assert "loops: " not in inner.run("-v").stdout.str()


def test_rich_is_imported_for_the_ladder_only(
    inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    inner.write({"test_it.py": SUITE})
    inner.run("-v").assert_outcomes(passed=3)


def test_without_rich_the_ladder_is_a_usage_error_that_says_what_to_install(
    inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    inner.write({"test_it.py": SUITE})
    result = inner.run("--loopscope-ladder")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*pip install 'pytest-loopscope[[]cli]'"])
    assert "Traceback" not in result.stderr.str()


@pytest.mark.parametrize(
    ("options", "variables", "is_colored"),
    [
        (["--color=yes"], {}, True),
        (["--color=no"], {"FORCE_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ([], {}, False),
    ],
    ids=str,
)
def test_colours_are_pytest_s_to_decide(
    inner: Inner,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    variables: dict[str, str],
    is_colored: bool,
) -> None:
    for name in ("PY_COLORS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    inner.write({"test_it.py": SUITE})
    result = inner.run("--loopscope-ladder", *options)
    lines = [line for line in result.outlines if "because `" in line]
    assert len(lines) == 2
    assert [bool(COLOR.search(line)) for line in lines] == [is_colored] * 2
    plain = [COLOR.sub("", line) for line in result.outlines]
    assert LADDER.replace("BACKEND", "asyncio") in "\n".join(plain)


def test_a_log_that_is_not_utf_8_gets_ascii(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    monkeypatch.setenv("COLUMNS", "40")
    inner.write({"test_it.py": SUITE})
    result = inner.run_apart("--loopscope-ladder")
    result.assert_outcomes(passed=3)
    assert "+-- server  session  test_it.py:3" in result.outlines
    # It is no terminal, and so has no width: no line is broken.
    assert "`-- module test_it.py [asyncio]: because `db` at test_it.py:6" in result.outlines


def test_under_xdist_the_controller_shows_it_once(inner: Inner, backend: str) -> None:
    pytest.importorskip("xdist")
    inner.write({"test_it.py": SUITE})
    result = inner.run_apart(
        "-n2", "--loopscope-ladder", "-Werror", backend=backend, plugins=["xdist"]
    )
    result.assert_outcomes(passed=3)
    assert is_shown(LADDER, result, backend)
    assert sum(line.startswith("loopscope ladder") for line in result.outlines) == 1


def test_under_xdist_nothing_is_shown_that_nobody_asked_for(inner: Inner) -> None:
    pytest.importorskip("xdist")
    inner.write({"test_it.py": SUITE})
    result = inner.run_apart("-n1", "-v", plugins=["xdist"])
    assert "ladder" not in result.stdout.str()
