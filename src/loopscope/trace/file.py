"""The file of a trace: written as the run goes on, and readable however the run ended.

It is an array of objects in the Trace Event Format, one on each line. That format lets the closing
bracket be left out, so a file is complete after every line, and one that was cut off in the middle
of a line has lost just that line. The first line says which version of our own words the file is
written in; `schema` describes them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.errors import LoopscopeError
from loopscope.trace.decode import event_of
from loopscope.trace.events import TestBegan
from loopscope.trace.lanes import Lanes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from loopscope.trace.events import Event

VERSION = 1
"""Raised when a reader of older files would misunderstand what is written. What is only new
(another event, another field with a default) does not raise it."""

FORMAT = "loopscope trace"
HEADER = (
    '[\n{"ph":"M","name":"trace","pid":0,"tid":0,"ts":0,'
    f'"args":{{"format":"{FORMAT}","version":{VERSION}}}}},\n'
)
"""What every file begins with."""
# An array must not end in a comma, so its last object is one that says nothing.
_FOOTER = '{"ph":"M","name":"end","pid":0,"tid":0,"ts":0,"args":{}}\n]\n'
_AT_ONCE = 1024
_OFTEN = 0.1
"""Seconds between two writes to the file while one test follows another: each is a system call."""


class TraceError(LoopscopeError):
    """A file that cannot be read as a trace; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a file says: the events of each process that ran tests, and whether it is complete."""

    processes: tuple[tuple[Event, ...], ...]
    is_complete: bool


class TraceFile:
    """A sink that writes a file.

    Args:
        path: where to; the folder is made if it is missing, the file is overwritten.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.name = f"the trace {path}"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._parts: dict[int, Part] = {}
        self._lines: list[str] = []
        self._waiting: list[tuple[Lanes, Event]] = []
        self._file = path.open("wb", buffering=0)
        try:
            self._put(HEADER)
        except OSError:
            self._file.close()
            raise

    def part(self, process: int) -> Part:
        """Return the sink for the events of one of the processes that run tests."""
        if process not in self._parts:
            lanes = Lanes(process, self._lines.append)
            self._parts[process] = Part(self, lanes, self._waiting)
        return self._parts[process]

    def write(self, event: Event) -> None:
        """Write `event` of the only process."""
        self.part(1).write(event)

    def flush(self) -> None:
        """See to it that what was written survives the process."""
        # In lists until then: what is in a buffer at a fork, the child writes once more. And many
        # at once take half the time of as many one by one, with a test in between.
        try:
            for lanes, event in self._waiting:
                lanes.draw(event)
        finally:
            self._waiting.clear()
            if self._lines:
                text = ",\n".join(self._lines) + ",\n"
                self._lines.clear()
                self._put(text)

    def close(self) -> None:
        """Complete the file."""
        try:
            self.flush()
            self._put(_FOOTER)
        finally:
            self._file.close()

    def _put(self, text: str) -> None:
        left = text.encode("ascii")
        while left:
            left = left[self._file.write(left) :]


class Part:
    """The part of a file that one process has: a sink for its events.

    They wait in `waiting` until the file is flushed.
    """

    def __init__(self, whole: TraceFile, lanes: Lanes, waiting: list[tuple[Lanes, Event]]) -> None:
        self.name = whole.name
        self._whole = whole
        self._lanes = lanes
        self._waiting = waiting
        self._flushed = 0.0

    def write(self, event: Event) -> None:
        """Write `event`."""
        self._waiting.append((self._lanes, event))
        # A test may take long, or the process with it: before that, the file says what went before.
        is_due = type(event) is TestBegan and event.time >= self._flushed + _OFTEN
        if is_due or len(self._waiting) >= _AT_ONCE:
            self._flushed = event.time
            self._whole.flush()

    def close(self) -> None:
        """Take note that there will be no more of this process; others may go on."""


def write(path: Path, processes: Iterable[Iterable[Event]]) -> None:
    """Write the events of one or more processes into a file.

    Raises:
        OSError: the file cannot be written.
    """
    file = TraceFile(path)
    try:
        for number, events in enumerate(processes, start=1):
            part = file.part(number)
            for event in events:
                part.write(event)
    finally:
        file.close()


def read(path: Path) -> Trace:
    """Read a trace, complete or cut off.

    Raises:
        TraceError: it is no trace, or one of a version that is not known here.
        OSError: the file cannot be read.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    if HEADER.startswith(text):
        return Trace((), is_complete=False)  # cut off before the first event
    lines = text.rstrip("\n").split("\n")
    is_complete = lines[-1] == "]"
    _check_header(path, lines)
    processes: dict[int, list[Event]] = {}
    for number, line in enumerate(lines[2 : -1 if is_complete else None], start=3):
        try:
            parsed = json.loads(line.rstrip(","))
        except ValueError:
            is_complete = False  # cut off in the middle of the line, by a full disk say
            continue
        try:
            event = event_of(parsed)
        except ValueError as exc:
            raise TraceError(f"{path}:{number}: {exc}") from None
        if event is not None:
            processes.setdefault(parsed["pid"], []).append(event)
    return Trace(tuple(map(tuple, processes.values())), is_complete)


def _check_header(path: Path, lines: Sequence[str]) -> None:
    try:
        args = json.loads(lines[1].rstrip(","))["args"]
        is_trace, version = args["format"] == FORMAT, args["version"]
    except (IndexError, KeyError, TypeError, ValueError):
        is_trace = False
    if not is_trace:
        raise TraceError(f"{path} is not a trace: pytest --loopscope-trace={path.name} writes one")
    if version != VERSION:
        raise TraceError(
            f"{path} is a trace of version {version!r}, and this loopscope reads "
            f"version {VERSION}: read it with the release that wrote it"
        )
