"""The one exception that the command turns into a message and exit code 2."""

from __future__ import annotations


class DownstreamError(Exception):
    """Something kept a project from being compared: its message says what and where."""
