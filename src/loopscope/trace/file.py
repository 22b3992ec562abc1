"""The file of a trace: written as the run goes on, and readable however the run ended.

It is an array of objects in the Trace Event Format, one on each line. That format lets the closing
bracket be left out, so a file is complete after every line, and one that was cut off in the middle
of a line has lost just that line. The first line says which version of our own words the file is
written in; `schema` describes them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loopscope.errors import LoopscopeError
from loopscope.trace.events import KINDS, TestBegan
from loopscope.trace.lanes import Lanes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from loopscope.trace.events import Event

VERSION = 1
"""Raised when a reader of older files would misunderstand what is written. What is only new
(another event, another field with a default) does not raise it."""

_FORMAT = "loopscope trace"


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
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._lanes: dict[int, Lanes] = {}
        self._file.write("[\n")
        args = {"format": _FORMAT, "version": VERSION}
        self._write({"ph": "M", "name": "trace", "pid": 0, "tid": 0, "ts": 0, "args": args})

    def write(self, event: Event, process: int = 1) -> None:
        """Write `event`, of one of the processes that run tests."""
        lanes = self._lanes.get(process)
        if lanes is None:
            lanes = self._lanes[process] = Lanes(process)
        for line in lanes.lines(event):
            self._write(line)
        if isinstance(event, TestBegan):
            self._file.flush()  # so that the file has what ran last, should the process die

    def close(self) -> None:
        """Complete the file."""
        # An array must not end in a comma, so its last object is one that says nothing.
        line = {"ph": "M", "name": "end", "pid": 0, "tid": 0, "ts": 0, "args": {}}
        self._file.write(f"{_dump(line)}\n]\n")
        self._file.close()

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(f"{_dump(line)},\n")


_dump = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def write(path: Path, processes: Iterable[Iterable[Event]]) -> None:
    """Write the events of one or more processes into a file.

    Raises:
        OSError: the file cannot be written.
    """
    file = TraceFile(path)
    for number, events in enumerate(processes, start=1):
        for event in events:
            file.write(event, number)
    file.close()


def read(path: Path) -> Trace:
    """Read a trace, complete or cut off.

    Raises:
        TraceError: it is no trace, or one of a version that is not known here.
        OSError: the file cannot be read.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    records = [line.rstrip(",") for line in lines if line.strip() not in ("", "[", "]")]
    is_complete = bool(lines) and lines[-1].strip() == "]"
    parsed = []
    for number, record in enumerate(records):
        try:
            parsed.append(json.loads(record))
        except ValueError:
            if number == 0:
                break
            is_complete = False  # cut off in the middle of a line, by a full disk say
    _check(path, parsed)
    processes: dict[int, list[Event]] = {}
    for line in parsed:
        event = from_args(line.get("args", {}))
        if event is not None:
            processes.setdefault(line["pid"], []).append(event)
    return Trace(tuple(map(tuple, processes.values())), is_complete)


def _check(path: Path, parsed: Sequence[Any]) -> None:
    args = parsed[0].get("args", {}) if parsed and isinstance(parsed[0], dict) else {}
    if args.get("format") != _FORMAT:
        raise TraceError(f"{path} is not a trace: pytest --loopscope-trace={path.name} writes one")
    if args.get("version") != VERSION:
        raise TraceError(
            f"{path} is a trace of version {args.get('version')!r}, and this loopscope reads "
            f"version {VERSION}: read it with the release that wrote it"
        )


def from_args(args: dict[str, Any]) -> Event | None:
    """Return the event in the `args` of a line; None if there is none, or none that is known."""
    kind = KINDS.get(args.get("event", ""))
    if kind is None:
        return None
    values = {name: args[name] for name in kind._fields if name in args}
    if "stack" in values:
        values["stack"] = tuple(values["stack"])
    try:
        return kind(**values)
    except TypeError as exc:
        raise TraceError(f"an event {kind.__name__} lacks a field: {exc}") from None
