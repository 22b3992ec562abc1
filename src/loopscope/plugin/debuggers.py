"""Whether somebody is debugging, and wants to be left in peace."""

from __future__ import annotations

import inspect
import sys
from typing import Any

# pdb and those derived from it; PyCharm and VS Code. As pytest-timeout has it.
_DEBUGGERS = ("bdb", "pydevd", "pydevd_frame_evaluator")


def is_debugging() -> bool:
    """Say whether a debugger that we know traces this thread."""
    function = sys.gettrace()
    if function is not None:
        module = inspect.getmodule(function) or inspect.getmodule(type(function))
        parts = [] if module is None else module.__name__.split(".")
        if any(part.startswith(_DEBUGGERS) for part in parts):
            return True
    monitoring: Any = getattr(sys, "monitoring", None)  # Python 3.12
    return monitoring is not None and monitoring.get_tool(monitoring.DEBUGGER_ID) is not None
