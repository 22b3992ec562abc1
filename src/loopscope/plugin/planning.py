"""Plan the collected items, and find whom each finding concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.core.graph import reach
from loopscope.dialects import native
from loopscope.plugin import variants

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loopscope.diagnose.catalog import Finding
    from loopscope.plugin.collection import Collection
    from loopscope.plugin.silence import Silence
    from loopscope.plugin.state import State


def make_plan(state: State, items: list[pytest.Item]) -> None:
    """Plan `items` and keep plan and findings in `state`, if there is anything to be planned.

    Those that were marked too late for pytest are replaced by what they would have become.
    """
    _collect(state.collection, items)
    if _is_wanted(state):
        from loopscope.plugin import foresight

        foresight.foresee(state, items)


def _is_wanted(state: State) -> bool:
    """Say whether a test is concerned, or somebody wants to see the plan in any case."""
    collection, settings = state.collection, state.settings
    if collection.tests or state.trace is not None:
        return True
    if settings.plan or settings.ladder or settings.xdist_group == "loop":
        return True
    # Our mark may be used where it can mean nothing, which is to be told.
    return any(
        mark.name == native.MARK
        for alike in collection.decisions.all
        for mark in alike.test.item.own_markers
    )


def _collect(collection: Collection, items: list[pytest.Item]) -> None:
    decide = collection.decisions.decide
    late: dict[int, list[pytest.Function]] = {}
    for index, item in enumerate(items):
        if isinstance(item, pytest.Function):
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
