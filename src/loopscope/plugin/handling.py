"""How a fixture is set up for a test: decided once for all tests that are alike."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from loopscope.dialects.vocabulary import RUNNER_FIXTURE, is_async, is_given_loop, is_xunit

if TYPE_CHECKING:
    from loopscope.plugin._compat import AnyFixtureDef
    from loopscope.plugin.alike import Alike
    from loopscope.plugin.collection import Collection


class Way(enum.Enum):
    """How a fixture of a test of ours is set up."""

    NOT_OURS = "by whoever else there is"
    SYNCHRONOUSLY = "without a loop, in a context of its own"
    BESIDE = "while its loop, which does not turn, is the current one"
    ON_LOOP = "on its loop"
    AS_RUNNER = "as a way to the loop of the test"
    AS_LOOP = "as the loop itself"


@dataclass(frozen=True, slots=True)
class Handling:
    """How a fixture is set up; `is_xunit` says that it awaits methods like `setup_method`."""

    way: Way
    is_xunit: bool

    @property
    def needs_loop(self) -> bool:
        """Whether the fixture has a loop."""
        return self.way not in (Way.NOT_OURS, Way.SYNCHRONOUSLY)


@dataclass(eq=False, slots=True)
class Handlings:
    """What was decided in one run."""

    collection: Collection
    _known: dict[tuple[Alike, AnyFixtureDef], Handling] = field(default_factory=dict)

    def of(self, item: pytest.Item, definition: AnyFixtureDef) -> Handling:
        """Return how `definition` is set up for `item`."""
        if not isinstance(item, pytest.Function):
            return self._decide(item, definition)
        key = self.collection.decisions.of(item), definition
        handling = self._known.get(key)
        if handling is None:
            handling = self._known[key] = self._decide(item, definition)
        return handling

    def _decide(self, item: pytest.Item, definition: AnyFixtureDef) -> Handling:
        return Handling(self._way(item, definition), is_xunit(definition.func))

    def _way(self, item: pytest.Item, definition: AnyFixtureDef) -> Way:
        if not self.collection.needs_loop(item, definition):
            # Strict mode: what is asynchronous and bears no decorator is not ours to set up.
            return Way.NOT_OURS if is_async(definition.func) else Way.SYNCHRONOUSLY
        if definition.argname == RUNNER_FIXTURE:
            return Way.AS_RUNNER
        if is_given_loop(definition.func):
            return Way.AS_LOOP
        return Way.ON_LOOP if self.collection.is_stepped(item, definition) else Way.BESIDE
