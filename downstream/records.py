"""What the recorder wrote about one run."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from downstream.errors import DownstreamError
from downstream.plugins.downstream_record import combined

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Record:
    """The outcome of each test of one run, and whether the run came to its end."""

    outcomes: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    loopscope: bool = False
    options: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    exit: int | None = None

    def add(self, line: dict[str, Any]) -> None:
        """Take in one line of the file."""
        if "test" in line:
            test = line["test"]
            # The same id twice is one test: a rerun, or a module that also failed to be collected.
            known = self.outcomes.get(test, "passed")
            self.outcomes[test] = combined((known, line["outcome"]))
            self.messages[test] = line["message"] or self.messages.get(test, "")
        elif "start" in line:
            self.loopscope = line["loopscope"]
            self.options = line["options"]
        else:
            self.exit = line["exit"]
            self.left_out = line["left_out"]


def read_record(path: Path) -> Record:
    """Return what was recorded; a file that ends in the middle of a line is no record."""
    record = Record()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        for line in lines:
            record.add(json.loads(line))
    except FileNotFoundError:
        raise DownstreamError("the run recorded nothing: it ended before the first test") from None
    except ValueError as exc:
        raise DownstreamError(f"{path}: {exc}") from None
    return record
