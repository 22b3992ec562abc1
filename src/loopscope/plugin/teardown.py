"""Teardowns that go on although they are interrupted.

pytest drops the finalizers of a node when one of them raises KeyboardInterrupt. So an interrupt of
an asynchronous teardown ends just that, is kept, and comes out when all the others have run.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopscope.backends.interrupts import Interrupts


class Teardown:
    """Whether something is being torn down, and what has interrupted it."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._is_under_way = False
        self._deferred: KeyboardInterrupt | None = None

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Keep interrupts of the teardowns in this block until its end.

        Raises:
            KeyboardInterrupt: there was one.
        """
        __tracebackhide__ = True
        self._is_under_way = True
        try:
            yield
        finally:
            self._is_under_way = False
            deferred, self._deferred = self._deferred, None
            if deferred is not None:
                raise deferred

    @contextmanager
    def deferring(self) -> Iterator[None]:
        """Keep an interrupt, unless there have been so many that nothing else is to be done."""
        __tracebackhide__ = True
        try:
            yield
        except KeyboardInterrupt as exc:
            if not self._is_under_way or self._interrupts.is_over:
                raise
            self._deferred = exc
