"""What only the engine knows of a run, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.core.graph import Kind
from loopscope.core.scope import Scope
from loopscope.plugin import _compat
from loopscope.trace.events import (
    Blocked,
    Cancelled,
    Crashed,
    Found,
    LeftBehind,
    LoopPlanned,
    TaskBegan,
    TaskEnded,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from loopscope.backends.base import Crash
    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Loop, Plan
    from loopscope.core.scope import Anchor
    from loopscope.diagnose.catalog import Finding
    from loopscope.plugin._compat import AnyFixtureDef, SubRequest
    from loopscope.plugin.runtime import Runtime
    from loopscope.trace.recorder import Recorder


class Planned:
    """Says where things ran as the engine knows it: where the plan has them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def of_test(self, item: pytest.Item, test: Vertex | None) -> str | None:
        """Return the loop of a test that runs on one."""
        if test is None:
            test = self._runtime.test(item)  # it became ours while it was set up
        if test is None or not test.needs_loop or self._runtime.trace is None:
            return None
        return self._runtime.trace.name_of(self._runtime.loop_for(test))

    def of_fixture(self, definition: AnyFixtureDef, request: SubRequest) -> str | None:
        """Return the loop of a fixture that runs on one."""
        item = _compat.item_of(request)
        collection = self._runtime.collection
        test = self._runtime.test(item)
        if test is None or not collection.is_stepped(item, definition):
            return None
        vertex = collection.instance(item, definition, test.backend)
        loop = None if vertex is None else self._runtime.plan.loop_of(vertex.id)
        return None if loop is None else str(loop)

    def of_teardown(self, definition: AnyFixtureDef, loop: str | None) -> str | None:
        """Return the loop of the setup, which is that of the teardown as well."""
        return loop


class EngineTrace:
    """Records what becomes of loops, tasks and what runs on them.

    `test` is the id of the test under way.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.test: str | None = None
        self._recorder = recorder
        self._named: tuple[Loop | None, str] = None, ""

    def name_of(self, loop: Loop) -> str:
        """Return what `loop` is called; it is mostly the one that was asked for last."""
        if self._named[0] is not loop:
            self._named = loop, str(loop)
        return self._named[1]

    def planned(self, plan: Plan, findings: Iterable[Finding]) -> None:
        """Record the loops of `plan` that several tests may share, and what is wrong with it."""
        now = self._recorder.now()
        for loop, reason, residents in plan.shared():
            tests = sum(vertex.kind is Kind.TEST for vertex in residents)
            scope, node = loop.anchor.scope.word, loop.anchor.node
            because = (reason.name, str(reason.origin))
            planned = LoopPlanned(now, str(loop), loop.backend, scope, node, *because, tests)
            self._recorder.record(planned)
        for finding in findings:
            self._recorder.record(Found(now, finding.code, str(finding)))

    def opened(self, loop: Loop) -> None:
        """Record that a loop was opened."""
        anchor, name = loop.anchor, self.name_of(loop)
        self._recorder.opened(name, loop.backend, anchor.scope.word, anchor.node)

    def closed(self, loop: Loop) -> None:
        """Record that a loop was closed."""
        self._recorder.closed(self.name_of(loop))

    def task_began(self, anchor: Anchor, loop: Loop) -> None:
        """Record that a scope has a task; that of a test is the test."""
        if anchor.scope is not Scope.FUNCTION:
            self._recorder.record(TaskBegan(self._recorder.now(), str(anchor), str(loop)))

    def task_ended(self, anchor: Anchor, loop: Loop) -> None:
        """Record that the task of a scope is not needed any more."""
        if anchor.scope is not Scope.FUNCTION:
            self._recorder.record(TaskEnded(self._recorder.now(), str(anchor), str(loop)))

    def left_behind(self, finding: Finding, kind: str, owner: str | None, *, ended: bool) -> None:
        """Record what was left, as `finding` tells it."""
        origin = str(finding.where[0][0]) if finding.where else None
        text = str(finding)
        now, test = self._recorder.now(), self.test
        self._recorder.record(LeftBehind(now, finding.code, kind, text, owner, origin, test, ended))

    def crashed(self, crash: Crash) -> None:
        """Record that the background of a fixture has failed."""
        fixture = None if crash.owner is None else crash.owner.key.vertex.id
        error = None if crash.error is None else _compat.saferepr(crash.error, None)
        self._recorder.record(Crashed(self._recorder.now(), fixture, error, self.test))

    def cancelled(self, item: pytest.Item, why: str) -> None:
        """Record that a test was cancelled from outside."""
        self._recorder.record(Cancelled(self._recorder.now(), item.nodeid, why))

    def blocked(self, item: pytest.Item, seconds: float, stack: Iterable[str]) -> None:
        """Record that a call kept a loop from turning."""
        now = self._recorder.now()
        self._recorder.record(Blocked(now, item.nodeid, seconds, tuple(stack)))
