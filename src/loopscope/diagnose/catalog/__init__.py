"""Every text that tells a user of a mistake: one function for each, in a module for each family."""

from loopscope.diagnose.catalog.backends import backend_mismatch, beside_own_loop
from loopscope.diagnose.catalog.codes import CODES, FAMILIES, Code
from loopscope.diagnose.catalog.endings import failed_late, given_up, terminated, threads_left
from loopscope.diagnose.catalog.environment import nested_run
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
from loopscope.diagnose.catalog.loop_scopes import (
    Holder,
    bound_elsewhere,
    loop_mismatch,
    make_in_a_fixture,
    misfit,
    outlives_loop,
    whose_loop,
)
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
    async_hook,
    bad_declaration,
    coroutine_given,
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
    "Holder",
    "Where",
    "asked_while_running",
    "async_generator_test",
    "async_hook",
    "backend_mismatch",
    "bad_declaration",
    "beside_own_loop",
    "blocked",
    "blocked_and_interrupted",
    "bound_elsewhere",
    "cancelled_silently",
    "coroutine_given",
    "could_be_fresh",
    "crashed",
    "died",
    "disorderly",
    "failed_in_teardown",
    "failed_late",
    "finalizer_without_loop",
    "finding_for",
    "given_up",
    "left_behind",
    "loop_mismatch",
    "make_in_a_fixture",
    "misfit",
    "needs_crashed",
    "nested_run",
    "no_examples",
    "outlives_loop",
    "place_of",
    "refused_to_end",
    "run_while_running",
    "stays_for_all_examples",
    "terminated",
    "threads_left",
    "timed_out",
    "told_to_the_loop",
    "unowned_xunit",
    "whose_loop",
    "yield_count",
]
