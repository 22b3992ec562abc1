"""The file of a trace: written as the run goes on, and readable however the run ended.

It is an array of objects in the Trace Event Format, one on each line. That format lets the closing
bracket be left out, so a file is complete after every line, and one that was cut off in the middle
of a line has lost just that line. The first line says which version of our own words the file is
written in; `schema` describes them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from loopscope.errors import LoopscopeError
from loopscope.trace.decode import event_of
from loopscope.trace.lanes import Lanes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from loopscope.trace.events import Event
    from loopscope.trace.quiet import Record

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


class TraceError(LoopscopeError):
    """A file that cannot be read as a trace; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a file says: the events of each process that ran tests, and whether it is complete."""

    processes: tuple[tuple[Event, ...], ...]
    is_complete: bool


class TraceFile:
    """A file that is written, with a part for each process that runs tests.

    Args:
        path: where to; the folder is made if it is missing, the file is overwritten.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.name = f"the trace {path}"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._parts: dict[int, Part] = {}
        # Without a buffer: what is in one at a fork, the child writes once more.
        self._file = path.open("wb", buffering=0)
        try:
            self._put(HEADER)
        except OSError:
            self._file.close()
            raise

    def part(self, process: int) -> Part:
        """Return the sink for what one of the processes records."""
        if process not in self._parts:
            self._parts[process] = Part(self.name, process, self._put)
        return self._parts[process]

    def close(self) -> None:
        """Complete the file."""
        try:
            self._put(_FOOTER)
        finally:
            self._file.close()

    def _put(self, text: str) -> None:
        left = text.encode("ascii")
        while left:
            left = left[self._file.write(left) :]


class Part:
    """The part of a file that one process has: a sink for what it records."""

    def __init__(self, name: str, process: int, put: Callable[[str], None]) -> None:
        self.name = name
        self._lines: list[str] = []
        self._lanes = Lanes(process, self._lines.append)
        self._put = put

    def write(self, records: Iterable[Record]) -> None:
        """Write `records`; they survive the process from now on."""
        draw, lines = self._lanes.draw, self._lines
        try:
            for record in records:
                draw(record)
        finally:
            if lines:
                lines.append("")
                text = ",\n".join(lines)
                lines.clear()
                self._put(text)

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
            left = iter(events)
            while some := list(islice(left, _AT_ONCE)):
                file.part(number).write(some)
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
