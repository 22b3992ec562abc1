"""Every text that tells a user of a mistake: one function for each, in a module for each family."""

from loopscope.diagnose.catalog.backends import backend_mismatch
from loopscope.diagnose.catalog.codes import CODES, FAMILIES, Code
from loopscope.diagnose.catalog.endings import failed_late, given_up, terminated, threads_left
from loopscope.diagnose.catalog.finding import Finding, Where, place_of
from loopscope.diagnose.catalog.leaks import left_behind
from loopscope.diagnose.catalog.lifetimes import (
    cancelled_silently,
    crashed,
    died,
    disorderly,
    needs_crashed,
    told_to_the_loop,
)
from loopscope.diagnose.catalog.loop_scopes import loop_mismatch, misfit, outlives_loop
from loopscope.diagnose.catalog.time_limits import (
    blocked,
    blocked_and_interrupted,
    refused_to_end,
    timed_out,
)
from loopscope.diagnose.catalog.violations import finding_for
from loopscope.diagnose.catalog.vocabulary import (
    asked_while_running,
    async_generator_test,
    bad_declaration,
    run_while_running,
    yield_count,
)

__all__ = [
    "CODES",
    "FAMILIES",
    "Code",
    "Finding",
    "Where",
    "asked_while_running",
    "async_generator_test",
    "backend_mismatch",
    "bad_declaration",
    "blocked",
    "blocked_and_interrupted",
    "cancelled_silently",
    "crashed",
    "died",
    "disorderly",
    "failed_late",
    "finding_for",
    "given_up",
    "left_behind",
    "loop_mismatch",
    "misfit",
    "needs_crashed",
    "outlives_loop",
    "place_of",
    "refused_to_end",
    "run_while_running",
    "terminated",
    "threads_left",
    "timed_out",
    "told_to_the_loop",
    "yield_count",
]
