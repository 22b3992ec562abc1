"""Has the modules of this distribution found before pytest's assertion rewriting is asked."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec

_ENTRY = "loopscope.plugin.entry"


class Unwritten:
    """Finds the modules of this distribution where Python itself would find them."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: object = None
    ) -> ModuleSpec | None:
        """Return how to load `name`, if it is ours and not the one that pytest knows by name."""
        if name.startswith("loopscope.") and name != _ENTRY:
            return PathFinder.find_spec(name, path)
        return None


def begin() -> None:
    """Have it asked first, from now on."""
    if not any(getattr(finder, "__module__", None) == __name__ for finder in sys.meta_path):
        sys.meta_path.insert(0, Unwritten)
