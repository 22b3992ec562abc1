"""The pytest plugin: collects, plans, executes the plan, and reports.

pytest rewrites the assertions of every module of a distribution that has a plugin. There is nothing
in ours that a test wants explained, and to pass its hook takes as long as to import the module
does. So ours are found before that hook is asked. The one module that pytest knows by name is left
to it, or it would warn of what it cannot rewrite.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec

_ENTRY = f"{__name__}.entry"


class _Unwritten:
    """Finds the modules of this distribution where Python itself would find them."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: object = None
    ) -> ModuleSpec | None:
        if name.startswith("loopscope.") and name != _ENTRY:
            return PathFinder.find_spec(name, path)
        return None


if not any(getattr(finder, "__module__", None) == __name__ for finder in sys.meta_path):
    sys.meta_path.insert(0, _Unwritten)
