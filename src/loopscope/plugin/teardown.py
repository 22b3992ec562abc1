"""Teardowns that go on although they are interrupted.

pytest drops the finalizers that are still to come when one of them raises what is no `Exception`:
other fixtures would stay as they are, and loops open. So such an error ends just the teardown that
raises it, is kept, and comes out when all the others have run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.plugin.outcomes import OUTCOMES

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from loopscope.backends.interrupts import Interrupts


class Teardown:
    """Whether something is being torn down, and what has interrupted it."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._is_under_way = False
        self._deferred: KeyboardInterrupt | None = None
        self._held_back: list[BaseException] = []

    def going_on(self) -> AbstractContextManager[None]:
        """Keep what would end more than the one teardown in a block."""
        return _GoingOn(self)

    def take_held_back(self) -> list[BaseException]:
        """Return, once, the errors that were kept, for whoever fails the test with them."""
        errors, self._held_back = self._held_back, []
        return errors

    def begin(self) -> None:
        """Keep interrupts of teardowns from now on."""
        self._is_under_way = True

    def end(self) -> None:
        """Keep interrupts no more.

        Raises:
            KeyboardInterrupt: there was one.
        """
        __tracebackhide__ = True
        self._is_under_way = False
        deferred, self._deferred = self._deferred, None
        if deferred is not None:
            raise deferred

    def keeps(self, error: BaseException) -> bool:
        """Keep an error that pytest would not go on after; say whether it is kept.

        An interrupt is not if there have been so many that nothing else is to be done.
        """
        if isinstance(error, (Exception, *OUTCOMES)):
            return False
        if not isinstance(error, KeyboardInterrupt):
            self._held_back.append(error)
            return True
        if not self._is_under_way or self._interrupts.is_over:
            return False
        self._deferred = error
        return True


class _GoingOn:
    __slots__ = ("_teardown",)

    def __init__(self, teardown: Teardown) -> None:
        self._teardown = teardown

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, exc: BaseException | None, traceback: object) -> bool:
        return exc is not None and self._teardown.keeps(exc)
