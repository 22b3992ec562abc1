"""What loopscope says of itself, and how its options are set, refused and switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.plugin.fixtures import Loopscope

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

ASYNC_SUITE = """
    import pytest

    @pytest.fixture
    async def fixture():
        yield

    async def test_async(): ...

    def test_sync(): ...

    def test_uses(fixture): ...
"""


@pytest.mark.parametrize(
    ("arguments", "header"),
    [
        ([], "loopscope: mode=auto, loops=planned, backends=asyncio"),
        (["--loopscope-backends=trio,asyncio"], "*, backends=trio,asyncio"),
        (["--loopscope-mode=strict"], "loopscope: mode=strict, *"),
        (["--loopscope-loops=declared"], "*, loops=declared, *"),
        (["--loopscope-engine=off"], "loopscope: engine=off"),
    ],
)
def test_the_header_says_what_is_in_force(inner: Inner, arguments: list[str], header: str) -> None:
    result = inner.run(*arguments, backend="sync")
    result.stdout.fnmatch_lines([header], consecutive=True)
    assert sum(line.startswith("loopscope") for line in result.outlines) == 1


def test_the_command_line_wins_over_the_ini_file(inner: Inner) -> None:
    inner.write({"pytest.ini": "[pytest]\nloopscope_backends = trio\nloopscope_mode = strict\n"})
    result = inner.run("--loopscope-backends=asyncio", backend="sync")
    result.stdout.fnmatch_lines(["loopscope: mode=strict, *, backends=asyncio"])


VALID = {
    "mode": "auto, strict",
    "engine": "on, observe, off",
    "loops": "planned, declared",
    "backends": "asyncio, uvloop, trio",
    "xdist_group": "off, loop",
}


@pytest.mark.parametrize("place", ["ini", "command line"])
@pytest.mark.parametrize("option", VALID)
def test_an_unknown_value_is_a_usage_error_that_lists_the_valid_ones(
    inner: Inner, option: str, place: str
) -> None:
    flag = f"--loopscope-{option.replace('_', '-')}"
    arguments = [f"{flag}=nonsense"] if place == "command line" else []
    if place == "ini":
        inner.write({"pytest.ini": f"[pytest]\nloopscope_{option} = nonsense\n"})
    result = inner.run(*arguments, backend="sync")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    message = "\n".join(result.errlines)
    assert "'nonsense'" in message
    assert f"loopscope_{option}" in message
    assert f"Valid: {VALID[option]}." in message
    assert "Traceback" not in message


def test_markers_lists_the_mark(inner: Inner) -> None:
    result = inner.run("--markers", backend="sync")
    result.stdout.fnmatch_lines(["@pytest.mark.loopscope(*): *"])


def test_the_mark_is_known_to_strict_markers(inner: Inner) -> None:
    source = """
        import pytest

        @pytest.mark.loopscope(scope="module")
        async def test_it(): ...
    """
    inner.write({"test_it.py": source})
    inner.run("--strict-markers").assert_outcomes(passed=1)


def test_fixtures_lists_the_fixture_with_its_docstring(inner: Inner) -> None:
    result = inner.run("--fixtures", backend="sync")
    result.stdout.fnmatch_lines(["loopscope -- *", "    The loop of this test: *"])
    for name in ("run", "getfixture", "backend"):
        assert hasattr(Loopscope, name)
        result.stdout.fnmatch_lines([f"    *`{name}`*"])


def test_help_lists_every_option(inner: Inner) -> None:
    result = inner.run("--help", backend="sync")
    result.stdout.fnmatch_lines(["*--loopscope-ladder*"])
    for option in VALID:
        result.stdout.fnmatch_lines([f"*--loopscope-{option.replace('_', '-')}=*"])
        result.stdout.fnmatch_lines([f"*loopscope_{option} *"])


OFF = {
    "-p no:loopscope": ["-pno:loopscope"],
    "engine off": ["--loopscope-engine=off"],
    "engine off in the ini": ["-oloopscope_engine=off"],
}


@pytest.mark.parametrize("arguments", OFF.values(), ids=OFF.keys())
def test_switched_off_async_tests_are_what_they_are_to_pytest(
    inner: Inner, arguments: list[str]
) -> None:
    inner.write({"test_it.py": ASYNC_SUITE})
    result = inner.run_as_installed(*arguments)
    outcomes = result.parseoutcomes()
    assert outcomes.get("passed", 0) < 3
    result.stdout.fnmatch_lines(["*async def functions are not natively supported*"])


def test_switched_off_nothing_of_loopscope_is_left(inner: Inner) -> None:
    inner.write({"test_it.py": ASYNC_SUITE})
    result = inner.run_as_installed("-p", "no:loopscope", "--fixtures", "--markers")
    assert not [line for line in result.outlines if "loopscope" in line and "rootdir" not in line]
    result = inner.run_as_installed("-pno:loopscope", "--loopscope-mode=auto")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_with_the_engine_off_the_fixture_says_so(inner: Inner) -> None:
    inner.write({"test_it.py": "def test_it(loopscope): ...\n"})
    result = inner.run("--loopscope-engine=off")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["no loop is planned for this test*loopscope_engine is on"])


def test_with_the_engine_off_no_test_is_multiplied(inner: Inner) -> None:
    inner.write({"test_it.py": ASYNC_SUITE})
    result = inner.run("--loopscope-engine=off", "--co", "-q", backend="asyncio,trio")
    assert [line for line in result.outlines if "::" in line] == [
        "test_it.py::test_async",
        "test_it.py::test_sync",
        "test_it.py::test_uses",
    ]
