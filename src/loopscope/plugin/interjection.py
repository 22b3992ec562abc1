"""Lines that another thread writes to the terminal while a test runs.

The output of tests is captured by exchanging sys.stdout and the file behind its descriptor. So the
descriptor is duplicated while pytest itself writes to the terminal. pytest has mostly left a line
open, with the results so far, and fills up the rest of it later, by what it knows to stand there:
that is written once more, below what was said.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from loopscope.plugin import _compat

if TYPE_CHECKING:
    import pytest


class Interjections:
    """Writes to pytest's terminal, whatever is captured; to be made while nothing is."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._file = _compat.terminal_file(config)
        self._encoding = getattr(self._file, "encoding", None) or "utf-8"
        self._descriptor: int | None = None
        try:
            self._descriptor = os.dup(self._file.fileno())
        except (AttributeError, OSError, ValueError):
            pass  # not a file of the system's: nobody captures it by its descriptor

    def say(self, line: str) -> None:
        """Write a line, and what stands in pytest's open one again.

        Raises:
            OSError: there is nobody to read it any more.
        """
        opened = _compat.open_line(self._config)
        text = f"\n{line}\n{opened}" if opened else f"{line}\n"
        if self._descriptor is None:
            self._file.write(text)
            self._file.flush()
            return
        left = text.encode(self._encoding, "backslashreplace")
        while left:
            left = left[os.write(self._descriptor, left) :]

    def close(self) -> None:
        """Write no more."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
