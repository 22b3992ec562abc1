"""Suites are found and planned alike however their files lie and are imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

CONFTEST = """
    import pytest
    from anyio.lowlevel import checkpoint
    from events import event

    @pytest.fixture(scope="session")
    async def session():
        await checkpoint()
        event("session up")
        yield
        event("session down")

    @pytest.fixture(scope="package")
    async def package(session, request):
        await checkpoint()
        event("package up")
        yield
        await checkpoint()
        event("package down")
"""

TEST = """
    from anyio.lowlevel import checkpoint

    async def test_it(package):
        await checkpoint()

    class TestIt:
        async def test_it(self, session):
            await checkpoint()
"""

SESSION = ["session up", "session down"]
PACKAGE = ["session up", "package up", "package down", "session down"]

FLAT = {"conftest.py": CONFTEST, "test_a.py": TEST, "test_b.py": TEST}
PACKAGES = {
    "conftest.py": CONFTEST,
    "suite/__init__.py": "",
    "suite/test_a.py": TEST,
    "suite/nested/__init__.py": "",
    "suite/nested/test_a.py": TEST,
}
IN_PACKAGE = {
    "suite/__init__.py": "",
    "suite/conftest.py": CONFTEST,
    "suite/test_a.py": TEST,
    "suite/nested/__init__.py": "",
    "suite/nested/test_a.py": TEST,
}
SAME_NAMES = {
    "conftest.py": CONFTEST,
    "one/test_a.py": TEST,
    "two/test_a.py": TEST,
}
# Not in tests/: there is a package of that name in this process.
SRC = {
    "pytest.ini": "[pytest]\npythonpath = src .\ntestpaths = checks\n",
    "src/app.py": "async def answer():\n    return 42\n",
    "checks/conftest.py": CONFTEST,
    "checks/test_a.py": TEST,
    "checks/unit/test_b.py": TEST
    + """
    async def test_app():
        from app import answer
        assert await answer() == 42
""",
}

LAYOUTS = {
    "flat": (FLAT, 4),
    "packages": (PACKAGES, 4),
    "fixtures in a package": (IN_PACKAGE, 4),
    "same names": (SAME_NAMES, 4),
    "src": (SRC, 5),
}


@pytest.mark.parametrize("mode", ["prepend", "append", "importlib"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_fixtures_live_as_long_as_their_scopes_say(inner: Inner, layout: str, mode: str) -> None:
    files, count = LAYOUTS[layout]
    if layout == "same names" and mode != "importlib":
        pytest.skip("pytest imports no two modules of one name otherwise")
    inner.write(files)
    result = inner.run(f"--import-mode={mode}", "-Werror")
    assert result.parseoutcomes() == {"passed": count}
    assert inner.events == PACKAGE


@pytest.mark.parametrize("place", ["suite", "suite/nested", "suite/nested/test_a.py"])
def test_a_part_of_a_suite_can_be_run(inner: Inner, place: str) -> None:
    inner.write(IN_PACKAGE)
    result = inner.run(place)
    result.assert_outcomes(passed=4 if place == "suite" else 2)
    assert inner.events == PACKAGE


def test_the_suite_can_be_run_from_within(inner: Inner) -> None:
    inner.write({"pytest.ini": "[pytest]\n", **IN_PACKAGE})
    inner.monkeypatch.chdir(inner.root / "suite" / "nested")
    inner.run().assert_outcomes(passed=2)
    assert inner.events == PACKAGE
