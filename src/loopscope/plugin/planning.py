"""Plan the collected items, and find whom each finding concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.core.graph import reach
from loopscope.core.plan import plan
from loopscope.diagnose.fixes import findings
from loopscope.plugin import examples, unittest_cases, variants

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loopscope.diagnose.catalog import Finding
    from loopscope.plugin.collection import Collection
    from loopscope.plugin.silence import Silence
    from loopscope.plugin.state import State


def make_plan(state: State, items: list[pytest.Item]) -> None:
    """Plan `items` and keep plan and findings in `state`.

    Those that were marked too late for pytest are replaced by what they would have become.
    """
    collection = state.collection
    _collect(collection, items)
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


def _collect(collection: Collection, items: list[pytest.Item]) -> None:
    decide = collection.decisions.decide
    late: dict[int, list[pytest.Function]] = {}
    for index, item in enumerate(items):
        if type(item) is pytest.Function or isinstance(item, pytest.Function):
            alike = decide(item)
            if alike.lacking is not None:
                late[index] = variants.completed(item, alike.lacking)
                for variant in late[index]:
                    alike = decide(variant)
                    if alike.is_concerned:
                        collection.add(variant, alike)
            elif alike.is_concerned:
                collection.add(item, alike)
    for index, made in reversed(late.items()):
        items[index : index + 1] = made


def concerned(
    collection: Collection, told: Sequence[Finding], silence: Silence
) -> dict[pytest.Item, list[Finding]]:
    """Return the findings of every test that uses, however indirectly, what they are about.

    Left out are those of which nothing is to be told at the test.
    """
    found: dict[pytest.Item, list[Finding]] = {}
    for finding, items in _with_users(collection, told):
        for item in items:
            if not silence.covers(finding.code, item):
                found.setdefault(item, []).append(finding)
    return found


def told(collection: Collection, found: Sequence[Finding], silence: Silence) -> list[Finding]:
    """Return the findings of which something is to be told.

    Nothing is where the place of what a finding is about is silenced, or that of every test that
    uses it.
    """
    return [
        finding
        for finding, items in _with_users(collection, found)
        if not silence.covers(finding.code, _path_of(finding))
        and not (items and all(silence.covers(finding.code, item) for item in items))
    ]


def _path_of(finding: Finding) -> str:
    """Return the file of what a finding is about, which is the end that is named last."""
    return finding.where[-1][0].path if finding.where else ""


def _with_users(
    collection: Collection, found: Sequence[Finding]
) -> Iterator[tuple[Finding, list[pytest.Item]]]:
    """Yield each finding with the tests that use, however indirectly, what it is about."""
    if not found:
        return
    users = collection.suite.users()
    items = {vertex.id: item for item, vertex in collection.tests.items()}
    for finding in found:
        start = [] if finding.concerns is None else [finding.concerns]
        reached = reach(start, lambda id: users.get(id, ()))
        yield finding, [items[id] for id in reached if id in items]
