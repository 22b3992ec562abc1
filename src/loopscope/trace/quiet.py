"""Tests in which nothing happens that anybody asks about, as most tests are.

Such a test passes, and if it has a loop of its own, that is opened and closed on the way; of
everything else there is no event. All that can be said of it is said by one object, which is made
and written at a fraction of the cost of its events. A sink that wants those asks for `events_of`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from loopscope.trace.events import Event, LoopClosed, LoopOpened, Phase, TestBegan, TestEnded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PASSED = "passed"
PHASES = ("setup", "call", "teardown")
FUNCTION = "function"


class QuietTest:
    """A test in which nothing else has happened so far; its fields are those of its events.

    `opened` and `closed` are when its own loop was; `setup` and `call` are when these ended, and
    `time` is when all did.
    """

    __slots__ = (
        "backend", "began", "call", "closed", "module", "name", "opened", "origin", "planned",
        "setup", "test", "time", "vocabulary",
    )  # fmt: skip

    def __init__(
        self,
        began: float,
        test: str,
        name: str,
        origin: str,
        module: str,
        backend: str | None,
        planned: str | None,
        vocabulary: str | None,
    ) -> None:
        self.began = began
        self.test = test
        self.name = name
        self.origin = origin
        self.module = module
        self.backend = backend
        self.planned = planned
        self.vocabulary = vocabulary
        self.opened: float | None = None
        self.closed: float | None = None
        self.setup = self.call = self.time = began

    def owns(self, loop: str, backend: str, scope: str | None, node: str | None) -> bool:
        """Say whether a loop is its own, and not open yet."""
        return (
            loop == self.planned
            and scope == FUNCTION
            and node == self.test
            and backend == self.backend
            and self.opened is None
        )

    def is_open(self, loop: str) -> bool:
        """Say whether `loop` is its own, and open."""
        return loop == self.planned and self.opened is not None and self.closed is None

    def so_far(self) -> Iterator[Event]:
        """Yield the events before its end."""
        yield TestBegan(
            self.began,
            self.test,
            self.name,
            self.origin,
            self.module,
            self.backend,
            self.planned,
            self.vocabulary,
        )
        if self.opened is not None:
            assert self.planned is not None
            assert self.backend is not None
            yield LoopOpened(self.opened, self.planned, self.backend, FUNCTION, self.test)
            if self.closed is not None:
                yield LoopClosed(self.closed, self.planned)

    def events(self) -> Iterator[Event]:
        """Yield all its events, when it is over."""
        yield from self.so_far()
        ended = zip(PHASES, (self.setup, self.call, self.time), strict=True)
        phases = tuple(Phase(name, time, PASSED) for name, time in ended)
        yield TestEnded(self.time, self.began, self.test, self.planned, phases)


Record: TypeAlias = Event | QuietTest


def events_of(records: Iterable[Record]) -> Iterator[Event]:
    """Yield the events that are recorded, in order."""
    for record in records:
        if type(record) is QuietTest:
            yield from record.events()
        else:
            yield record  # type: ignore[misc]
