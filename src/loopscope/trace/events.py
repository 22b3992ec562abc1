"""The events of a run: frozen, made of plain values, and all that a reader ever gets.

An event is recorded when it is complete, so that one line of a file has all of it: what takes time
has the moment it `began`, and `time` is when it ended. Only what lasts through other events has two
of its own, an opening and a closing one; a run that was cut off lacks the latter. The phases of a
test are not events but parts of one: most tests are over sooner than three events are written.

Times are seconds since the run began, by a monotonic clock. Tests, fixtures and loops are named by
their ids in the plan; an `origin` is written `path:line`, with the path relative to the root
directory. Whatever runs on no loop has None for it.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias, get_args


class RunBegan(NamedTuple):
    """A process began to run tests; `started` is the time of the day, in seconds since 1970.

    `worker` is the name that pytest-xdist gave to the process, None in any other. If `witnessed`,
    the loops of tests and fixtures are those that their code was seen to run on, and else those
    that the engine has put it on.
    """

    time: float
    started: float
    loopscope: str
    pytest: str
    python: str
    engine: str
    policy: str
    worker: str | None = None
    witnessed: bool = False


class LoopPlanned(NamedTuple):
    """A loop wider than a test is in the plan, `because` of a test or fixture."""

    time: float
    loop: str
    backend: str
    scope: str
    node: str
    because: str
    because_at: str
    tests: int


class Found(NamedTuple):
    """Something is wrong: with the plan, before the first test, or with `test` as it ran."""

    time: float
    code: str
    text: str
    test: str | None = None


class TestBegan(NamedTuple):
    """A test is about to be set up; `planned` is the loop that it is to run on."""

    time: float
    test: str
    name: str
    origin: str
    module: str
    backend: str | None
    planned: str | None
    vocabulary: str | None


class Phase(NamedTuple):
    """The "setup", "call" or "teardown" of a test; it began where the one before it `ended`.

    `outcome` is "passed", "failed" or "skipped".
    """

    name: str
    ended: float
    outcome: str
    error: str | None = None


class TestEnded(NamedTuple):
    """A test is over, or the run with it; these are its phases, and `loop` that of its body."""

    time: float
    began: float
    test: str
    loop: str | None
    phases: tuple[Phase, ...]


class FixtureSetUp(NamedTuple):
    """A fixture was set up, on `loop`, for the sake of `test`."""

    time: float
    began: float
    fixture: str
    name: str
    scope: str
    node: str
    origin: str
    planned: str | None
    loop: str | None
    test: str
    error: str | None = None


class FixtureTornDown(NamedTuple):
    """A fixture was torn down, on `loop`; with none where that is witnessed, no code ran."""

    time: float
    began: float
    fixture: str
    loop: str | None
    error: str | None = None


class LoopOpened(NamedTuple):
    """A loop was opened. Who executes it knows its place; who only observes does not."""

    time: float
    loop: str
    backend: str
    scope: str | None = None
    node: str | None = None


class LoopClosed(NamedTuple):
    """A loop was closed."""

    time: float
    loop: str


class TaskBegan(NamedTuple):
    """The task of a scope wider than a test began to hold its fixtures, on `loop`."""

    time: float
    task: str
    loop: str


class TaskEnded(NamedTuple):
    """The task of a scope has left all its fixtures."""

    time: float
    task: str
    loop: str


class LeftBehind(NamedTuple):
    """Something went on after the end of its `owner`; `kind` is what it is, such as "task"."""

    time: float
    code: str
    kind: str
    text: str
    owner: str | None
    origin: str | None
    test: str | None
    has_ended: bool


class Crashed(NamedTuple):
    """The background of a fixture failed, and with it what was running below."""

    time: float
    fixture: str | None
    error: str | None
    test: str | None


class Cancelled(NamedTuple):
    """A test was cancelled from outside: its time was up, or somebody interrupted it."""

    time: float
    test: str
    why: str


class Blocked(NamedTuple):
    """A call kept a loop from turning; `stack` has its frames, outermost first."""

    time: float
    test: str | None
    seconds: float
    stack: tuple[str, ...]


class RunEnded(NamedTuple):
    """The process has run all its tests, or was told to end."""

    time: float
    exit_code: int


Event: TypeAlias = (
    RunBegan
    | LoopPlanned
    | Found
    | TestBegan
    | TestEnded
    | FixtureSetUp
    | FixtureTornDown
    | LoopOpened
    | LoopClosed
    | TaskBegan
    | TaskEnded
    | LeftBehind
    | Crashed
    | Cancelled
    | Blocked
    | RunEnded
)

# Or pytest takes them for tests.
TestBegan.__test__ = TestEnded.__test__ = False  # type: ignore[attr-defined]

KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
"""The types of events by name."""
