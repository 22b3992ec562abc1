"""Lines on the way: each on a terminal, now and then in a log."""

from __future__ import annotations

import sys
import time

EVERY = 15.0
"""Seconds between two lines in a log."""


class Progress:
    """What is under way, written to stderr."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def step(self, number: int, of: int, name: str) -> None:
        """Say that one of many steps begins."""
        now = time.monotonic()
        if sys.stderr.isatty() or number == of or now - self._last >= EVERY:
            self._last = now
            say(f"{number} of {of}: {name}")


def say(text: str) -> None:
    """Write a line."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
