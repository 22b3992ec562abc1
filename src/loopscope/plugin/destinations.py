"""Where the events of a run go: files, and from a worker of pytest-xdist to its controller."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from loopscope.trace import file
from loopscope.trace.decode import event_of
from loopscope.trace.encode import args_of
from loopscope.trace.recorder import Memory, Recorder, Sink

if TYPE_CHECKING:
    from pathlib import Path


CARRIED = "loopscope_events"
"""What the events of a worker are called on its reports, and in its last words."""


class Destination(Protocol):
    """Takes the events of several processes, and does something with all of them in the end."""

    path: Path

    def sink(self, process: int) -> Sink:
        """Return the sink for the events of one process."""

    def close(self) -> None:
        """Do what is done in the end."""


class ToTrace:
    """Writes a trace while the run goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = file.TraceFile(path)

    def sink(self, process: int) -> Sink:
        return self._file.part(process)

    def close(self) -> None:
        self._file.close()


class ToReport:
    """Writes an HTML report when the run is over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._processes: dict[int, Memory] = {}

    def sink(self, process: int) -> Sink:
        return self._processes.setdefault(process, Memory())

    def close(self) -> None:
        from loopscope.report.timeline import write_report

        write_report(self.path, [memory.events for memory in self._processes.values()])


class Destinations:
    """All places where the events of this run go.

    Raises:
        pytest.UsageError: one of them cannot be; nothing has been run yet.
    """

    def __init__(self, trace: Path | None, report: Path | None) -> None:
        self._all: list[Destination] = []
        if report is not None:
            self._all.append(ToReport(report))
        if trace is not None:
            try:
                self._all.append(ToTrace(trace))
            except OSError as exc:
                raise pytest.UsageError(f"--loopscope-trace: {exc}") from None
        self._recorders: list[Recorder] = []

    def recorder(self) -> Recorder:
        """Return a recorder for one more process."""
        process = len(self._recorders) + 1
        recorder = Recorder(one.sink(process) for one in self._all)
        self._recorders.append(recorder)
        return recorder

    def close(self) -> list[str]:
        """Complete what is to be written; return what is to be said of that."""
        faults: dict[str, None] = {}
        for recorder in self._recorders:
            recorder.close()
            faults.update(dict.fromkeys(recorder.faults))
        told = list(faults)
        for one in self._all:
            try:
                one.close()
            except Exception as exc:
                told.append(f"could not write {one.path}: {str(exc) or type(exc).__name__}")
            else:
                told.append(f"wrote {one.path}")
        return told


class Parcel(Memory):
    """Keeps the events of a worker until it next speaks with its controller."""

    def take(self) -> list[str]:
        """Return the events since the last time, as text that can be sent."""
        events = self.events
        self.records.clear()
        return [args_of(event) for event in events]


class Gathering:
    """Records, in the controller of pytest-xdist, what its workers send."""

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations
        self._recorders: dict[str, Recorder] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        node = getattr(report, "node", None)
        if node is not None:
            self._unpack(node, vars(report).pop(CARRIED, ()))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        output = getattr(node, "workeroutput", None) or {}  # a worker that crashed has none
        self._unpack(node, output.get(CARRIED, ()))

    def _unpack(self, node: Any, carried: Any) -> None:
        if not carried:
            return
        name = node.gateway.id
        if name not in self._recorders:
            self._recorders[name] = self._destinations.recorder()
        for text in carried:
            event = event_of({"pid": 0, "args": json.loads(text)})
            if event is not None:
                self._recorders[name].record(event)
