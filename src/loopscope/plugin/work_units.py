"""Which tests pytest-xdist is to keep on one worker, because they share what lives on a loop.

Some ways to distribute tests keep those of one class, module or group together, as one unit of
work. On a worker, what lives on a loop lives at its place in the collection tree: tests that use
something at the same class, module or package share it only if they are in one unit. So the units
are joined over these places. What lives as long as the session does is not shared in this way:
every worker has a session of its own, and joining over it would leave work for one worker only.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from loopscope.core.graph import reach
from loopscope.core.scope import Scope, common

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pytest

    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Plan
    from loopscope.core.scope import Anchor
    from loopscope.plugin.collection import Collection

MODES = ("loadscope", "loadfile", "loadgroup")
"""The ways to distribute tests (`--dist`) that keep some of them together."""


def work_units(
    collection: Collection, plan: Plan, items: Sequence[pytest.Item], mode: str
) -> dict[str, str]:
    """Return the names of the units, by node id, of the tests that have one other than xdist's."""
    shared = SharedPlaces(plan)
    named: dict[str, str] = {}
    at: dict[str, set[Anchor]] = {}
    for item in items:
        # The name is xdist's own for them. With pytest 9.2 it does not come to use it.
        groups = _groups(item) if mode == "loadgroup" else ()
        if groups:
            named[item.nodeid] = "_".join(groups)
            continue
        places = {*_kept_together(collection, item, mode)}
        test = collection.tests.get(item)
        if test is not None:
            places |= shared.of(test)
        if places:
            at[item.nodeid] = places
    joined = Joined()
    first = {id: joined.join(places) for id, places in at.items()}
    return named | {id: str(joined.of(place)) for id, place in first.items()}


def _groups(item: pytest.Item) -> list[str]:
    """Return the groups that the author of a test has put it into."""
    marks = item.iter_markers("xdist_group")
    return sorted({str((mark.args or (mark.kwargs.get("name", "default"),))[0]) for mark in marks})


def _kept_together(collection: Collection, item: pytest.Item, mode: str) -> Iterable[Anchor]:
    """Yield the place whose tests are one unit in this mode anyway."""
    if mode == "loadgroup":
        return
    around, _ = collection.places.around(item)
    if mode == "loadfile":
        around = around.at(Scope.MODULE)
    if around.scope <= Scope.MODULE:  # a file of another kind has no place of its own
        yield around


class SharedPlaces:
    """The places, narrower than the session, at which something lives on a loop."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._of_used: dict[tuple[str, ...], set[Anchor]] = {}

    def of(self, test: Vertex) -> set[Anchor]:
        """Return those of what a test uses, and that of its own loop."""
        if test.uses not in self._of_used:
            vertices = self._plan.suite.vertices
            reached = reach(test.uses, lambda id: vertices[id].uses)
            self._of_used[test.uses] = {
                place for id in reached for place in self._places(vertices[id])
            }
        loop = self._plan.loop_of(test.id)
        own = {loop.anchor} if loop is not None and _is_shared(loop.anchor) else set()
        return self._of_used[test.uses] | own

    def _places(self, fixture: Vertex) -> Iterable[Anchor]:
        loop = self._plan.loop_of(fixture.id)
        return () if loop is None else filter(_is_shared, (fixture.anchor, loop.anchor))


def _is_shared(place: Anchor) -> bool:
    # The package that has no node is what is outside of any package: it lives with the session.
    return Scope.CLASS <= place.scope < Scope.SESSION and place.node != ""


class Joined:
    """Places as sets, each under its widest member; those that a test uses are in one set.

    All places that one test uses lie within one another, and so do all that are joined to them.
    """

    def __init__(self) -> None:
        self._wider: dict[Anchor, Anchor] = {}

    def of(self, place: Anchor) -> Anchor:
        """Return the widest place that `place` is joined to."""
        while place in self._wider:
            place = self._wider[place]
        return place

    def join(self, places: Iterable[Anchor]) -> Anchor:
        """Join `places`, of which there is at least one, and return the widest."""
        found = {self.of(place) for place in places}
        widest = reduce(common, found)
        self._wider.update((place, widest) for place in found if place != widest)
        return widest
