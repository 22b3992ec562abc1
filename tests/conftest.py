"""What all our tests share. `pytester` itself is switched on in pyproject.toml."""

from __future__ import annotations

import pytest

try:
    from hypothesis import settings
except ModuleNotFoundError:
    # nox's `minimal` session installs pytest and nothing else.
    pass
else:
    # A slow machine is not a failing test, and a run must be repeatable from its source alone.
    settings.register_profile("loopscope", deadline=None, derandomize=True)
    settings.load_profile("loopscope")

from tests.faults.summary import pytest_addoption, pytest_terminal_summary  # noqa: F401


@pytest.fixture(autouse=True)
def outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run pytest inside of a test as on anybody's machine: in CI its summary is longer."""
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
