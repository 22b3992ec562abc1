"""`--setup-show` and its kin: each loop stands at its own scope, beside the fixtures on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

SUITE = """
    import pytest
    from events import event

    @pytest.fixture(scope="session")
    async def server():
        event("server")
        yield

    @pytest.fixture(scope="module")
    async def schema(server):
        event("schema")
        yield

    @pytest.fixture
    async def row():
        event("row")
        yield

    async def test_shares_a_loop(schema, row):
        event("test_shares_a_loop")

    async def test_has_a_loop_of_its_own(row):
        event("test_has_a_loop_of_its_own")

    def test_is_sync_and_uses_a_loop(server):
        event("test_is_sync_and_uses_a_loop")

    def test_is_sync():
        event("test_is_sync")
"""

SHOWN = """\
SETUP    S loop of session [BACKEND]
SETUP    S server
    SETUP    M schema (fixtures used: server)
        SETUP    F row
        test_it.py::test_shares_a_loop (fixtures used: row, schema, server)
        TEARDOWN F row
        SETUP    F loop of function [BACKEND]
        SETUP    F row
        test_it.py::test_has_a_loop_of_its_own (fixtures used: row)
        TEARDOWN F row
        TEARDOWN F loop of function [BACKEND]
        test_it.py::test_is_sync_and_uses_a_loop (fixtures used: server)
        test_it.py::test_is_sync
    TEARDOWN M schema
TEARDOWN S server
TEARDOWN S loop of session [BACKEND]"""


def steps(result: pytest.RunResult) -> list[str]:
    """Return the lines of the run itself, without the outcomes of its tests."""
    lines = [re.sub(r" ?\.$", "", line).rstrip() for line in result.outlines]
    return [
        line
        for line in lines
        if ("SETUP " in line or "TEARDOWN " in line or "::" in line) and "OWNER " not in line
    ]


def test_setup_show_shows_each_loop_at_its_scope_around_the_fixtures_on_it(
    inner: Inner, backend: str
) -> None:
    inner.write({"test_it.py": SUITE})
    result = inner.run("--setup-show", backend=backend)
    result.assert_outcomes(passed=4)
    assert steps(result) == SHOWN.replace("BACKEND", backend).splitlines()


def test_setup_plan_shows_the_same_and_runs_nothing(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SUITE})
    result = inner.run("--setup-plan", backend=backend)
    assert result.ret == 0
    assert steps(result) == SHOWN.replace("BACKEND", backend).splitlines()
    assert inner.events == []


def test_setup_only_sets_fixtures_up_and_runs_no_test(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SUITE})
    result = inner.run("--setup-only", backend=backend)
    assert result.ret == 0
    assert steps(result) == SHOWN.replace("BACKEND", backend).splitlines()
    assert inner.events == ["server", "schema", "row", "row"]


# In which column pytest shows a fixture of each scope, with which letter.
COLUMNS = {
    "session": ("S", "session"),
    "package": ("  P", "package package"),
    "module": ("    M", "module package/test_it.py"),
    "class": ("      C", "class package/test_it.py::TestIt"),
    "function": ("        F", "function"),
}


@pytest.mark.parametrize("scope", COLUMNS)
def test_a_loop_is_shown_in_the_column_of_its_scope_by_the_name_of_its_place(
    inner: Inner, backend: str, scope: str
) -> None:
    column, place = COLUMNS[scope]
    indent, letter = column[:-1], column[-1]
    conftest = f"""
        import pytest

        @pytest.fixture(scope={scope!r})
        async def resource(): ...
    """
    source = """
        class TestIt:
            async def test_it(self, resource): ...
    """
    inner.write({"package/__init__.py": "", "package/conftest.py": conftest})
    inner.write({"package/test_it.py": source})
    result = inner.run("--setup-show", backend=backend)
    assert steps(result) == [
        f"{indent}SETUP    {letter} loop of {place} [{backend}]",
        f"{indent}SETUP    {letter} resource",
        "        package/test_it.py::TestIt::test_it (fixtures used: resource)",
        f"{indent}TEARDOWN {letter} resource",
        f"{indent}TEARDOWN {letter} loop of {place} [{backend}]",
    ]


def test_loops_of_several_backends_are_shown_one_by_one(inner: Inner) -> None:
    source = """
        import pytest

        @pytest.fixture(scope="module")
        async def resource(): ...

        async def test_it(resource): ...
    """
    inner.write({"test_it.py": source})
    result = inner.run("--setup-show", backend="asyncio,trio")
    result.assert_outcomes(passed=2)
    shown = [line.strip() for line in steps(result) if "loop of" in line or "M resource" in line]
    assert [line for line in shown if "resource" in line] == [
        "SETUP    M resource",
        "TEARDOWN M resource",
        "SETUP    M resource",
        "TEARDOWN M resource",
    ]
    for name in ("asyncio", "trio"):
        around = [line for line in shown if f"[{name}]" in line]
        loop = f"M loop of module test_it.py [{name}]"
        assert around == [f"SETUP    {loop}", f"TEARDOWN {loop}"]


def test_a_fixture_that_fails_is_shown_and_its_loop_is_closed(inner: Inner, backend: str) -> None:
    source = """
        import pytest

        @pytest.fixture
        async def broken():
            raise ValueError

        async def test_it(broken): ...
    """
    inner.write({"test_it.py": source})
    result = inner.run("--setup-show", backend=backend)
    result.assert_outcomes(errors=1)
    assert [line.strip() for line in steps(result) if "loop of" in line] == [
        f"SETUP    F loop of function [{backend}]",
        f"TEARDOWN F loop of function [{backend}]",
    ]
