"""Suites written to a temporary directory and run by pytest in this process."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    RunSuite = Callable[..., pytest.RunResult]

BACKENDS = ("asyncio", "uvloop", "trio")

# Imported out here once: pytester forgets what an inner run imports, and would import it each time.
for module in ("anyio", "hypothesis", *BACKENDS):
    if importlib.util.find_spec(module):
        __import__(module)
import loopscope.backends.asyncio  # noqa: E402

if importlib.util.find_spec("trio"):
    import loopscope.backends.trio  # noqa: F401

OTHERS = (
    "anyio",
    "asyncio",
    "cacheprovider",
    "html",
    "html_fixtures",
    "metadata",
    "randomly",
    "trio",
)
QUIET = [f"-pno:{plugin}" for plugin in OTHERS]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Every backend that is installed."""
    name: str = request.param
    pytest.importorskip(name)
    return name


@pytest.fixture
def run(pytester: pytest.Pytester) -> RunSuite:
    """Write `source` as a test module, run it, and return what came of it."""

    def run_suite(source: str, *options: str, backend: str = "asyncio") -> pytest.RunResult:
        pytester.makepyfile(test_it=source)
        return rerun(pytester, *options, backend=backend)

    return run_suite


def rerun(pytester: pytest.Pytester, *options: str, backend: str = "asyncio") -> pytest.RunResult:
    """Run the suite that is there."""
    options = (*QUIET, "-Werror", "-rA", f"--loopscope-backends={backend}", *options)
    return pytester.runpytest_inprocess(*options)
