"""The engine of one session: executes the plan, and decides nothing that the plan decides."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.backends import registry
from loopscope.backends.base import AsyncFn, Entry, Host, Outcome, ScopeTask, YieldCountError
from loopscope.core.graph import Suite, Vertex, reach
from loopscope.core.plan import Loop, Plan, place
from loopscope.core.scope import Anchor, Scope
from loopscope.diagnose import catalog
from loopscope.diagnose.fixes import late_finding
from loopscope.plugin import _compat
from loopscope.plugin.aftermath import Aftermath
from loopscope.plugin.background import Background, FollowedBy, raise_all
from loopscope.plugin.contexts import ScopeContexts, Tokens, adopt, take_back
from loopscope.plugin.crashes import Crashes, Held, finish_all
from loopscope.plugin.loops import OpenLoops
from loopscope.plugin.outcomes import Refused, fail, only_leaf, outcome_in
from loopscope.plugin.teardown import Teardown
from loopscope.plugin.timer import Activity
from loopscope.plugin.tracebacks import end_with_the_suite
from loopscope.plugin.under_way import UnderWay

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, KeysView
    from contextlib import AbstractContextManager
    from contextvars import Context
    from types import FrameType

    from loopscope.backends.interrupts import Interrupts
    from loopscope.backends.loop_watch import LoopWatch
    from loopscope.dialects.vocabulary import Dialect
    from loopscope.plugin._compat import AnyFixtureDef, SubRequest
    from loopscope.plugin.collection import Collection
    from loopscope.plugin.engine_trace import EngineTrace


class Runtime:
    """Loops, tasks and contexts of one run, made when they are first needed.

    `announce`, if there is one, is told ("SETUP" or "TEARDOWN", loop) as loops open and close; with
    `dry` nothing is opened.
    """

    def __init__(
        self,
        collection: Collection,
        plan: Plan,
        background: Background,
        announce: Callable[[str, Loop], None] | None,
        interrupts: Interrupts,
        *,
        dry: bool = False,
        watch: LoopWatch | None = None,
        trace: EngineTrace | None = None,
    ) -> None:
        self.under_way = UnderWay()
        self.collection = collection
        self.plan = plan
        self.contexts = ScopeContexts()
        self.interrupts = interrupts
        self.teardown = Teardown(interrupts)
        self.trace = trace
        self.loops = OpenLoops(
            announce, background.silence, interrupts, dry=dry, watch=watch, trace=trace
        )
        self.dry = dry
        self._to_be_closed: set[Loop] = set()
        self._tasks: dict[Anchor, dict[Loop, ScopeTask]] = {}
        self._crashes = Crashes(trace)
        self.aftermath = Aftermath(
            background, self._crashes, self.loops, interrupts, self.teardown, self.under_way
        )

    def test(self, item: pytest.Item) -> Vertex | None:
        """Return the vertex of a test that is ours."""
        return self.collection.tests.get(item)

    def open(self, loop: Loop) -> Host | None:
        """Open `loop` unless it is open; it is closed when pytest leaves its place."""
        host = self.loops.get(loop)
        if host is None and loop not in self.loops:
            item = self.under_way.item
            assert isinstance(item, pytest.Function)
            choice = self.collection.choice_for(item, loop.backend)
            host = self.loops.open(loop, choice, item)
            self.keep_for(loop)
        return host

    def keep_for(self, loop: Loop) -> bool:
        """Have `loop`, even if it is not open yet, outlive whatever pytest finishes from now on.

        Returns whether it does: what is over already has no loop any more.
        """
        if loop in self._to_be_closed:
            return True
        node = self.collection.places.node(loop.anchor)
        if not _compat.is_set_up(node):
            return False
        self._to_be_closed.add(loop)
        node.addfinalizer(partial(self._close, loop))
        return True

    def _close(self, loop: Loop) -> None:
        __tracebackhide__ = True
        self._to_be_closed.discard(loop)
        host = self.loops.get(loop)
        if host is None:
            if loop in self.loops:
                self.loops.close(loop)
            return
        deaths = partial(self.aftermath.of_closed_loop, host)
        with self.teardown.going_on(), FollowedBy(deaths):
            try:
                errors = self.aftermath.of_loop(host)
            finally:
                if self.under_way.host is host:
                    self.under_way.host = None
                self._crashes.add(self.loops.close(loop))
            if errors:
                raise_all(errors)

    @property
    def holds_anything(self) -> bool:
        """Whether there are loops of ours that pytest will have closed, or opened before that."""
        return bool(self._to_be_closed)

    def close(self) -> None:
        """Tear down what is still open: pytest drops finalizers when one of them ends the run."""
        self._sweep(lambda anchor: True)
        registry.release()

    def sweep(self) -> None:
        """Tear down what is still open of places that pytest has left."""
        node = self.collection.places.node
        self._sweep(lambda anchor: not _compat.is_set_up(node(anchor)))

    def _sweep(self, is_left: Callable[[Anchor], bool]) -> None:
        for anchor in sorted(self._tasks, key=lambda anchor: anchor.scope):
            if is_left(anchor) and not self.interrupts.is_over:
                for task in self._tasks[anchor].values():
                    self.loops.untold += finish_all(task)
        for loop in reversed(list(self.loops)):
            if is_left(loop.anchor):
                self._close(loop)

    def context(self, anchor: Anchor) -> Context:
        """Return the context of a place; it ends when pytest leaves the place."""
        context = self.contexts.get(anchor)
        if context is None:
            self.collection.places.node(anchor).addfinalizer(partial(self._end, anchor))
            context = self.contexts.begin(anchor)
        return context

    def _end(self, anchor: Anchor) -> None:
        __tracebackhide__ = True
        try:
            item = self.under_way.item
            test = None if item is None else self.test(item)
            if anchor.scope is Scope.FUNCTION and test is not None:
                raise_all(self.aftermath.of_test_elsewhere(test, anchor))
        finally:
            for loop in self._tasks.pop(anchor, ()):
                if self.trace is not None:
                    self.trace.task_ended(anchor, loop)
            self.contexts.end(anchor)

    def _task(self, loop: Loop, anchor: Anchor) -> tuple[Host, ScopeTask]:
        host = self.open(loop)
        assert host is not None
        tasks = self._tasks.get(anchor)
        if tasks is None:
            tasks = self._tasks[anchor] = {}
        task = tasks.get(loop)
        if task is None:
            # Without its parameters: people use the name of a task as a regular expression.
            name, hidden = str(anchor).partition("[")[0], anchor.scope is not Scope.FUNCTION
            task = tasks[loop] = host.task(name, self.context(anchor), hidden=hidden)
            if self.trace is not None:
                self.trace.task_began(anchor, loop)
        return host, task

    def loop_for(self, vertex: Vertex) -> Loop:
        """Return the loop of something that is planned."""
        loop = self.plan.loop_of(vertex.id)
        assert loop is not None, f"{vertex.id} is not planned"
        return loop

    def run(self, vertex: Vertex, action: AsyncFn[Any], context: Context | None = None) -> Any:
        """Run `action()` on the loop of test `vertex`, in its task, and return its result."""
        __tracebackhide__ = True
        if self.under_way.is_turning:
            raise Refused(catalog.run_while_running(vertex.name))
        host, task = self._task(self.loop_for(vertex), vertex.anchor)
        with self._step("call", vertex):
            outcome = host.run(task, action, self._is_needed, context, vertex)
        return self._unwrap(outcome)

    def set_up(self, definition: AnyFixtureDef, request: SubRequest, test: Vertex) -> Any:
        """Set an asynchronous fixture up on its planned loop, and arrange for its teardown."""
        __tracebackhide__ = True
        item = _compat.item_of(request)
        if self.under_way.is_turning:
            origin = self.collection.origins.of_fixture(definition)
            raise Refused(catalog.asked_while_running(definition.argname, origin, test.name))
        vertex = self._placed(item, definition, test)
        kwargs = {name: request.getfixturevalue(name) for name in definition.argnames}
        function = _compat.fixture_function(definition, request)
        host, task = self._task(self.loop_for(vertex), vertex.anchor)
        giving = self.contexts.giving(vertex.anchor, task.context)
        with self._step("setup", vertex), giving:
            made = self.dialect(item).adapt(function, kwargs)
            held = Held(definition, request, vertex)
            if not hasattr(made, "__anext__"):
                context = task.context.copy()
                request.addfinalizer(partial(self._end_of_coroutine, host, held))
                outcome = host.run(task, lambda: made, self._is_needed, context, held)
                tokens = adopt(context, task.context)
                if tokens:
                    # It has no teardown in which it could do so itself.
                    request.addfinalizer(partial(self._take_back, vertex, task.context, tokens))
            else:
                entry = Entry(held, made)
                try:
                    outcome = host.enter(task, entry, self._is_needed)
                finally:
                    # Behind the finalizers that the setup added: they are called after the
                    # teardown, as pytest does it.
                    request.addfinalizer(partial(self._leave, host, task, entry))
        return self._unwrap(outcome, vertex)

    def _end_of_coroutine(self, host: Host, held: Held) -> None:
        __tracebackhide__ = True
        raise_all(self.aftermath.of_fixture(host, held))

    def _take_back(self, vertex: Vertex, context: Context, tokens: Tokens) -> None:
        with self.contexts.giving(vertex.anchor, context):
            take_back(context, tokens)

    def _leave(self, host: Host, task: ScopeTask, entry: Entry) -> None:
        __tracebackhide__ = True
        vertex = entry.key.vertex
        after = partial(self.aftermath.of_fixture, host, entry.key)
        with self.teardown.going_on(), FollowedBy(after):
            giving = self.contexts.giving(vertex.anchor, task.context)
            with self._step("teardown", vertex), giving:
                outcome = host.leave(task, entry, partial(self._is_used_by, vertex))
            self._unwrap(outcome, vertex)

    def await_at(self, loop: Loop, anchor: Anchor, awaitable: Awaitable[object]) -> None:
        """Await something as part of the teardown of what lives at a place."""
        __tracebackhide__ = True
        host, task = self._task(loop, anchor)
        with self.under_way.turning(None), self.contexts.giving(anchor, task.context):
            outcome = host.run(task, lambda: awaitable, self._is_needed)
        self._unwrap(outcome)

    def set_up_sync(
        self, definition: AnyFixtureDef, request: SubRequest, host: Host | None = None
    ) -> Any:
        """Set a synchronous fixture of a test of ours up, in a context of its own.

        Where it has a loop, that of `host`, it runs while its loop is the current one.
        """
        __tracebackhide__ = True
        item = _compat.item_of(request)
        anchor = self.collection.places.of_fixture(item, definition)
        run = partial(self.contexts.run, anchor, self.context(anchor).copy())
        if host is not None:
            run = partial(host.run_beside, run)
        kwargs = {name: request.getfixturevalue(name) for name in definition.argnames}
        origin = self.collection.origins.of_fixture(definition)
        with self.under_way.doing(Activity("setup", definition.argname, origin)):
            return _compat.set_up_in(run, definition, request, kwargs)

    def set_up_beside(self, definition: AnyFixtureDef, request: SubRequest, test: Vertex) -> Any:
        """Set a synchronous fixture up that has a loop, and is not run on it."""
        __tracebackhide__ = True
        vertex = self._placed(_compat.item_of(request), definition, test)
        return self.set_up_sync(definition, request, self.open(self.loop_for(vertex)))

    def loop_itself(self, definition: AnyFixtureDef, request: SubRequest, test: Vertex) -> Any:
        """Return the library's own object for the loop of a fixture."""
        vertex = self._placed(_compat.item_of(request), definition, test)
        host = self.open(self.loop_for(vertex))
        return None if host is None else host.native

    def _check_arguments(self, item: pytest.Item, test: Vertex) -> None:
        """Fail a test that cannot be called with what its fixtures gave."""
        __tracebackhide__ = True
        assert isinstance(item, pytest.Function)
        dialect = self.dialect(item)
        if not dialect.has_objections:
            return
        shares_loop = self.loop_for(test).anchor != test.anchor
        problem = dialect.objects_to(_compat.test_arguments(item), shares_loop=shares_loop)
        if problem is not None:
            fail(catalog.bad_declaration(test.id, test.name, test.origin, problem))

    def dialect(self, item: pytest.Item) -> Dialect:
        """Return the dialect that a test of ours is written in."""
        assert isinstance(item, pytest.Function)
        return self.collection.owner(item) or self.collection.native

    def preview(self, definition: AnyFixtureDef, request: SubRequest, test: Vertex) -> None:
        """Announce the loop that `definition` would be set up on."""
        vertex = self._placed(_compat.item_of(request), definition, test)
        self.open(self.loop_for(vertex))

    async def get_fixture(self, test: Vertex, name: str, request: pytest.FixtureRequest) -> Any:
        """Set fixture `name` up from within async code of `test`, and return its value."""
        __tracebackhide__ = True
        host, _ = self._task(self.loop_for(test), test.anchor)

        def look_up() -> Any:
            __tracebackhide__ = True
            self.under_way.is_turning = False
            try:
                return request.getfixturevalue(name)
            finally:
                self.under_way.is_turning = True

        try:
            return await host.outside(look_up)
        except BaseException as exc:
            # Between the user's `await` and the user's fixture lie pytest's frames and ours.
            traceback = exc.__traceback__
            while traceback is not None and _is_machinery(traceback.tb_frame):
                traceback = traceback.tb_next
            raise BaseException.with_traceback(exc, traceback) from exc.__cause__

    def begin(self, item: pytest.Item, test: Vertex) -> None:
        """Begin a phase of a test of ours."""
        self.under_way.item = item
        self._become_current(test)

    def make_ready(self, item: pytest.Item, test: Vertex) -> None:
        """Open the loop of a test whose fixtures are set up, if it runs on one."""
        __tracebackhide__ = True
        if test.needs_loop:
            self.under_way.host = self.open(self.loop_for(test))
            self._check_arguments(item, test)

    def running(self, item: pytest.Item, test: Vertex) -> AbstractContextManager[None]:
        """Mark `item` as the test of ours under way in a block, and its loop as the current one."""
        self._become_current(test)
        return self.under_way.running(item)

    def _become_current(self, test: Vertex) -> None:
        """Let synchronous code of a test find the loop of the test, if that is open."""
        under_way = self.under_way
        if under_way.test is not test or under_way.host is None:
            loop = self.plan.loop_of(test.id)
            under_way.test = test
            under_way.host = None if loop is None else self.loops.get(loop)
        if under_way.host is not None:
            under_way.host.become_current()

    def _step(self, action: str, vertex: Vertex) -> AbstractContextManager[None]:
        activity = Activity(action, vertex.name, vertex.origin, vertex)
        return self.under_way.turning(activity)

    def turning(self) -> Host | None:
        """Return the host whose loop turns for a test just now."""
        hosts = map(self.loops.get, list(self.loops))
        return next((host for host in hosts if host is not None and host.under_way), None)

    def _is_needed(self, entry: Entry) -> bool:
        """Say whether the test under way depends on the fixture behind `entry`."""
        item = self.under_way.item
        if not isinstance(item, pytest.Function):
            return False
        definition = entry.key.definition
        return any(definition in found for found in _compat.definitions(item).values())

    def _is_used_by(self, vertex: Vertex, entry: Entry) -> bool:
        """Say whether `vertex` uses the fixture behind `entry`, however indirectly."""
        return entry.key.vertex.id in self._used_by(vertex)

    def _used_by(self, vertex: Vertex) -> KeysView[str]:
        return reach([vertex.id], lambda id: self.plan.suite.vertices[id].uses)

    def _placed(self, item: pytest.Item, definition: AnyFixtureDef, test: Vertex) -> Vertex:
        """Return the vertex of `definition`, planned now if it is asked for dynamically."""
        __tracebackhide__ = True
        vertex = self.collection.instance(item, definition, test.backend)
        loop = None if vertex is None else self.plan.loop_of(vertex.id)
        if vertex is not None and loop is not None:
            test_loop = self.plan.loop_of(test.id)
            if loop is test_loop or loop == test_loop or vertex.id in self._used_by(test):
                return vertex
        assert isinstance(item, pytest.Function)
        wanted = self.collection.wanted(item, definition, test.backend)
        planned = list(Suite.of(wanted).on_loops().values())
        misfit = place(self.plan, planned, test, self.loops)
        if misfit is not None:
            fail(late_finding(self.plan, misfit))
        return wanted[-1]

    def _unwrap(self, outcome: Outcome[Any], vertex: Vertex | None = None) -> Any:
        __tracebackhide__ = True
        self._crashes.add(outcome.crashes)
        if outcome.cause is not None:
            self._crashes.fail_for(outcome.cause, self.under_way.name)
        error = outcome.error
        if isinstance(error, YieldCountError) and vertex is not None:
            fail(catalog.yield_count(vertex.name, vertex.origin, str(error)))
        if isinstance(error, Refused):
            end_with_the_suite(error)
        if error is not None:
            # Out of a group, and with the group as its cause where it is not all there was.
            instead = outcome_in(error)
            if instead is None or instead is error:
                raise error
            raise instead from (None if instead is only_leaf(error) else error)
        return outcome.value


def _is_machinery(frame: FrameType) -> bool:
    package = str(frame.f_globals.get("__name__")).partition(".")[0]
    return package in ("loopscope", "_pytest", "pluggy")
