"""Plan the collected items, and find whom each finding concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.backends import registry
from loopscope.core.graph import reach
from loopscope.core.plan import plan
from loopscope.diagnose.fixes import findings
from loopscope.plugin import examples, unittest_cases, variants, xunit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loopscope.diagnose.catalog import Finding
    from loopscope.plugin.collection import Collection
    from loopscope.plugin.state import State


def make_plan(state: State, items: Sequence[pytest.Item]) -> None:
    """Plan `items` and keep plan and findings in `state`."""
    collection = state.collection
    for item in items:
        if collection.spoken.executes and isinstance(item, pytest.Function):
            # Done already, except for what is collected without pytest_generate_tests.
            xunit.make_awaited(item)
        collection.add(item)
    state.plan = plan(collection.suite, state.settings.policy)
    state.findings = [
        *collection.findings,
        *findings(state.plan),
        *examples.findings(collection, items),
        *unittest_cases.findings(collection, state.plan),
    ]
    if not collection.spoken.executes:
        return
    variants.keep_apart(collection)
    for key in {loop.backend for loop in state.plan.loops.values()}:
        backend = collection.choices[key].backend if key in collection.choices else None
        if backend is not None:
            registry.get(backend).load()


def concerned(collection: Collection, told: Iterable[Finding]) -> dict[pytest.Item, list[Finding]]:
    """Return the findings of every test that uses, however indirectly, what they are about."""
    told = list(told)
    if not told:
        return {}
    users = collection.suite.users()
    items = {vertex.id: item for item, vertex in collection.tests.items()}
    found: dict[pytest.Item, list[Finding]] = {}
    for finding in told:
        if finding.concerns is not None:
            for id in reach([finding.concerns], lambda id: users.get(id, ())):
                if id in items:
                    found.setdefault(items[id], []).append(finding)
    return found
