"""What is said around the tests of a module or class: the same for all of them, and asked once.

pytest calls hooks for each test that it collects. What a mark on a class, a module or a package
says, or a hook of a conftest, is no affair of the test; climbing the tree for each would be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from loopscope.dialects.vocabulary import Dialect


@dataclass(frozen=True, slots=True)
class Around:
    """What is said around the tests of one module or class.

    `marks` are the names of the marks there that a dialect knows, `nearest` the dialects that the
    nearest of them tells of; `may_vary` if a test that bears no mark of its own may have to be run
    on several backends. `size` is how many marks the module or class itself bore.
    """

    marks: frozenset[str]
    nearest: frozenset[str]
    may_vary: bool
    size: int


@dataclass(slots=True)
class Surroundings:
    """What is said around the tests of one run, by the node that they are in."""

    dialects: Sequence[Dialect]
    marks: frozenset[str] = field(init=False)
    """The names of the marks that a dialect knows."""
    _known: dict[pytest.Collector, Around] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.marks = frozenset(dialect.mark for dialect in self.dialects)

    def of(self, collector: pytest.Collector) -> Around:
        """Return what is said around the tests in `collector`."""
        around = self._known.get(collector)
        # A hook may put a mark on a module because of a test in it.
        if around is None or around.size != len(collector.own_markers):
            around = self._known[collector] = self._read(collector)
        return around

    def _read(self, collector: pytest.Collector) -> Around:
        nodes = list(collector.iter_parents())
        marks = [mark for node in nodes for mark in node.own_markers if mark.name in self.marks]
        nearest: frozenset[str] = frozenset()
        for node in nodes:
            nearest = self.told_by(node.own_markers)
            if nearest:
                break
        return Around(
            marks=frozenset(mark.name for mark in marks),
            nearest=nearest,
            may_vary=any(mark.args or mark.kwargs for mark in marks)
            or any(dialect.varies(collector) for dialect in self.dialects),
            size=len(collector.own_markers),
        )

    def told_by(self, marks: Sequence[pytest.Mark]) -> frozenset[str]:
        """Return the names of the dialects that `marks`, which are on one node, tell of."""
        return frozenset(one.name for one in self.dialects if any(map(one.is_told_by, marks)))
