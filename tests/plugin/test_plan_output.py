"""`--loopscope-plan` writes what was planned, whoever executes the suite, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.core.policy import Policy
from loopscope.diagnose.plan_file import Document, read
from tests.plugin.conftest import QUIET

if TYPE_CHECKING:
    from pathlib import Path

SUITE = """
import pytest

@pytest.fixture(scope="module")
async def db():
    yield

@pytest.mark.loopscope(scope="function")
async def test_wrong(db): ...

async def test_right(db): ...

def test_sync(): ...
"""


def planned(pytester: pytest.Pytester, *options: str) -> Document:
    """Write the plan of a suite and return it."""
    pytester.makepyfile(test_it=SUITE)
    path = pytester.path / "out" / "plan.json"
    pytester.runpytest(*QUIET, f"--loopscope-plan={path}", *options)
    return read(path)


@pytest.mark.parametrize("engine", ["on", "observe", "off"])
def test_every_engine_writes_it(pytester: pytest.Pytester, engine: str) -> None:
    document = planned(pytester, "--collect-only", f"--loopscope-engine={engine}")
    assert document.settings["engine"] == engine
    assert [finding.code for finding in document.findings] == ["LS101"]
    assert {loop.name for loop in document.plan.loops.values()} == {
        "module test_it.py [asyncio]",
        "function [asyncio]",
    }
    assert document.tests == 3
    assert document.async_tests == ({"vocabulary": "loopscope", "tests": 2},)
    assert document.root == str(pytester.path)


def test_it_has_the_versions_of_all_that_takes_part(pytester: pytest.Pytester) -> None:
    versions = planned(pytester, "--collect-only").versions
    assert versions["pytest"] == pytest.__version__
    names = {plugin["name"] for plugin in versions["plugins"]}
    assert "pytest-loopscope" in names


def test_it_has_the_versions_of_backends_that_are_installed(pytester: pytest.Pytester) -> None:
    trio = pytest.importorskip("trio")
    libraries = planned(pytester, "--collect-only").versions["libraries"]
    assert {"name": "trio", "version": trio.__version__} in libraries
    assert "asyncio" not in {one["name"] for one in libraries}


@pytest.mark.parametrize("engine", ["on", "observe", "off"])
def test_it_has_the_options_of_other_plugins(pytester: pytest.Pytester, engine: str) -> None:
    pytest.importorskip("pytest_asyncio")
    pytester.makeini(
        "[pytest]\nasyncio_mode = strict\nasyncio_default_fixture_loop_scope = module\n"
    )
    pytester.makepyfile(test_it=SUITE)
    quiet = [option for option in QUIET if not option.endswith("asyncio")]
    flags = ("--collect-only", "--asyncio-mode=auto", f"--loopscope-engine={engine}")
    path = pytester.path / "plan.json"
    pytester.runpytest(*quiet, f"--loopscope-plan={path}", *flags)
    options = {one["name"]: one["value"] for one in read(path).settings["options"]}
    assert options["asyncio_mode"] == "auto"
    assert options["asyncio_default_fixture_loop_scope"] == "module"
    assert options["asyncio_debug"] == "false"


def test_an_option_that_nobody_has_declared_is_not_told(pytester: pytest.Pytester) -> None:
    assert planned(pytester, "--collect-only").settings["options"] == []


def test_tests_run_as_they_do_without_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=SUITE)
    path = pytester.path / "plan.json"
    without = pytester.runpytest(*QUIET)
    with_it = pytester.runpytest(*QUIET, f"--loopscope-plan={path}")
    assert with_it.parseoutcomes() == without.parseoutcomes()
    assert read(path).tests == 3


def test_what_observes_plans_our_own_words_even_if_others_are_as_declared(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile("import pytest\n\nasync def test_it(db): ...")
    pytester.makeconftest(
        'import pytest\n\n@pytest.fixture(scope="session")\nasync def db(): yield'
    )
    path = pytester.path / "plan.json"
    options = ("--loopscope-engine=observe", "--loopscope-loops=declared", "--collect-only")
    pytester.runpytest(*QUIET, f"--loopscope-plan={path}", *options)
    document = read(path)
    assert (document.plan.policy, document.findings) == (Policy.DECLARED, ())


@pytest.mark.parametrize("path", ["folder", "file/plan.json"])
def test_a_path_that_cannot_be_written_is_a_usage_error(
    pytester: pytest.Pytester, path: str
) -> None:
    (pytester.path / "folder").mkdir()
    (pytester.path / "file").touch()
    result = pytester.runpytest(*QUIET, f"--loopscope-plan={path}")
    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --loopscope-plan: *"])


def test_under_xdist_a_worker_writes_it(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    assert planned(pytester, "-n1").tests == 3
