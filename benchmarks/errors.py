"""What can go wrong and is told without a traceback."""

from __future__ import annotations


class BenchmarkError(Exception):
    """Something that whoever called the command has to know, and can act on."""
