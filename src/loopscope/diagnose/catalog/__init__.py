"""Every text that tells a user of a mistake: one function for each, in a module for each family."""

from loopscope.diagnose.catalog.backends import backend_mismatch
from loopscope.diagnose.catalog.codes import CODES, FAMILIES, Code
from loopscope.diagnose.catalog.environment import nested_run
from loopscope.diagnose.catalog.finding import Finding, place_of
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
    "Holder",
    "asked_while_running",
    "async_generator_test",
    "backend_mismatch",
    "bad_declaration",
    "bound_elsewhere",
    "cancelled_silently",
    "crashed",
    "died",
    "disorderly",
    "finding_for",
    "left_behind",
    "loop_mismatch",
    "make_in_a_fixture",
    "misfit",
    "needs_crashed",
    "nested_run",
    "outlives_loop",
    "place_of",
    "run_while_running",
    "told_to_the_loop",
    "whose_loop",
    "yield_count",
]
