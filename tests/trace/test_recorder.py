"""No sink can break a run, or another sink."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopscope.trace.events import RunEnded
from loopscope.trace.file import TraceFile, read
from loopscope.trace.recorder import Memory, Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.trace.quiet import Record

EVENTS = [RunEnded(float(number), number) for number in range(3)]


class Broken:
    """A sink that raises where it is told to, and tells what was asked of it."""

    name = "the broken one"

    def __init__(self, *raises: str) -> None:
        self.raises = raises
        self.asked: list[str] = []

    def write(self, records: Sequence[Record]) -> None:
        self._ask("write")

    def close(self) -> None:
        self._ask("close")

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what in self.raises:
            raise RuntimeError(f"{what} goes wrong")


@pytest.mark.parametrize(
    ("raises", "asked", "faults"),
    [
        pytest.param((), ["write"] * 3 + ["close"], [], id="nothing"),
        pytest.param(
            ("write",),
            ["write", "close"],
            ["the broken one is given up: write goes wrong"],
            id="write",
        ),
        pytest.param(
            ("close",),
            ["write"] * 3 + ["close"],
            ["the broken one is given up: close goes wrong"],
            id="close",
        ),
        pytest.param(
            ("write", "close"),
            ["write", "close"],
            ["the broken one is given up: write goes wrong"],
            id="both",
        ),
    ],
)
def test_a_sink_that_raises_is_closed_and_told_of_once(
    raises: tuple[str, ...], asked: list[str], faults: list[str]
) -> None:
    before, broken, after = Memory(), Broken(*raises), Memory()
    recorder = Recorder([before, broken, after])
    for event in EVENTS:
        recorder.record(event)
        recorder.flush()
    recorder.close()
    assert broken.asked == asked
    assert recorder.faults == faults
    assert before.events == after.events == EVENTS


def test_an_error_without_words_is_named_by_its_type() -> None:
    class Mute(Memory):
        def write(self, records: Sequence[Record]) -> None:
            raise ZeroDivisionError

    recorder = Recorder([Mute()])
    recorder.record(EVENTS[0])
    recorder.flush()
    assert recorder.faults == ["the list of events is given up: ZeroDivisionError"]


def test_an_interrupt_is_nobody_s_fault() -> None:
    class Interrupted(Memory):
        def write(self, records: Sequence[Record]) -> None:
            raise KeyboardInterrupt

    recorder = Recorder([Interrupted()])
    recorder.record(EVENTS[0])
    with pytest.raises(KeyboardInterrupt):
        recorder.flush()
    assert recorder.faults == []


def test_nothing_is_recorded_after_the_end() -> None:
    memory = Memory()
    recorder = Recorder([memory])
    recorder.close()
    recorder.record(EVENTS[0])
    recorder.close()
    assert memory.events == []


def test_times_count_from_the_beginning() -> None:
    times = iter((100.0, 100.0, 102.5))
    recorder = Recorder([], clock=lambda: next(times))
    assert (recorder.now(), recorder.now()) == (0.0, 2.5)


def test_a_file_that_cannot_be_written_any_more_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    file = TraceFile(path)
    recorder = Recorder([file.part(1)])
    recorder.record(EVENTS[0])
    recorder.record(RunEnded(1.0, Path("no JSON")))  # type: ignore[arg-type]
    recorder.record(EVENTS[1])
    recorder.close()
    file.close()
    (fault,) = recorder.faults
    assert fault.startswith(f"the trace {path} is given up: ")
    assert read(path).processes == ((EVENTS[0],),)
