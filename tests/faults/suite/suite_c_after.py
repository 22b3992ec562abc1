"""A module of neighbours after the fault."""

from __future__ import annotations

from tests.faults.suite.neighbours import (
    test_on_a_loop_of_its_own,
    test_on_no_loop,
    test_on_the_module_loop,
    test_on_the_session_loop,
)

__all__ = [
    "test_on_a_loop_of_its_own",
    "test_on_no_loop",
    "test_on_the_module_loop",
    "test_on_the_session_loop",
]
