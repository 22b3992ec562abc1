"""The table of faults, by name: importing a module of this package puts its faults in."""

from __future__ import annotations

from tests.faults.table import cancelling, garbage, loops, process, raising, runs, shapes
from tests.faults.table.register import FAULTS

__all__ = ["FAULTS", "cancelling", "garbage", "loops", "process", "raising", "runs", "shapes"]
