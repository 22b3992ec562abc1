"""Async fixtures of test cases that unittest runs, some of them on a loop of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.core.graph import reach
from loopscope.diagnose import catalog
from loopscope.plugin import _compat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopscope.core.graph import Vertex
    from loopscope.core.origin import Origin
    from loopscope.core.plan import Plan
    from loopscope.plugin.collection import Collection


def findings(collection: Collection, plan: Plan) -> Iterator[catalog.Finding]:
    """Yield a finding for each async fixture of test cases that make their loop themselves."""
    if not any(alike.runs_own_loop for alike in collection.decisions.all):
        return
    vertices = plan.suite.vertices
    cases: dict[tuple[str, Origin], dict[pytest.Class, None]] = {}
    first: dict[tuple[str, Origin], Vertex] = {}
    for item, test in collection.tests.items():
        if not _compat.runs_own_loop(item):
            continue
        for id in reach(test.uses, lambda id: vertices[id].uses):
            used = vertices[id]
            if used.needs_loop:
                key = used.name, used.origin
                first.setdefault(key, used)
                case = item.getparent(pytest.Class)
                assert case is not None
                cases.setdefault(key, {})[case] = None
    for key, used in first.items():
        loop = plan.loop_of(used.id)
        assert loop is not None
        places = [(case.name, collection.origins.of_class(case)) for case in cases[key]]
        yield catalog.beside_own_loop(used, loop, places)
