"""Runs to report of, written down test by test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.trace.events import (
    Event,
    FixtureSetUp,
    FixtureTornDown,
    LoopClosed,
    LoopOpened,
    LoopPlanned,
    Phase,
    RunBegan,
    RunEnded,
    TestBegan,
    TestEnded,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULE = "tests/test_a.py"
SHARED = "the loop of test_a.py"
CONFTEST = "tests/conftest.py"


class Recorded:
    """The events of a run, which grow by whole tests; each method passes some seconds."""

    def __init__(self, worker: str | None = None, started: float = 1.7e9) -> None:
        self.time = 0.0
        self.events: list[Event] = [
            RunBegan(0.0, started, "0.1.0", "9.0", "3.13", "on", "planned", worker)
        ]

    def shared_loop(self, scope: str = "module", loop: str = SHARED, node: str = MODULE) -> None:
        """Plan and open a loop that is wider than a test."""
        self.add(
            LoopPlanned(
                self.time, loop, "asyncio", scope, node, "client", f"{CONFTEST}:3", tests=2
            ),
            LoopOpened(self.time, loop, "asyncio", scope, node),
        )

    def fixture(
        self,
        name: str,
        loop: str | None,
        setup: float = 0.0,
        *,
        node: str = MODULE,
        line: int = 3,
        planned: str | None = None,
        error: str | None = None,
    ) -> None:
        """Set a fixture up."""
        began, self.time = self.time, self.time + setup
        self.add(
            FixtureSetUp(
                self.time, began, f"{name} at {node}", name, "module", node, f"{CONFTEST}:{line}",
                planned or loop, loop, "a test", error,
            )
        )  # fmt: skip

    def torn_down(self, name: str, teardown: float = 0.0, *, node: str = MODULE) -> None:
        """Tear a fixture down."""
        began, self.time = self.time, self.time + teardown
        self.add(FixtureTornDown(self.time, began, f"{name} at {node}", None))

    def test(
        self,
        name: str,
        loop: str | None = None,
        call: float = 0.0,
        *,
        planned: str | None = None,
        opens: bool = False,
        outcomes: Sequence[str] = ("passed", "passed", "passed"),
        error: str | None = None,
    ) -> None:
        """Run a test; `outcomes` are those of its phases, as far as it gets."""
        id = f"{MODULE}::{name}"
        if opens and loop is not None:
            self.add(LoopOpened(self.time, loop, "asyncio", "function", id))
        self.add(
            TestBegan(
                self.time, id, name, f"{MODULE}:7", MODULE,
                "asyncio" if loop else None, planned or loop, "loopscope" if loop else None,
            )
        )  # fmt: skip
        began, phases = self.time, []
        for phase, outcome in zip(("setup", "call", "teardown"), outcomes, strict=False):
            is_call = phase == "call"
            self.time += call if is_call else 0.0
            phases.append(Phase(phase, self.time, outcome, error if is_call else None))
        if phases:
            self.add(TestEnded(self.time, began, id, loop, tuple(phases)))
        if opens and loop is not None:
            self.add(LoopClosed(self.time, loop))

    def add(self, *events: Event) -> None:
        """Append events as they are."""
        self.events += events

    def ended(self) -> list[Event]:
        """End the run and return its events."""
        self.add(RunEnded(self.time, 0))
        return self.events
