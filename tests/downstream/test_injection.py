"""The options reach every pytest run, those that a suite starts itself included."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from downstream.plugins import downstream_options as injector

HEADER = "loopscope: mode=strict, loops=declared*"
INNER = f"""
pytest_plugins = ["pytester"]

import pytest

@pytest.mark.parametrize("how", ["inprocess", "subprocess"])
def test_inner(pytester, how):
    pytester.makeini("[pytest]")
    pytester.makepyfile("async def test_it(): pass")
    result = getattr(pytester, f"runpytest_{{how}}")("-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["{HEADER}"])
"""


@pytest.fixture
def injected(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set the environment as the command sets it, and return where runs leave their trace."""
    trace = pytester.path / "trace"
    plugins = str(Path(injector.__file__).parent)
    monkeypatch.setenv("PYTHONPATH", plugins)
    monkeypatch.syspath_prepend(plugins)
    monkeypatch.setenv("PYTEST_PLUGINS", "downstream_options")
    monkeypatch.setenv(injector.OPTIONS, "--loopscope-loops=declared --loopscope-mode=strict")
    monkeypatch.setenv(injector.TRACE, str(trace))
    return trace


def test_options_reach_the_outer_run_and_the_inner_ones(
    pytester: pytest.Pytester, injected: Path
) -> None:
    pytester.makepyfile(test_outer=INNER)
    result = pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:anyio")
    result.stdout.fnmatch_lines([HEADER])
    result.assert_outcomes(passed=2)
    assert len(injected.read_text().split()) == 3


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("def test_it(): pass", 0),
        ("import pytest\n@pytest.mark.loopscope\nasync def test_it(): pass", 1),
    ],
)
def test_the_trace_counts_the_tests_that_loopscope_ran(
    pytester: pytest.Pytester, injected: Path, source: str, number: int
) -> None:
    pytester.makepyfile(source)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    assert injected.read_text().split() == [str(number)]


def test_a_failing_test_is_counted_and_its_traceback_is_as_ever(
    pytester: pytest.Pytester, injected: Path
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.loopscope
        async def test_it(): assert 1 == 2
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*downstream_options.py*")
    assert injected.read_text().split() == ["1"]


def test_nothing_is_handed_down_where_loopscope_is_not(
    pytester: pytest.Pytester, injected: Path
) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_subprocess("-p", "no:loopscope")
    result.assert_outcomes(passed=1)
    assert not injected.exists()
    assert os.environ[injector.OPTIONS]
