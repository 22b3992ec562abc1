"""Every way in which pytest-xdist distributes tests, and which of them it keeps on one worker."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from loopscope.plugin.state import KEY
from loopscope.plugin.work_units import MODES, work_units
from loopscope.trace.events import Event, RunBegan, TestEnded
from loopscope.trace.file import read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pytest_features.inner import Inner

pytest.importorskip("xdist")

# A loop of each scope, whose fixture tells on which worker it is set up, and for which place.
CONFTEST = """
    import os

    import pytest
    from anyio.lowlevel import checkpoint
    from events import event

    async def tells(request):
        told = f"{os.environ.get('PYTEST_XDIST_WORKER')} {request.scope} {request.node.nodeid}"
        event(f"{told} up")
        yield
        await checkpoint()
        event(f"{told} down")
"""
FIXTURES = """
    @pytest.fixture(scope="session")
    async def session(request):
        async for _ in tells(request):
            yield

    @pytest.fixture(scope="module")
    async def module(request):
        async for _ in tells(request):
            yield

    @pytest.fixture(scope="class")
    async def cls(request):
        async for _ in tells(request):
            yield
"""
MODULE = """
    import pytest

    @pytest.mark.parametrize("number", range(3))
    async def test_session(session, number): ...

    async def test_module(module): ...

    async def test_alone(): ...

    def test_sync(): ...

    class TestOfModule:
        async def test_first(self, module): ...
        async def test_second(self, module): ...

    class TestOfClass:
        async def test_first(self, cls): ...
        async def test_second(self, cls): ...
"""
# More tests than in any other file: these are the first that the workers get.
OF_PACKAGE = """
    import pytest

    @pytest.mark.parametrize("number", range(12))
    async def test_it(package, number): ...
"""
PACKAGE = """
    @pytest.fixture(scope="package")
    async def package(request):
        async for _ in tells(request):
            yield
"""
SUITE = {
    "conftest.py": CONFTEST + FIXTURES,
    "test_a.py": MODULE,
    "test_b.py": MODULE,
    "pkg/__init__.py": "",
    "pkg/conftest.py": CONFTEST + PACKAGE,
    "pkg/test_c.py": OF_PACKAGE,
    "pkg/test_d.py": OF_PACKAGE,
}
TESTS = 2 * 10 + 2 * 12


def distributed(inner: Inner, mode: str, *arguments: str) -> pytest.RunResult:
    """Run the suite on two workers."""
    return inner.run_apart(
        "--tx=2*popen", f"--dist={mode}", "-Werror", *arguments, plugins=["xdist"]
    )


def lives(inner: Inner) -> tuple[Counter[str], Counter[str]]:
    """Return how often each fixture was set up, and torn down, on each worker at each place."""
    told = [line.rpartition(" ") for line in inner.events]
    up, down = (Counter(told for told, _, what in told if what == one) for one in ("up", "down"))
    return up, down


def per_place(up: Counter[str]) -> Counter[str]:
    """Return how often the fixture of each scope and place was set up, on whichever worker."""
    return Counter(told.partition(" ")[2] for told in up.elements())


def worker(process: tuple[Event, ...]) -> str | None:
    (began,) = (event for event in process if isinstance(event, RunBegan))
    return began.worker


def ended(process: tuple[Event, ...]) -> list[TestEnded]:
    return [event for event in process if isinstance(event, TestEnded)]


@pytest.mark.parametrize("mode", [*MODES, "load", "worksteal", "each", "no"])
def test_a_suite_with_loops_of_every_scope_runs_in_every_mode(
    inner: Inner, tmp_path: Path, mode: str
) -> None:
    inner.write({**SUITE, "test_z.py": "async def test_fails(session):\n    assert False"})
    trace = tmp_path / "trace.json"
    result = distributed(inner, mode, f"--loopscope-trace={trace}")
    times = 2 if mode == "each" else 1
    result.assert_outcomes(passed=times * TESTS, failed=times)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    up, down = lives(inner)
    assert up == down != Counter()
    read_back = read(trace)
    assert read_back.is_complete
    workers = [worker(process) for process in read_back.processes]
    assert sorted(map(str, workers)) == (["None"] if mode == "no" else ["gw0", "gw1"])
    found = Counter(test.test for process in read_back.processes for test in ended(process))
    assert len(found) == TESTS + 1
    assert set(found.values()) == {times}


GROUPED = "--loopscope-xdist-group=loop"


@pytest.mark.parametrize("mode", MODES)
def test_what_lives_on_a_loop_is_set_up_on_one_worker_if_it_is_narrower_than_the_session(
    inner: Inner, mode: str
) -> None:
    inner.write(SUITE)
    result = distributed(inner, mode, GROUPED)
    result.assert_outcomes(passed=TESTS)
    assert result.ret == pytest.ExitCode.OK
    up, down = lives(inner)
    assert up == down
    assert {told.partition(" ")[0] for told in up} == {"gw0", "gw1"}
    at = per_place(up)
    assert at.pop("session ") <= 2
    assert set(at) == {
        "package pkg",
        *(f"module test_{name}.py" for name in "ab"),
        *(f"class test_{name}.py::TestOfClass" for name in "ab"),
    }
    assert set(at.values()) == {1}


# In the words of xdist's documentation: all tests are one unit.
OWN_SCHEDULER = """
    from xdist.scheduler import LoadScopeScheduling

    class All(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return "all"

    def pytest_xdist_make_scheduler(config, log):
        return All(config, log)
"""


def test_a_scheduler_of_the_suite_s_own_knows_better(inner: Inner) -> None:
    inner.write({**SUITE, "conftest.py": CONFTEST + FIXTURES + OWN_SCHEDULER})
    distributed(inner, "loadscope", GROUPED).assert_outcomes(passed=TESTS)
    up, _ = lives(inner)
    assert len({told.partition(" ")[0] for told in up}) == 1


def test_what_a_worker_that_crashes_leaves_undone_stays_together(inner: Inner) -> None:
    crashing = """
        import os
        from pathlib import Path

        async def test_first(module): ...

        async def test_crashes_once(module):
            crashed = Path(__file__).with_name("crashed")
            if not crashed.exists():
                crashed.touch()
                os._exit(3)

        async def test_third(module): ...

        async def test_fourth(module): ...
    """
    inner.write({"conftest.py": CONFTEST + FIXTURES, "test_it.py": crashing})
    # xdist begins again with the test that was running.
    distributed(inner, "loadgroup", GROUPED).assert_outcomes(passed=4, failed=1)
    up, _ = lives(inner)
    assert list(up.values()) == [1, 1]


# Runs what it is to run over there right here: the last of its arguments, in a shell.
SSH = """\
#!/bin/sh
while [ $# -gt 1 ]; do shift; done
exec sh -c "$1"
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such shell")
def test_workers_on_other_machines_share_the_work_and_tell_all_they_have_to_tell(
    inner: Inner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner.write({**SUITE, "bin/ssh": SSH, "pytest.ini": "[pytest]\n"})
    (inner.root / "bin" / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(inner.root / "bin"), prepend=os.pathsep)
    there = tmp_path / "there"
    shutil.copytree(inner.root, there)
    result = inner.run_apart(
        f"--tx=2*ssh=ci@there//python={sys.executable}//chdir={there}",
        "--dist=loadgroup",
        "-Werror",
        GROUPED,
        "--loopscope-trace=trace.json",
        plugins=["xdist"],
    )
    result.assert_outcomes(passed=TESTS)
    assert not inner.events  # nothing was run here
    inner.root = there
    up, down = lives(inner)
    assert up == down
    assert not [told for told, times in per_place(up).items() if told != "session " and times > 1]
    assert not (there / "trace.json").exists()
    processes = read(inner.pytester.path / "trace.json").processes
    assert sorted(str(worker(process)) for process in processes) == ["gw0", "gw1"]


class Units:
    """Takes the units of a suite that is collected in this process."""

    def __init__(self, mode: str) -> None:
        self._mode = mode
        self.of: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        state = session.config.stash[KEY]
        assert state.plan is not None
        self.of = work_units(state.collection, state.plan, session.items, self._mode)


def units(inner: Inner, mode: str, source: str) -> dict[str, str]:
    """Return the units of a package of one module, by the names of its tests."""
    inner.write(
        {
            "conftest.py": CONFTEST + FIXTURES,
            "pkg/__init__.py": "",
            "pkg/conftest.py": CONFTEST + PACKAGE,
            "pkg/test_it.py": source,
        }
    )
    taken = Units(mode)
    ran = inner.pytester.runpytest_inprocess(
        *inner.with_only((), "asyncio"), "--collect-only", "-Wdefault", plugins=[taken]
    )
    assert ran.ret == pytest.ExitCode.OK
    return {id.removeprefix("pkg/test_it.py::"): name for id, name in taken.of.items()}


def test_places_are_joined_that_one_test_uses(inner: Inner) -> None:
    source = """
        class TestIt:
            async def test_package_and_class(self, session, package, cls): ...
            async def test_class(self, session, cls): ...

        async def test_package(session, package): ...
        async def test_module(session, module): ...
    """
    assert units(inner, "loadgroup", source) == {
        "TestIt::test_package_and_class": "package pkg",
        "TestIt::test_class": "package pkg",
        "test_package": "package pkg",
        "test_module": "module pkg/test_it.py",
    }


def test_what_lives_with_the_session_or_with_a_test_ties_no_tests_together(inner: Inner) -> None:
    source = """
        import pytest

        async def test_session(session): ...
        async def test_alone(): ...
        def test_sync(): ...

        @pytest.fixture
        async def own(session): ...

        def test_own(own): ...
    """
    assert units(inner, "loadgroup", source) == {}


def test_tests_that_are_declared_to_share_a_loop_stay_together(inner: Inner) -> None:
    source = """
        import pytest

        @pytest.mark.loopscope(scope="class")
        class TestIt:
            async def test_first(self): ...
            async def test_second(self): ...
            def test_sync(self): ...
    """
    name = "class pkg/test_it.py::TestIt"
    expected = {"TestIt::test_first": name, "TestIt::test_second": name}
    assert units(inner, "loadgroup", source) == expected


def test_a_synchronous_fixture_that_hands_on_an_async_one_counts(inner: Inner) -> None:
    source = """
        import pytest

        @pytest.fixture(scope="module")
        def handed_on(session):
            return session

        def test_first(handed_on): ...
        def test_second(handed_on): ...
    """
    name = "module pkg/test_it.py"
    assert units(inner, "loadgroup", source) == {"test_first": name, "test_second": name}


def test_a_group_that_the_author_gave_wins_in_loadgroup(inner: Inner) -> None:
    source = """
        import pytest

        @pytest.mark.xdist_group("mine")
        async def test_marked(module): ...

        @pytest.mark.xdist_group(name="mine")
        @pytest.mark.xdist_group
        async def test_twice(package): ...

        async def test_unmarked(module): ...
    """
    module = "module pkg/test_it.py"
    assert units(inner, "loadgroup", source) == {
        "test_marked": "mine",
        "test_twice": "default_mine",
        "test_unmarked": module,
    }
    assert set(units(inner, "loadfile", source).values()) == {"package pkg"}


@pytest.mark.parametrize(
    ("mode", "of_module", "of_class"),
    [
        ("loadscope", "module pkg/test_it.py", "class pkg/test_it.py::TestSync"),
        ("loadfile", "module pkg/test_it.py", "module pkg/test_it.py"),
    ],
)
def test_what_xdist_keeps_together_stays_so(
    inner: Inner, mode: str, of_module: str, of_class: str
) -> None:
    source = """
        import pytest

        class TestIt:
            async def test_module(self, module): ...
            def test_sync(self): ...

        class TestSync:
            def test_sync(self): ...

        @pytest.mark.parametrize("path", ["a::b"])
        def test_sync(path): ...
    """
    assert units(inner, mode, source) == {
        "TestIt::test_module": of_module,
        "TestIt::test_sync": of_module,
        "TestSync::test_sync": of_class,
        "test_sync[a::b]": of_module,
    }
