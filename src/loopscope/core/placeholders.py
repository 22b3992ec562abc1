"""Values that stand for something that only the place where they are used can give."""

from __future__ import annotations

NURSERY = object()
"""Stands, among the arguments of a fixture or a test, for a trio nursery of its own."""
