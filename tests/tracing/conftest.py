"""Suites that are recorded, and what is read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest

from loopscope.trace import file
from tests.plugin.conftest import QUIET, backend, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.trace.events import Event

__all__ = ["backend", "run"]

E = TypeVar("E")


class Recorded:
    """A suite that is run in a process of its own, and its trace."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path / "out" / "trace.json"

    def run(self, source: str, *options: str, backend: str = "asyncio") -> pytest.RunResult:
        self.pytester.makepyfile(test_it=source)
        return self.rerun(*options, f"--loopscope-backends={backend}")

    def rerun(self, *options: str) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess(
            *QUIET, "-Werror", f"--loopscope-trace={self.path}", *options, timeout=60
        )

    def processes(self) -> tuple[Sequence[Event], ...]:
        return file.read(self.path).processes

    def events(self) -> Sequence[Event]:
        (events,) = self.processes()
        return events

    def all(self, kind: type[E]) -> list[E]:
        """Return the events of one kind, of whatever process."""
        return [one for events in self.processes() for one in events if isinstance(one, kind)]


@pytest.fixture
def recorded(pytester: pytest.Pytester) -> Recorded:
    return Recorded(pytester)
