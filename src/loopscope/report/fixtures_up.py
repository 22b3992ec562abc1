"""The fixtures of one process that are set up, and on which loops they live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopscope.trace.events import FixtureSetUp


@dataclass(frozen=True, slots=True)
class Up:
    """A fixture that is set up, and the loop that must not be closed before it is torn down."""

    event: FixtureSetUp
    loop: str | None


class FixturesUp:
    """The fixtures that are up, by id; one that is set up twice is torn down twice."""

    def __init__(self) -> None:
        self._up: dict[str, list[Up]] = {}

    def ids(self) -> set[str]:
        """Return the ids of those that are up."""
        return set(self._up)

    def all(self) -> Iterator[Up]:
        """Yield all of them."""
        for ups in self._up.values():
            yield from ups

    def add(self, event: FixtureSetUp, loop: str | None) -> None:
        """Add one that lives on `loop`."""
        self._up.setdefault(event.fixture, []).append(Up(event, loop))

    def pop(self, fixture: str) -> Up | None:
        """Remove the one that was set up last and return it, if there is one."""
        ups = self._up.get(fixture)
        if not ups:
            return None
        last = ups.pop()
        if not ups:
            del self._up[fixture]
        return last

    def drop(self, loop: str) -> list[Up]:
        """Remove those that live on `loop`, which is closed, and return them."""
        left = [one for one in self.all() if one.loop == loop]
        for one in left:
            self._up.pop(one.event.fixture, None)
        return left


def makes_its_loop(event: FixtureSetUp) -> bool:
    """Say whether a fixture makes the loop that it is planned on, as an `event_loop` does.

    Such a loop is called by the fixture, which closes it, and so outlives it.
    """
    return f" by {event.name} at {event.origin}" in str(event.planned)
