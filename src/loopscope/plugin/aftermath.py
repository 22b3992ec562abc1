"""What there is to see to when a phase, a test, a fixture or a loop has come to its end.

Mostly there is nothing, and that has to be found out at no cost: so a host says whether it
`is_quiet` before anybody asks whose end it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.plugin.background import besides

if TYPE_CHECKING:
    import pytest

    from loopscope.backends.base import Host
    from loopscope.backends.interrupts import Interrupts
    from loopscope.core.graph import Vertex
    from loopscope.core.scope import Anchor
    from loopscope.plugin.background import Background
    from loopscope.plugin.crashes import Crashes, Held
    from loopscope.plugin.heirs import End
    from loopscope.plugin.loops import OpenLoops
    from loopscope.plugin.teardown import Teardown
    from loopscope.plugin.under_way import UnderWay


class Aftermath:
    """Finds what has died, what was left, and what has crashed; each method returns errors."""

    def __init__(
        self,
        background: Background,
        crashes: Crashes,
        loops: OpenLoops,
        interrupts: Interrupts,
        teardown: Teardown,
        under_way: UnderWay,
    ) -> None:
        self._background = background
        self._crashes = crashes
        self._loops = loops
        self._interrupts = interrupts
        self._teardown = teardown
        self._under_way = under_way

    def of_phase(self, item: pytest.Item, test: Vertex | None) -> list[BaseException]:
        """Return what nobody has awaited in the setup of a test of ours, or in its call."""
        if test is None or self._loops.are_quiet:
            return []
        return self._deaths_anywhere(self._background.end_of_phase(item))

    def of_test(self, item: pytest.Item, test: Vertex | None) -> list[BaseException]:
        """Have pytest know of what crashes have torn down; return what went wrong in the end."""
        errors = self._teardown.take_held_back()
        errors += self._crashes.settle(self._under_way.name)
        if test is None or self._loops.are_quiet:
            return errors
        return [*errors, *self._deaths_anywhere(self._background.end_of(test))]

    def of_test_elsewhere(self, test: Vertex, anchor: Anchor) -> list[BaseException]:
        """End what a test, which is at `anchor`, has left on loops that outlive it."""
        if self._loops.are_quiet:
            return []
        end = self._background.end_of(test)
        return [
            error
            for loop in list(self._loops)
            if loop.anchor != anchor and (host := self._loops[loop]) is not None
            for error in self._leftovers(host, end)
        ]

    def of_fixture(self, host: Host, held: Held) -> list[BaseException]:
        """End what a fixture has left on its loop."""
        if host.is_quiet:
            return []
        end = self._background.end_of(held)
        return [*self._leftovers(host, end), *self._deaths(host, end)]

    def of_loop(self, host: Host) -> list[BaseException]:
        """End what is left on a loop that is about to be closed."""
        return [] if host.is_quiet else self._leftovers(host, self._background.end_of(None))

    def of_closed_loop(self, host: Host) -> list[BaseException]:
        """Return what nobody has awaited on a loop that is closed."""
        return [] if host.is_quiet else self._deaths(host, self._background.end_of(None))

    def _leftovers(self, host: Host, end: End) -> list[BaseException]:
        """End what `end` concerns and goes on."""
        is_shared = self._loops.is_shared(host)
        with self._under_way.turning(None):
            outcome = host.end_leftovers(end)
        self._crashes.add(outcome.crashes)
        errors = [] if outcome.error is None else [outcome.error]
        if self._interrupts.is_ending:
            return errors  # of course something was left
        item = self._under_way.item
        told = self._background.tell(outcome.value or (), item, is_shared=is_shared)
        return [*errors, *told]

    def _deaths(self, host: Host, end: End) -> list[BaseException]:
        """Return the errors that nobody awaits."""
        errors = self._background.deaths(host, end, self._under_way.item)
        if not self._interrupts.is_ending:
            return errors
        # To fail would spoil the end of the run; what was abandoned is not worth a word.
        if not self._interrupts.is_hurried:
            self._loops.untold += map(besides, errors)
        return []

    def _deaths_anywhere(self, end: End) -> list[BaseException]:
        return [error for host in self._loops.hosts() for error in self._deaths(host, end)]
