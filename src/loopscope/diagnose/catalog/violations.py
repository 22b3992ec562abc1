"""The findings about what breaks the rule in a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.core.rules import BackendMismatch, LoopMismatch, OutlivesLoop, Violation
from loopscope.diagnose.catalog.backends import backend_mismatch
from loopscope.diagnose.catalog.loop_scopes import loop_mismatch, outlives_loop

if TYPE_CHECKING:
    from loopscope.diagnose.catalog.finding import Finding


def finding_for(violation: Violation, fix: str = "") -> Finding:
    """Say what `violation` means to the author of the suite; `diagnose.fixes` finds a `fix`."""
    match violation:
        case LoopMismatch():
            return loop_mismatch(violation, fix)
        case OutlivesLoop():
            return outlives_loop(violation, fix)
        case BackendMismatch():
            return backend_mismatch(violation, fix)
