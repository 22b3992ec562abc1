"""Runs as their events, for whoever needs one without running it.

`realistic` has everything that a timeline can show; `large` has as many tests as one likes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loopscope.trace.events import (
    Blocked,
    Cancelled,
    Crashed,
    FixtureSetUp,
    FixtureTornDown,
    Found,
    LeftBehind,
    LoopClosed,
    LoopOpened,
    LoopPlanned,
    Phase,
    RunBegan,
    RunEnded,
    TaskBegan,
    TaskEnded,
    TestBegan,
    TestEnded,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loopscope.trace.events import Event

HOSTILE = "</script><img src=x onerror=\"document.title='owned'\">"
"""What a test id, a name or a message must never get a page to do."""

STARTED = 1_750_000_000.0


@dataclass
class Script:
    """Writes the events of one process, with a clock that only moves when it is told to."""

    worker: str | None = None
    now: float = 0.0
    _events: list[Event] = field(default_factory=list)
    _phases: dict[str, TestEnded] = field(default_factory=dict)

    @property
    def events(self) -> list[Event]:
        """All that was recorded, and at the end the tests that were not torn down."""
        return [*self._events, *self._phases.values()]

    def record(self, event: Event) -> None:
        self._events.append(event)

    def began(self, started: float = STARTED, engine: str = "on") -> None:
        self.record(
            RunBegan(self.now, started, "0.1.0", "9.2.0", "3.13.1", engine, "planned", self.worker)
        )

    def planned(self, scope: str, node: str, because: str, at: str, tests: int) -> str:
        loop = loop_of(scope, node)
        backend = "asyncio"
        self.record(LoopPlanned(self.now, loop, backend, scope, node, because, at, tests))
        return loop

    def opened(self, scope: str, node: str, backend: str = "asyncio") -> str:
        loop = loop_of(scope, node, backend)
        self.record(LoopOpened(self.now, loop, backend, scope, node))
        return loop

    def closed(self, loop: str) -> None:
        self.record(LoopClosed(self.now, loop))

    def set_up(
        self,
        name: str,
        scope: str,
        node: str,
        loop: str | None,
        seconds: float,
        *,
        planned: str | None = None,
        test: str = "",
        error: str | None = None,
        origin: str = "tests/conftest.py:12",
    ) -> str:
        began, self.now = self.now, self.now + seconds
        fixture = f"{scope} {node}::{name}@{origin}"
        self.record(
            FixtureSetUp(
                self.now,
                began,
                fixture,
                name,
                scope,
                node,
                origin,
                planned or loop,
                loop,
                test,
                error,
            )
        )
        return fixture

    def torn_down(
        self, fixture: str, loop: str | None, seconds: float, error: str | None = None
    ) -> None:
        began, self.now = self.now, self.now + seconds
        self.record(FixtureTornDown(self.now, began, fixture, loop, error))

    def begin(
        self, test: str, planned: str | None, line: int = 1, backend: str | None = "asyncio"
    ) -> None:
        module, _, name = test.partition("::")
        where = f"{module}:{line}"
        vocabulary = "loopscope" if planned else None
        self.record(TestBegan(self.now, test, name, where, module, backend, planned, vocabulary))

    def phase(
        self,
        test: str,
        phase: str,
        seconds: float,
        outcome: str = "passed",
        *,
        loop: str | None = None,
        error: str | None = None,
        began: float | None = None,
    ) -> None:
        began = self.now if began is None else began
        self.now += seconds
        before = self._phases.pop(test, TestEnded(0.0, began, test, None, ()))
        phases = (*before.phases, Phase(phase, self.now, outcome, error))
        ended = before._replace(time=self.now, loop=before.loop or loop, phases=phases)
        if phase == "teardown":
            self.record(ended)
        else:
            self._phases[test] = ended

    def ended(self, exit_code: int = 0) -> None:
        self.record(RunEnded(self.now, exit_code))


def loop_of(scope: str, node: str, backend: str = "asyncio") -> str:
    """Name a loop as the plan does."""
    return f"{f'{scope} {node}'.rstrip()} [{backend}]"


def realistic(worker: str | None = None, seed: int = 7) -> list[Event]:
    """Return a run of some seventy tests in which most of what can go wrong has gone wrong."""
    chance = random.Random(seed)
    script = Script(worker)
    script.began(STARTED + chance.random() * 0.2)
    script.now = 0.31
    session = script.planned("session", "", "client", "tests/conftest.py:54", 40)
    modules = [f"tests/test_{name}.py" for name in ("notes", "accounts", "ledger", "feed")]
    for module in modules[1:3]:
        script.planned("module", module, "archive", f"{module}:11", 12)
    script.record(
        Found(
            script.now,
            "LS101",
            "LS101 loop scope mismatch: test_login (function loop) uses db (module loop)\n"
            "  tests/conftest.py:12   db          made on the loop of module tests/test_auth.py\n"
            "  tests/test_auth.py:40  test_login  runs on a loop of its own",
        )
    )
    script.opened("session", "")
    script.record(TaskBegan(script.now, "session", session))
    at = "tests/conftest.py:{}"
    wide = [
        script.set_up(name, "session", "", session, seconds, origin=at.format(line))
        for name, seconds, line in (
            ("store", 0.04, 31),
            ("server", 0.35, 37),
            ("client", 0.08, 54),
        )
    ]
    settings = script.set_up("settings", "session", "", None, 0.01, origin=at.format(9))
    for number, module in enumerate(modules):
        _module(script, chance, module, session, own_loop=number in (1, 2))
    script.torn_down(settings, None, 0.001)
    for fixture, seconds in zip(reversed(wide), (0.05, 0.16, 0.02), strict=True):
        script.torn_down(fixture, session, seconds)
    script.record(TaskEnded(script.now, "session", session))
    script.closed(session)
    script.now += 0.02
    script.ended(1)
    return script.events


def _module(
    script: Script, chance: random.Random, module: str, session: str, *, own_loop: bool
) -> None:
    loop, archive = session, None
    if own_loop:
        loop = script.opened("module", module)
        script.record(TaskBegan(script.now, f"module {module}", loop))
        name, origin = "archive", f"{module}:11"
        archive = script.set_up(name, "module", module, loop, 0.12, origin=origin)
    for number in range(18):
        _test(script, chance, module, number, loop)
    if archive is not None:
        script.torn_down(archive, loop, 0.06)
        script.record(TaskEnded(script.now, f"module {module}", loop))
        script.closed(loop)


def _test(script: Script, chance: random.Random, module: str, number: int, shared: str) -> None:
    test = f"{module}::test_{number}_is_read_back"
    line = 20 + 9 * number
    if number % 6 == 5:  # a sync one
        script.begin(test, None, line, None)
        script.phase(test, "setup", 0.0004)
        script.phase(test, "call", 0.004)
        script.phase(test, "teardown", 0.0002)
        return
    own = number % 3 == 2
    planned = loop_of("function", test) if own else shared
    script.begin(test, planned, line)
    if number == 6:
        script.phase(test, "setup", 0.001, "skipped", error="Skipped: needs a server")
        script.phase(test, "teardown", 0.0003)
        return
    began = script.now
    loop = script.opened("function", test) if own else shared
    # One of them is found on another loop than the one it was planned on.
    note = script.set_up(
        "note",
        "function",
        test,
        loop,
        0.004 + chance.random() * 0.02,
        planned=loop_of("module", module) if number == 3 else None,
        test=test,
        origin="tests/conftest.py:78",
    )
    script.phase(test, "setup", 0.001, began=began)
    outcome, error = "passed", None
    if number == 9:
        outcome, error = "failed", "assert 404 == 200"
        script.record(Crashed(script.now, "server", "ConnectionError('reset by peer')", test))
    elif number == 12:
        outcome, error = "failed", "Failed: Timeout (>0.3s)"
        script.record(Cancelled(script.now, test, "its time, 0.3 s, was up"))
    elif number == 14:
        frames = ("tests/test_feed.py:41 in test_feed", "src/app/feed.py:17 in read_all")
        script.record(Blocked(script.now, test, 0.214, frames))
    seconds = chance.expovariate(40) + 0.004
    script.phase(test, "call", seconds, outcome, loop=loop, error=error)
    began = script.now
    script.torn_down(note, loop, 0.003)
    if number == 4:
        text = "LS311 a task was left behind: poll() made at src/app/feed.py:88"
        script.record(
            LeftBehind(script.now, "LS311", "task", text, test, "src/app/feed.py:88", test, True)
        )
    if own:
        script.closed(loop)
    script.phase(test, "teardown", 0.0005, began=began)


def hostile() -> list[Event]:
    """Return a run in which whatever a user can name is an attack on the page."""
    script = Script(HOSTILE)
    script.began()
    session = script.planned("session", HOSTILE, HOSTILE, f"{HOSTILE}.py:1", 1)
    script.record(Found(script.now, "LS101", HOSTILE))
    test = f"tests/{HOSTILE}.py::test_it[{HOSTILE} $$x^2$$ @name {{safe}}]"
    script.begin(test, session)
    script.opened("session", HOSTILE)
    script.record(TaskBegan(script.now, f"session {HOSTILE}", session))
    origin = f"{HOSTILE}.py:3"
    fixture = script.set_up(HOSTILE, "session", HOSTILE, session, 0.2, test=test, origin=origin)
    script.phase(test, "setup", 0.1)
    script.phase(test, "call", 0.3, "failed", loop=session, error=HOSTILE)
    script.record(Crashed(script.now, HOSTILE, HOSTILE, test))
    script.phase(test, "teardown", 0.1)
    script.torn_down(fixture, session, 0.2, HOSTILE)
    script.record(TaskEnded(script.now, f"session {HOSTILE}", session))
    script.closed(session)
    script.ended(1)
    return script.events


def large(tests: int = 10_000, modules: int = 100, worker: str | None = None) -> list[Event]:
    """Return a run of `tests` tests, each with a loop and a fixture of its own."""
    return list(_large(tests, modules, worker))


def _large(tests: int, modules: int, worker: str | None) -> Iterator[Event]:
    chance = random.Random(5)
    script = Script(worker)
    script.began()
    session = script.planned("session", "", "pool", "tests/conftest.py:10", tests // 2)
    script.opened("session", "")
    pool = script.set_up("pool", "session", "", session, 0.4)
    for number in range(tests):
        module = f"tests/area_{number % modules // 10}/test_module_{number * modules // tests}.py"
        test = f"{module}::test_something_of_interest[{number}-a parameter of it]"
        loop = loop_of("function", test)
        script.begin(test, loop, 10 + number % 500)
        began = script.now
        script.opened("function", test)
        data = script.set_up("data", "function", test, loop, 0.001, test=test)
        script.phase(test, "setup", 0.0005, began=began)
        outcome = chance.choices(("passed", "failed", "skipped"), (96, 2, 2))[0]
        error = "assert 1 == 2" if outcome == "failed" else None
        seconds = chance.expovariate(400)
        script.phase(test, "call", seconds, outcome, loop=loop, error=error)
        began = script.now
        script.torn_down(data, loop, 0.0004)
        script.closed(loop)
        script.phase(test, "teardown", 0.0002, began=began)
        script.now += 0.0002
    script.torn_down(pool, session, 0.2)
    script.closed(session)
    script.ended()
    yield from script.events


def cut_off(events: Sequence[Event]) -> list[Event]:
    """Return the events up to the middle of the last test but ten, as a crash leaves them."""
    last = [n for n, event in enumerate(events) if isinstance(event, TestBegan)][-10]
    return list(events[: last + 2])
