"""What a function returns, where that can be known without calling it."""

from __future__ import annotations

import dis
from typing import Any

UNKNOWN = object()
_NOISE = frozenset({"RESUME", "NOP", "CACHE", "COPY_FREE_VARS"})


def returned_constant(function: Any) -> object:
    """Return the constant that is all that `function` returns, or `UNKNOWN`.

    A fixture that only says `return "asyncio"` can be read at collection, before any fixture may
    be called.
    """
    code = getattr(function, "__code__", None)
    if code is None:
        return UNKNOWN
    steps = [step for step in dis.get_instructions(code) if step.opname not in _NOISE]
    match [step.opname for step in steps]:
        case ["RETURN_CONST"] | ["LOAD_CONST", "RETURN_VALUE"]:
            return steps[0].argval
    return UNKNOWN
