"""Runs cells, each in a process of its own, and hands out their records."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.cell import SYNC, Cell, Fault, Phase
from tests.faults.judge import Record
from tests.faults.server import Answer, Request
from tests.faults.site import CELL, DIRECTORY, RECORD
from tests.faults.table import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

SUITE = Path(__file__).with_name("suite")
ROOT = SUITE.parents[2]
_ALWAYS = (
    f"--rootdir={SUITE}",
    f"-c{SUITE / 'pytest.ini'}",
    "--import-mode=importlib",
    "--assert=plain",
    "-pno:cacheprovider",
    "-ptests.faults.probe",
    "-rN",
)


class Laboratory:
    """Runs the suite around a fault."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._runs = 0
        self._known: dict[Cell, Record] = {}
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")
        }
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), *sys.path)))
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        # As a user has it who is not developing asyncio or pytest.
        for name in ("PYTHONASYNCIODEBUG", "PYTHONWARNINGS", "CI"):
            environment.pop(name, None)
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=ROOT,
        )
        assert self._lines.readline() == "ready\n"

    @property
    def _lines(self) -> IO[str]:
        assert self._server.stdout is not None
        return self._server.stdout

    def close(self) -> None:
        """End the server, which ends when it gets no more requests."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._lines.close()
        self._server.wait()

    def without_fault(self, cell: Cell) -> Record:
        """Return the record of the same run without the fault."""
        phase = cell.phase if cell.phase is Phase.BACKGROUND else Phase.BODY
        return self._once(Cell(None, phase, cell.scope, cell.way))

    def sync(self, cell: Cell) -> Record:
        """Return the record of the same fault in the same suite, without any loop."""
        return self._once(Cell(cell.fault, cell.phase, cell.scope, SYNC))

    def _once(self, cell: Cell) -> Record:
        if cell not in self._known:
            self._known[cell] = self.run(cell)
        return self._known[cell]

    def run(self, cell: Cell) -> Record:
        """Run the suite with the fault of `cell`."""
        self._runs += 1
        directory = self._directory / str(self._runs)
        directory.mkdir()
        record = Record()
        fault = None if cell.fault is None else FAULTS[cell.fault]
        stdout, stderr, told = (directory / name for name in ("stdout", "stderr", "record"))
        request = Request(
            [*_ALWAYS, *_backend(cell.way), *(fault.options if fault else ()), str(SUITE)],
            {CELL: str(cell), RECORD: str(told), DIRECTORY: str(directory)},
            str(directory),
            (fault and fault.stdout) or str(stdout),
            str(stderr),
            Fault.limit if fault is None else fault.limit,
        )
        answer = self._ask(request)
        record.code, record.hung, record.strays = answer.code, answer.hung, answer.strays
        record.read(told)
        record.output = "".join(
            path.read_text(errors="replace") for path in (stdout, stderr) if path.exists()
        )
        return record

    def _ask(self, request: Request) -> Answer:
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(asdict(request)) + "\n")
        self._server.stdin.flush()
        line = self._lines.readline()
        assert line, f"the server has ended with {self._server.wait()}"
        return Answer(**json.loads(line))


def _backend(way: str) -> Iterator[str]:
    if way != SYNC:
        yield "-ploopscope.plugin.entry"
        yield f"--loopscope-backends={way}"
