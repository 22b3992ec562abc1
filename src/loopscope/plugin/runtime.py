"""The engine of one session: executes the plan, and decides nothing that the plan decides."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from loopscope.backends import registry
from loopscope.backends.base import AsyncFn, Crash, Entry, Host, Outcome, ScopeTask, YieldCountError
from loopscope.core.graph import Suite, Vertex
from loopscope.core.plan import Loop, Plan, place
from loopscope.core.scope import Anchor, Scope
from loopscope.diagnose import catalog
from loopscope.errors import FixtureCrashed, LoopscopeError
from loopscope.plugin import _compat
from loopscope.plugin.contexts import ScopeContexts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextvars import Context

    from loopscope.plugin._compat import AnyFixtureDef, SubRequest
    from loopscope.plugin.collection import Collection

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup


class Refused(LoopscopeError):
    """Something that a finding says cannot be done."""

    def __init__(self, finding: catalog.Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class Held:
    """What an entry of ours stands for: a fixture definition, and the request it was made for."""

    def __init__(self, definition: AnyFixtureDef, request: SubRequest, vertex: Vertex) -> None:
        self.definition = definition
        self.request = request
        self.vertex = vertex


class Runtime:
    """Loops, tasks and contexts of one run, made when they are first needed.

    `announce` is told ("SETUP" or "TEARDOWN", loop) as loops open and close; with `dry` nothing is
    opened.
    """

    def __init__(
        self,
        collection: Collection,
        plan: Plan,
        announce: Callable[[str, Loop], None],
        *,
        dry: bool = False,
    ) -> None:
        self.collection = collection
        self.plan = plan
        self.contexts = ScopeContexts()
        self._announce = announce
        self.dry = dry
        self._hosts: dict[Loop, Host | None] = {}
        self._tasks: dict[tuple[Loop, Anchor], ScopeTask] = {}
        self._item: pytest.Item | None = None
        self._stepping = False
        self._unsettled: list[Crash] = []
        self._told: set[int] = set()

    def test(self, item: pytest.Item) -> Vertex | None:
        """Return the vertex of a test that is ours."""
        return self.collection.tests.get(item)

    @property
    def live(self) -> set[Loop]:
        """The loops that are open."""
        return set(self._hosts)

    def open(self, loop: Loop) -> Host | None:
        """Open `loop` unless it is open; it is closed when pytest leaves its place."""
        if loop not in self._hosts:
            self._announce("SETUP", loop)
            backend = registry.get(loop.backend)
            self._hosts[loop] = None if self.dry else backend.open(str(loop))
            self.collection.nodes[loop.anchor].addfinalizer(partial(self._close, loop))
        return self._hosts[loop]

    def _close(self, loop: Loop) -> None:
        host = self._hosts.pop(loop)
        for key in [key for key in self._tasks if key[0] == loop]:
            del self._tasks[key]
        if host is not None:
            host.close()
        self._announce("TEARDOWN", loop)

    def context(self, anchor: Anchor) -> Context:
        """Return the context of a place; it ends when pytest leaves the place."""
        if not self.contexts.knows(anchor):
            self.collection.nodes[anchor].addfinalizer(partial(self.contexts.end, anchor))
        return self.contexts.of(anchor)

    def _task(self, loop: Loop, anchor: Anchor) -> tuple[Host, ScopeTask]:
        host = self.open(loop)
        assert host is not None
        task = self._tasks.get((loop, anchor))
        if task is None:
            hidden = anchor.scope is not Scope.FUNCTION
            task = host.task(str(anchor), self.context(anchor), hidden=hidden)
            self._tasks[loop, anchor] = task
        return host, task

    def loop_for(self, vertex: Vertex) -> Loop:
        """Return the loop of something that is planned."""
        loop = self.plan.loop_of(vertex.id)
        assert loop is not None, f"{vertex.id} is not planned"
        return loop

    def run(self, vertex: Vertex, action: AsyncFn[Any], context: Context | None = None) -> Any:
        """Run `action()` on the loop of test `vertex`, in its task, and return its result."""
        host, task = self._task(self.loop_for(vertex), vertex.anchor)
        if self._stepping:
            raise Refused(catalog.run_while_running(vertex.name))
        with self._one_at_a_time():
            outcome = host.run(task, action, self._is_needed, context)
        return self._unwrap(outcome)

    def set_up(self, definition: AnyFixtureDef, request: SubRequest, test: Vertex) -> Any:
        """Set an asynchronous fixture up on its planned loop, and arrange for its teardown."""
        item = _compat.item_of(request)
        if self._stepping:
            origin = self.collection.origin_of(definition)
            raise Refused(catalog.asked_while_running(definition.argname, origin, test.name))
        vertex = self._placed(item, definition, test)
        kwargs = {name: request.getfixturevalue(name) for name in definition.argnames}
        function = _compat.fixture_function(definition, request)
        host, task = self._task(self.loop_for(vertex), vertex.anchor)
        with self._one_at_a_time(), self.contexts.giving(vertex.anchor, task.context):
            made = function(**kwargs)
            if not hasattr(made, "__anext__"):
                outcome = host.run(task, lambda: made, self._is_needed)
            else:
                entry = Entry(Held(definition, request, vertex), made)
                request.addfinalizer(partial(self._leave, host, task, entry))
                outcome = host.enter(task, entry, self._is_needed)
        return self._unwrap(outcome, vertex)

    def _leave(self, host: Host, task: ScopeTask, entry: Entry) -> None:
        vertex = entry.key.vertex
        with self._one_at_a_time(), self.contexts.giving(vertex.anchor, task.context):
            outcome = host.leave(task, entry)
        self._unwrap(outcome, vertex)

    def set_up_sync(self, definition: AnyFixtureDef, request: SubRequest) -> Any:
        """Set a synchronous fixture of a test of ours up, in a context of its own."""
        item = _compat.item_of(request)
        anchor = self.collection.anchor_of(item, definition)
        run = partial(self.contexts.run, anchor, self.context(anchor).copy())
        kwargs = {name: request.getfixturevalue(name) for name in definition.argnames}
        return _compat.set_up_in(run, definition, request, kwargs)

    def preview(self, definition: AnyFixtureDef, request: SubRequest, test: Vertex) -> None:
        """Announce the loop that `definition` would be set up on."""
        if self.collection.needs_loop(definition):
            vertex = self._placed(_compat.item_of(request), definition, test)
            self.open(self.loop_for(vertex))

    async def get_fixture(self, test: Vertex, name: str, request: pytest.FixtureRequest) -> Any:
        """Set fixture `name` up from within async code of `test`, and return its value."""
        host, _ = self._task(self.loop_for(test), test.anchor)

        def look_up() -> Any:
            self._stepping = False
            try:
                return request.getfixturevalue(name)
            finally:
                self._stepping = True

        return await host.outside(look_up)

    def settle(self) -> None:
        """Finish what crashes have torn down, at the end of a test: pytest does not know yet.

        Raises:
            BaseException: what a crash raised that made no test fail.
        """
        crashes, self._unsettled = self._unsettled, []
        for crash in crashes:
            for entry in crash.unwound:
                held: Held = entry.key
                error = None
                if entry is crash.owner:
                    finding = catalog.needs_crashed(held.vertex, crash.error)
                    error = FixtureCrashed(str(finding))
                    error.__cause__ = crash.error
                _compat.forget(held.definition, held.request, error)
            if crash.error is not None and id(crash) not in self._told:
                raise crash.error
        self._told.clear()

    @contextmanager
    def running(self, item: pytest.Item) -> Iterator[None]:
        """Mark `item` as the test that is being set up, called or torn down."""
        before, self._item = self._item, item
        try:
            yield
        finally:
            self._item = before

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        self._stepping = True
        try:
            yield
        finally:
            self._stepping = False

    def _is_needed(self, entry: Entry) -> bool:
        """Say whether the test under way depends on the fixture behind `entry`."""
        item = self._item
        if not isinstance(item, pytest.Function):
            return False
        definition = entry.key.definition
        return any(definition in found for found in _compat.definitions(item).values())

    def _placed(self, item: pytest.Item, definition: AnyFixtureDef, test: Vertex) -> Vertex:
        """Return the vertex of `definition`, planned now if it is asked for dynamically."""
        vertex = self.collection.instance(item, definition, test.backend)
        if vertex is not None and vertex.id in self.plan.loops:
            test_loop = self.plan.loop_of(test.id)
            if test_loop == self.plan.loops[vertex.id] or vertex.id in test.uses:
                return vertex
        assert isinstance(item, pytest.Function)
        wanted = self.collection.wanted(item, definition, test.backend)
        planned = list(Suite.of(wanted).on_loops().values())
        misfit = place(self.plan, planned, test, self.live)
        if misfit is not None:
            raise Refused(catalog.misfit(misfit))
        return wanted[-1]

    def _unwrap(self, outcome: Outcome[Any], vertex: Vertex | None = None) -> Any:
        self._unsettled.extend(outcome.crashes)
        if outcome.cause is not None:
            self._fail_for(outcome.cause)
        error = outcome.error
        if isinstance(error, YieldCountError) and vertex is not None:
            raise Refused(catalog.yield_count(vertex.name, vertex.origin, str(error)))
        if error is not None:
            raise error
        return outcome.value

    def _fail_for(self, crash: Crash) -> NoReturn:
        self._told.add(id(crash))
        test = self._item.name if self._item is not None else "a test"
        owner = crash.owner.key.vertex if crash.owner is not None else None
        if owner is None or crash.error is None:
            raise Refused(catalog.cancelled_silently(owner, test))
        error = _only_leaf(crash.error)
        _add_note(error, catalog.crashed(owner, test))
        raise error


def _only_leaf(error: BaseException) -> BaseException:
    """Return the one error in a group that holds no other, at any depth."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _add_note(error: BaseException, note: str) -> None:
    if sys.version_info >= (3, 11):
        error.add_note(note)
    else:
        vars(error).setdefault("__notes__", []).append(note)
