"""Every text that tells a user of a mistake: one function for each, in a module for each family."""

from loopscope.diagnose.catalog.backends import backend_mismatch, beside_own_loop
from loopscope.diagnose.catalog.codes import CODES, FAMILIES, Code
from loopscope.diagnose.catalog.finding import Finding, place_of
from loopscope.diagnose.catalog.lifetimes import (
    cancelled_silently,
    crashed,
    disorderly,
    needs_crashed,
)
from loopscope.diagnose.catalog.loop_scopes import loop_mismatch, misfit, outlives_loop
from loopscope.diagnose.catalog.violations import finding_for
from loopscope.diagnose.catalog.vocabulary import (
    asked_while_running,
    async_generator_test,
    async_hook,
    bad_declaration,
    could_be_fresh,
    failed_in_teardown,
    finalizer_without_loop,
    no_examples,
    run_while_running,
    stays_for_all_examples,
    unowned_xunit,
    yield_count,
)

__all__ = [
    "CODES",
    "FAMILIES",
    "Code",
    "Finding",
    "asked_while_running",
    "async_generator_test",
    "async_hook",
    "backend_mismatch",
    "bad_declaration",
    "beside_own_loop",
    "cancelled_silently",
    "could_be_fresh",
    "crashed",
    "disorderly",
    "failed_in_teardown",
    "finalizer_without_loop",
    "finding_for",
    "loop_mismatch",
    "misfit",
    "needs_crashed",
    "no_examples",
    "outlives_loop",
    "place_of",
    "run_while_running",
    "stays_for_all_examples",
    "unowned_xunit",
    "yield_count",
]
