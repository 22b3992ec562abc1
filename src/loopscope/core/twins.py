"""Tests that are planned alike, and of which one is planned for all.

A suite has thousands of tests and few kinds of them: those in one module or class that use the
same and declare the same. Where the loop of one is, there are those of the others; and where it is
that test's own, each of the others has one of its own. So nothing is made for them until somebody
asks: `Vertices` makes their vertices then, and `Loops` their loops, of one or of all. To whoever
asks, a suite that has twins is the same as one in which each test is a vertex from the start.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterator, ValuesView

    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Loop

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Twins:
    """Tests that are planned like `first`, which is one of them; `make` makes others by their id.

    They are in the same place, and what they use, on what they run and what they declare is the
    same: nothing that they use is one test's alone.
    """

    first: Vertex
    make: Callable[[str], Vertex]


class _Lazy(MutableMapping[str, T]):
    """A mapping that has all of its values when they are asked for together."""

    __slots__ = ()

    def all(self) -> dict[str, T]:
        """Return all, made if need be."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[str]:
        return iter(self.all())

    def __len__(self) -> int:
        return len(self.all())

    def values(self) -> ValuesView[T]:
        return self.all().values()

    def items(self) -> ItemsView[str, T]:
        return self.all().items()

    def __repr__(self) -> str:
        return repr(self.all())


class Vertices(_Lazy["Vertex"]):
    """The vertices of a suite by id, in suite order."""

    __slots__ = ("_entries", "_made", "_unmade")

    def __init__(self, vertices: Mapping[str, Vertex]) -> None:
        self._entries: dict[str, Any] = dict(vertices)
        self._made: dict[str, Twins] = {}
        self._unmade = 0

    def add(self, id: str, twins: Twins) -> None:
        """Add another one of `twins`, to be made when somebody asks for it."""
        self._entries[id] = twins
        self._unmade += 1

    def twins_of(self, id: str) -> Twins | None:
        """Return the twins that a test was added as one of."""
        entry = self._entries.get(id)
        return entry if type(entry) is Twins else self._made.get(id)

    def there(self) -> dict[str, Vertex]:
        """Return those that are made, among which is the first one of all twins."""
        return {id: entry for id, entry in self._entries.items() if type(entry) is not Twins}

    @property
    def has_unmade(self) -> bool:
        """Whether there are twins that nobody has asked for."""
        return self._unmade > 0

    def __getitem__(self, id: str) -> Vertex:
        entry = self._entries[id]
        return self._make(id, entry) if type(entry) is Twins else entry

    def _make(self, id: str, twins: Twins) -> Vertex:
        vertex = self._entries[id] = twins.make(id)
        self._made[id] = twins
        self._unmade -= 1
        return vertex

    def __setitem__(self, id: str, vertex: Vertex) -> None:
        self._entries[id] = vertex

    def __delitem__(self, id: str) -> None:
        del self._entries[id]

    def __contains__(self, id: object) -> bool:
        return id in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def all(self) -> dict[str, Vertex]:
        if self._unmade:
            for id, entry in self._entries.items():
                if type(entry) is Twins:
                    self._make(id, entry)
        return self._entries


class Loops(_Lazy["Loop"]):
    """The loops of a suite by the id of a vertex: `planned` has those of the vertices there were.

    They are in suite order; what is planned later comes last.
    """

    __slots__ = ("_known", "_planned", "_unknown", "_vertices")

    def __init__(self, vertices: Vertices, planned: dict[str, Loop]) -> None:
        self._vertices = vertices
        self._planned = planned
        self._known = dict(planned)  # what is moved from here takes none of its twins along
        self._unknown = vertices.has_unmade

    def find(self, id: str) -> Loop | None:
        """Return the loop of vertex `id`, None if it runs on none."""
        loop = self._known.get(id)
        if loop is None and self._unknown:
            twins = self._vertices.twins_of(id)
            loop = None if twins is None else self._like(id, twins)
            if loop is not None:
                self._known[id] = loop
        return loop

    def _like(self, id: str, twins: Twins) -> Loop | None:
        """Return the loop of one of `twins`: that of the first, or one that is as much its own."""
        loop, first = self._planned.get(twins.first.id), twins.first
        if loop is None or loop.anchor.node != first.anchor.node:
            return loop
        return loop.at(self._vertices[id].anchor.at(loop.anchor.scope))

    def of(self, vertices: Mapping[str, Vertex]) -> dict[str, Loop]:
        """Return the loops of vertices that are there."""
        return {id: loop for id, loop in self._known.items() if id in vertices}

    def __getitem__(self, id: str) -> Loop:
        loop = self.find(id)
        if loop is None:
            raise KeyError(id)
        return loop

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self.find(id) is not None

    def __setitem__(self, id: str, loop: Loop) -> None:
        self._known[id] = loop

    def __delitem__(self, id: str) -> None:
        del self._known[id]

    def all(self) -> dict[str, Loop]:
        if self._unknown:
            found = {id: loop for id in self._vertices if (loop := self.find(id)) is not None}
            self._known = {**found, **self._known}
            self._unknown = False
        return self._known
