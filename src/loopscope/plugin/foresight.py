"""The plan of what was collected, and what can be told of it before the first test runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.core.plan import plan
from loopscope.diagnose.fixes import findings
from loopscope.plugin import examples, unittest_cases, variants
from loopscope.plugin.planning import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from loopscope.plugin.state import State


def foresee(state: State, items: Sequence[pytest.Item]) -> None:
    """Plan what was collected from `items`, and keep plan and findings in `state`."""
    collection = state.collection
    state.plan = plan(collection.suite, state.settings.policy)
    found = [
        *collection.findings,
        *findings(state.plan, executes=collection.spoken.executes),
        *examples.findings(collection, items),
        *unittest_cases.findings(collection, state.plan),
    ]
    state.findings = told(collection, found, state.settings.silence)
    if collection.spoken.executes:
        variants.keep_apart(collection)
