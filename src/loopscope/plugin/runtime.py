"""The engine of one session: executes the plan, and decides nothing that the plan decides."""

from __future__ import annotations

from contextlib import contextmanager
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
from loopscope.errors import LoopscopeError
from loopscope.plugin import _compat
from loopscope.plugin.background import Background, FollowedBy, besides, raise_all
from loopscope.plugin.contexts import ScopeContexts, Tokens, adopt, take_back
from loopscope.plugin.crashes import Crashes, Held, finish_all
from loopscope.plugin.loops import OpenLoops
from loopscope.plugin.outcomes import fail, only_leaf, outcome_in
from loopscope.plugin.teardown import Teardown
from loopscope.plugin.timer import Activity
from loopscope.plugin.tracebacks import end_with_the_suite

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, KeysView
    from contextlib import AbstractContextManager
    from contextvars import Context
    from types import FrameType

    from loopscope.backends.interrupts import Interrupts
    from loopscope.backends.loop_watch import LoopWatch
    from loopscope.dialects.vocabulary import Dialect
    from loopscope.plugin._compat import AnyFixtureDef, SubRequest
    from loopscope.plugin.collection import Collection
    from loopscope.plugin.engine_trace import EngineTrace
    from loopscope.plugin.heirs import End


class Refused(LoopscopeError, RuntimeError):
    """Something that user code asked for and that cannot be done, told as a finding."""

    def __init__(self, finding: catalog.Finding) -> None:
        super().__init__(str(finding))


class Runtime:
    """Loops, tasks and contexts of one run, made when they are first needed.

    `announce` is told ("SETUP" or "TEARDOWN", loop) as loops open and close; with `dry` nothing is
    opened.
    """

    def __init__(
        self,
        collection: Collection,
        plan: Plan,
        background: Background,
        announce: Callable[[str, Loop], None],
        interrupts: Interrupts,
        *,
        dry: bool = False,
        watch: LoopWatch | None = None,
        trace: EngineTrace | None = None,
    ) -> None:
        self.activities: list[Activity] = []
        self.collection = collection
        self.background = background
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
        self._item: pytest.Item | None = None
        self._stepping = False
        self._crashes = Crashes(trace)

    def test(self, item: pytest.Item) -> Vertex | None:
        """Return the vertex of a test that is ours."""
        return self.collection.tests.get(item)

    def test_for(self, definition: AnyFixtureDef, request: SubRequest) -> Vertex | None:
        """Return the vertex of the test that `definition` is set up for, if the test is ours.

        A test that no plan knew of becomes ours when it asks for a fixture that needs a loop.
        """
        item = _compat.item_of(request)
        test = self.test(item)
        if test is None and self.collection.needs_loop(item, definition):
            test = self.collection.adopt(item)
        return test

    def open(self, loop: Loop) -> Host | None:
        """Open `loop` unless it is open; it is closed when pytest leaves its place."""
        if loop not in self.loops:
            item = self._item
            assert isinstance(item, pytest.Function)
            choice = self.collection.choice_for(item, loop.backend)
            self.loops.open(loop, choice, item)
            self.keep_for(loop)
        return self.loops[loop]

    def keep_for(self, loop: Loop) -> bool:
        """Have `loop`, even if it is not open yet, outlive whatever pytest finishes from now on.

        Returns whether it does: what is over already has no loop any more.
        """
        node = self.collection.places.node(loop.anchor)
        if loop not in self._to_be_closed and _compat.is_set_up(node):
            self._to_be_closed.add(loop)
            node.addfinalizer(partial(self._close, loop))
        return loop in self._to_be_closed

    def _close(self, loop: Loop) -> None:
        __tracebackhide__ = True
        self._to_be_closed.discard(loop)
        host = self.loops.get(loop)
        if host is None:
            if loop in self.loops:
                self.loops.close(loop)
            return
        end = self.background.end_of(None)
        deaths = partial(self._deaths, host, end)
        with self.teardown.deferring(), FollowedBy(deaths):
            try:
                errors = self._end_leftovers(host, end)
            finally:
                self._crashes.add(self.loops.close(loop))
            raise_all(errors)

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
        if not self.contexts.knows(anchor):
            self.collection.places.node(anchor).addfinalizer(partial(self._end, anchor))
        return self.contexts.of(anchor)

    def _end(self, anchor: Anchor) -> None:
        __tracebackhide__ = True
        try:
            if anchor.scope is Scope.FUNCTION and self._item is not None:
                raise_all(self._after_test(anchor, self.test(self._item)))
        finally:
            for loop in self._tasks.pop(anchor, ()):
                if self.trace is not None:
                    self.trace.task_ended(anchor, loop)
            self.contexts.end(anchor)

    def _after_test(self, anchor: Anchor, test: Vertex | None) -> list[BaseException]:
        """End what a test has left on loops that outlive it; return what went wrong."""
        if test is None:
            return []
        end = self.background.end_of(test)
        return [
            error
            for loop in list(self.loops)
            if loop.anchor != anchor and (host := self.loops[loop]) is not None
            for error in self._end_leftovers(host, end)
        ]

    def _task(self, loop: Loop, anchor: Anchor) -> tuple[Host, ScopeTask]:
        host = self.open(loop)
        assert host is not None
        context = self.context(anchor)
        tasks = self._tasks.setdefault(anchor, {})
        if loop not in tasks:
            hidden = anchor.scope is not Scope.FUNCTION
            # Without its parameters: people use the name of a task as a regular expression.
            name = str(anchor).partition("[")[0]
            tasks[loop] = host.task(name, context, hidden=hidden)
            if self.trace is not None:
                self.trace.task_began(anchor, loop)
        return host, tasks[loop]

    def loop_for(self, vertex: Vertex) -> Loop:
        """Return the loop of something that is planned."""
        loop = self.plan.loop_of(vertex.id)
        assert loop is not None, f"{vertex.id} is not planned"
        return loop

    def run(self, vertex: Vertex, action: AsyncFn[Any], context: Context | None = None) -> Any:
        """Run `action()` on the loop of test `vertex`, in its task, and return its result."""
        __tracebackhide__ = True
        if self._stepping:
            raise Refused(catalog.run_while_running(vertex.name))
        host, task = self._task(self.loop_for(vertex), vertex.anchor)
        with self._step("call", vertex):
            outcome = host.run(task, action, self._is_needed, context, vertex)
        return self._unwrap(outcome)

    def set_up(self, definition: AnyFixtureDef, request: SubRequest, test: Vertex) -> Any:
        """Set an asynchronous fixture up on its planned loop, and arrange for its teardown."""
        __tracebackhide__ = True
        item = _compat.item_of(request)
        if self._stepping:
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
        raise_all(self._after_fixture(host, held))

    def _take_back(self, vertex: Vertex, context: Context, tokens: Tokens) -> None:
        with self.contexts.giving(vertex.anchor, context):
            take_back(context, tokens)

    def _leave(self, host: Host, task: ScopeTask, entry: Entry) -> None:
        __tracebackhide__ = True
        vertex = entry.key.vertex
        after = partial(self._after_fixture, host, entry.key)
        with self.teardown.deferring(), self._crashes.holding_back(), FollowedBy(after):
            giving = self.contexts.giving(vertex.anchor, task.context)
            with self._step("teardown", vertex), giving:
                outcome = host.leave(task, entry, partial(self._is_used_by, vertex))
            self._unwrap(outcome, vertex)

    def await_at(self, loop: Loop, anchor: Anchor, awaitable: Awaitable[object]) -> None:
        """Await something as part of the teardown of what lives at a place."""
        __tracebackhide__ = True
        host, task = self._task(loop, anchor)
        with self._one_at_a_time(), self.contexts.giving(anchor, task.context):
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
        with self.doing(Activity("setup", definition.argname, origin)):
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

    def check_arguments(self, item: pytest.Item, test: Vertex) -> None:
        """Fail a test that cannot be called with what its fixtures gave."""
        __tracebackhide__ = True
        assert isinstance(item, pytest.Function)
        shares_loop = self.loop_for(test).anchor != test.anchor
        arguments = _compat.test_arguments(item)
        problem = self.dialect(item).objects_to(arguments, shares_loop=shares_loop)
        if problem is not None:
            fail(catalog.bad_declaration(test.id, test.name, test.origin, problem))

    def dialect(self, item: pytest.Item) -> Dialect:
        """Return the dialect that a test of ours is written in."""
        assert isinstance(item, pytest.Function)
        return self.collection.owner(item) or self.collection.native

    def preview(self, definition: AnyFixtureDef, request: SubRequest, test: Vertex) -> None:
        """Announce the loop that `definition` would be set up on."""
        item = _compat.item_of(request)
        if self.collection.needs_loop(item, definition):
            vertex = self._placed(item, definition, test)
            self.open(self.loop_for(vertex))

    async def get_fixture(self, test: Vertex, name: str, request: pytest.FixtureRequest) -> Any:
        """Set fixture `name` up from within async code of `test`, and return its value."""
        __tracebackhide__ = True
        host, _ = self._task(self.loop_for(test), test.anchor)

        def look_up() -> Any:
            __tracebackhide__ = True
            self._stepping = False
            try:
                return request.getfixturevalue(name)
            finally:
                self._stepping = True

        try:
            return await host.outside(look_up)
        except BaseException as exc:
            # Between the user's `await` and the user's fixture lie pytest's frames and ours.
            traceback = exc.__traceback__
            while traceback is not None and _is_machinery(traceback.tb_frame):
                traceback = traceback.tb_next
            raise BaseException.with_traceback(exc, traceback) from exc.__cause__

    def aftermath(self, item: pytest.Item) -> list[BaseException]:
        """Return the errors that nobody has awaited in the setup of `item`, or in its call."""
        return self._deaths_anywhere(self.background.end_of_phase(item))

    def settle(self) -> list[BaseException]:
        """Have pytest come to know of what crashes have torn down; return what nobody has told."""
        return self._crashes.settle(self._test_name)

    def end_of(self, item: pytest.Item) -> list[BaseException]:
        """Have pytest know of what crashes have torn down; return what went wrong in the end."""
        errors = self._crashes.settle(self._test_name)
        return [*errors, *self._deaths_anywhere(self.background.end_of(self.test(item)))]

    def _deaths_anywhere(self, end: End) -> list[BaseException]:
        return [error for host in self.loops.hosts() for error in self._deaths(host, end)]

    def _end_leftovers(self, host: Host, end: End) -> list[BaseException]:
        is_shared = self.loops.is_shared(host)
        with self._one_at_a_time():
            outcome = host.end_leftovers(end)
        self._crashes.add(outcome.crashes)
        errors = [] if outcome.error is None else [outcome.error]
        if self.interrupts.is_ending:
            return errors  # of course something was left
        return [
            *errors,
            *self.background.tell(outcome.value or (), self._item, is_shared=is_shared),
        ]

    def _deaths(self, host: Host, end: End) -> list[BaseException]:
        errors = self.background.deaths(host, end, self._item)
        if not self.interrupts.is_ending:
            return errors
        # To fail would spoil the end of the run; what was abandoned is not worth a word.
        if not self.interrupts.is_hurried:
            self.loops.untold += map(besides, errors)
        return []

    def _after_fixture(self, host: Host, held: Held) -> list[BaseException]:
        end = self.background.end_of(held)
        return [
            *self._end_leftovers(host, end),
            *self._deaths(host, end),
        ]

    def running(self, item: pytest.Item) -> AbstractContextManager[None]:
        """Mark `item` as the test that is being set up, called or torn down in a block."""
        self._become_current(item)
        return _Running(self, item)

    def _become_current(self, item: pytest.Item) -> None:
        """Let synchronous code of a test find the loop of the test, if that is open."""
        test = self.test(item)
        loop = None if test is None else self.plan.loop_of(test.id)
        host = None if loop is None else self.loops.get(loop)
        if host is not None:
            host.become_current()

    def _one_at_a_time(self) -> AbstractContextManager[None]:
        return _Step(self, None)

    def _step(self, action: str, vertex: Vertex) -> AbstractContextManager[None]:
        return _Step(self, Activity(action, vertex.name, vertex.origin, vertex))

    @contextmanager
    def doing(self, activity: Activity) -> Iterator[None]:
        """Let those who ask know what is done in this block."""
        self.activities.append(activity)
        try:
            yield
        finally:
            self.activities.pop()

    def turning(self) -> Host | None:
        """Return the host whose loop turns for a test just now."""
        hosts = map(self.loops.get, list(self.loops))
        return next((host for host in hosts if host is not None and host.under_way), None)

    def _is_needed(self, entry: Entry) -> bool:
        """Say whether the test under way depends on the fixture behind `entry`."""
        item = self._item
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
        if vertex is not None and vertex.id in self.plan.loops:
            test_loop = self.plan.loop_of(test.id)
            if test_loop == self.plan.loops[vertex.id] or vertex.id in self._used_by(test):
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
            self._crashes.fail_for(outcome.cause, self._test_name)
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

    @property
    def _test_name(self) -> str:
        return "a test" if self._item is None else self._item.name


class _Running:
    """A block in which a test is under way; see `FollowedBy` for why it is a class."""

    __slots__ = ("_before", "_item", "_runtime")

    def __init__(self, runtime: Runtime, item: pytest.Item) -> None:
        self._runtime = runtime
        self._item = item

    def __enter__(self) -> None:
        self._before, self._runtime._item = self._runtime._item, self._item

    def __exit__(self, *_: object) -> None:
        self._runtime._item = self._before


class _Step:
    """A block in which a loop turns, for an activity that those who ask are told of."""

    __slots__ = ("_activity", "_runtime")

    def __init__(self, runtime: Runtime, activity: Activity | None) -> None:
        self._runtime = runtime
        self._activity = activity

    def __enter__(self) -> None:
        self._runtime._stepping = True
        if self._activity is not None:
            self._runtime.activities.append(self._activity)

    def __exit__(self, *_: object) -> None:
        self._runtime._stepping = False
        if self._activity is not None:
            self._runtime.activities.pop()


def _is_machinery(frame: FrameType) -> bool:
    package = str(frame.f_globals.get("__name__")).partition(".")[0]
    return package in ("loopscope", "_pytest", "pluggy")
