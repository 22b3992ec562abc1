"""The loop and the policy that synchronous code finds."""

from __future__ import annotations

import asyncio
import threading
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

policy: Callable[[], Any] = getattr(
    asyncio.events, "_get_event_loop_policy", asyncio.get_event_loop_policy
)
"""Returns the policy, and does not warn; the public function does so from Python 3.14 on."""


def _local() -> Any:
    """Return where a policy of asyncio's own keeps the loop of a thread."""
    return getattr(policy(), "_local", None)


class Current(threading.local):
    """The loop and the policy that synchronous code of a thread finds."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._policy_before: Any = None

    def is_found(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Say whether `loop` is the current one, as mostly: this is asked in each phase of a test.

        A policy of somebody's own has to be told all the same.
        """
        is_ours = self.loop is loop and self._policy_before is None
        return is_ours and getattr(_local(), "_loop", None) is loop

    def set(self, loop: asyncio.AbstractEventLoop | None, own_policy: Any) -> None:
        """Make `loop` the current one, under a policy of its own if it has one."""
        self.loop = loop
        if own_policy is not None or self._policy_before is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                if self._policy_before is None:
                    self._policy_before = policy()
                asyncio.set_event_loop_policy(own_policy or self._policy_before)
        asyncio.set_event_loop(loop)

    def forget(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take `loop`, which is closed, back if it is the current one."""
        if self.loop is not loop:
            return
        self.set(None, None)
        self._policy_before = None
        local = _local()
        if getattr(local, "_set_called", False):
            # As it was before: synchronous code may have a loop made for it by asking for one.
            local._set_called = False


current = Current()
