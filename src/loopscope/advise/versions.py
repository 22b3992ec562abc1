"""Versions that are compared."""

from __future__ import annotations

import re


def release(version: str) -> tuple[int, ...]:
    """Return the numbers of a release: (1, 5, 0) of "1.5.0rc1"."""
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("+")[0])[:3])
