"""A test in which nothing happens is recorded as one, and read as if it were not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.trace.events import (
    Event,
    Found,
    LoopClosed,
    LoopOpened,
    Phase,
    TestBegan,
    TestEnded,
)
from loopscope.trace.lanes import Lanes
from loopscope.trace.quiet import QuietTest, events_of
from loopscope.trace.recorder import MANY, OFTEN, Memory, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hypothesis.strategies import DrawFn

    from loopscope.trace.quiet import Record

TEST = "tests/test_a.py::test_it"
LOOP = f"function {TEST} [asyncio]"
OWN = LOOP, "asyncio", "function", TEST


def quiet(began: float = 0.0) -> QuietTest:
    return QuietTest(
        began, TEST, "test_it", "tests/test_a.py:7", "tests/test_a.py", "asyncio", LOOP, "loopscope"
    )


BEGAN = TestBegan(
    0.0, TEST, "test_it", "tests/test_a.py:7", "tests/test_a.py", "asyncio", LOOP, "loopscope"
)


class Recording:
    """A recorder whose clock strikes whenever it is looked at, and what it hands on."""

    def __init__(self) -> None:
        self.time = 0.0
        self.handed_on: list[Sequence[Record]] = []
        self.recorder = Recorder([self], clock=lambda: self.time)
        self.name = "the list"

    def write(self, records: Sequence[Record]) -> None:
        self.handed_on.append(records)

    def close(self) -> None: ...

    @property
    def records(self) -> list[Record]:
        """All that is handed on in the end."""
        self.recorder.close()
        return [record for records in self.handed_on for record in records]

    @property
    def events(self) -> list[Event]:
        return list(events_of(self.records))


@pytest.fixture
def recording() -> Recording:
    made = Recording()
    made.recorder.begin(quiet())  # the first test is handed on at once
    made.handed_on.clear()
    return made


def test_nothing_but_its_own_loop_is_nothing(recording: Recording) -> None:
    recorder = recording.recorder
    recorder.begin(quiet())
    recording.time = 1.0
    recorder.opened(*OWN)
    recording.time = 2.0
    recorder.closed(LOOP)
    assert recorder.end(1.5, 1.7, 3.0, LOOP)
    (record,) = recording.records
    phases = Phase("setup", 1.5, "passed"), Phase("call", 1.7, "passed")
    assert list(events_of([record])) == [
        BEGAN,
        LoopOpened(1.0, *OWN),
        LoopClosed(2.0, LOOP),
        TestEnded(3.0, 0.0, TEST, LOOP, (*phases, Phase("teardown", 3.0, "passed"))),
    ]
    assert isinstance(record, QuietTest)


def test_a_test_on_the_loop_of_others_is_quiet(recording: Recording) -> None:
    recording.recorder.begin(quiet())
    assert recording.recorder.end(0.0, 0.0, 0.0, LOOP)
    assert [type(event) for event in recording.events] == [TestBegan, TestEnded]


@pytest.mark.parametrize(
    ("happens", "loop", "kinds"),
    [
        pytest.param(
            lambda recorder: recorder.record(Found(0.0, "LS101", "text")),
            LOOP,
            [TestBegan, Found],
            id="an-event",
        ),
        pytest.param(
            lambda recorder: recorder.opened("another", "asyncio", "function", TEST),
            LOOP,
            [TestBegan, LoopOpened],
            id="another-loop",
        ),
        pytest.param(
            lambda recorder: recorder.opened(LOOP, "asyncio", None, None),
            LOOP,
            [TestBegan, LoopOpened],
            id="a-loop-of-unknown-scope",
        ),
        pytest.param(
            lambda recorder: recorder.closed("another"),
            LOOP,
            [TestBegan, LoopClosed],
            id="the-end-of-another-loop",
        ),
        pytest.param(
            lambda recorder: recorder.opened(*OWN),
            LOOP,
            [TestBegan, LoopOpened],
            id="a-loop-left-open",
        ),
        pytest.param(lambda recorder: None, "another", [TestBegan], id="a-run-on-another-loop"),
        pytest.param(lambda recorder: None, None, [TestBegan], id="a-run-on-no-loop"),
    ],
)
def test_anything_else_is_not_quiet(
    recording: Recording,
    happens: Callable[[Recorder], None],
    loop: str | None,
    kinds: list[type[Event]],
) -> None:
    recording.recorder.begin(quiet())
    happens(recording.recorder)
    assert not recording.recorder.end(0.0, 0.0, 0.0, loop)
    assert [type(record) for record in recording.records] == kinds


def test_a_loop_that_is_opened_again_is_another(recording: Recording) -> None:
    recorder = recording.recorder
    recorder.begin(quiet())
    for _ in range(2):
        recorder.opened(*OWN)
        recorder.closed(LOOP)
    assert not recorder.end(0.0, 0.0, 0.0, LOOP)
    assert [type(record) for record in recording.records] == [
        TestBegan, LoopOpened, LoopClosed, LoopOpened, LoopClosed
    ]  # fmt: skip


def test_a_test_that_is_begun_before_another_has_ended_has_begun(recording: Recording) -> None:
    recording.recorder.begin(quiet())
    recording.recorder.begin(quiet(0.01))
    assert recording.events == [BEGAN, BEGAN._replace(time=0.01)]


def test_that_a_test_began_is_handed_on_before_it_goes_on(recording: Recording) -> None:
    recorder = recording.recorder
    recorder.begin(quiet())
    assert recorder.end(0.0, 0.0, 0.0, LOOP)
    assert recording.handed_on == []
    recorder.begin(quiet(OFTEN))
    (handed_on,) = recording.handed_on
    assert list(events_of(handed_on))[-1] == BEGAN._replace(time=OFTEN)
    recorder.begin(quiet(1.5 * OFTEN))
    assert len(recording.handed_on) == 1


def test_much_is_handed_on_before_anybody_asks(recording: Recording) -> None:
    for _ in range(3 * MANY):
        recording.recorder.record(Found(0.0, "LS101", "text"))
    assert [len(records) for records in recording.handed_on] == [MANY] * 3


def test_a_list_of_events_has_those_of_quiet_tests() -> None:
    memory = Memory()
    memory.write([quiet()])
    assert [type(event) for event in memory.events] == [TestBegan, TestEnded]


_times = st.integers(0, 40).map(lambda number: number / 4e6)
_texts = st.text(max_size=8)


@st.composite
def quiet_tests(draw: DrawFn) -> list[QuietTest]:
    """Draw tests one after another, some with a loop of their own, and times that are close."""
    tests, began = [], 0.0
    for _ in range(draw(st.integers(1, 6))):
        steps = [began := began + draw(_times)]
        for _ in range(5):
            steps.append(steps[-1] + draw(_times))
        backend, planned = draw(st.sampled_from([(None, None), ("asyncio", LOOP), ("trio", "é")]))
        id, name, origin, module = (draw(_texts) for _ in range(4))
        vocabulary = draw(st.none() | _texts)
        test = QuietTest(began, id, name, origin, module, backend, planned, vocabulary)
        _, test.setup, opened, test.call, closed, test.time = steps
        if planned is not None and draw(st.booleans()):
            test.opened, test.closed = opened, closed
        tests.append(test)
        # They may overlap, as those of workers do whose clocks were set.
        began = draw(st.sampled_from((began, test.time)))
    return tests


def drawn(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return what is drawn, but for the names of lanes: those are there when they are needed."""
    texts: list[str] = []
    lanes = Lanes(1, texts.append)
    for record in records:
        lanes.draw(record)
    lines = json.loads(f"[{','.join(texts)}]")
    return [line for line in lines if line["ph"] != "M"]


@given(tests=quiet_tests())
def test_quiet_tests_are_drawn_as_their_events_are(tests: list[QuietTest]) -> None:
    assert drawn(tests) == drawn(list(events_of(tests)))
