"""New event loops from used parts.

Most of what a loop of asyncio costs are its selector and the pair of sockets that wakes it. Here a
loop that is closed leaves them to the next one, which is a new object nevertheless: whatever is
bound to the closed one fails as it always does. Only what is clean goes on: a selector that watches
nothing but the pair, and a pair with nothing in it. Anything else is closed for good.

It is done with asyncio's own class, since people ask for the type of a loop. Its constructor makes
the pair by `_make_self_pipe`, and `close` closes it by `_close_self_pipe`, as from Python 3.4
on. A loop that is made otherwise, by a policy or by a factory, is none of ours.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import selectors
import sys
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from loopscope.backends.asyncio_current import policy

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

_new_event_loop = asyncio.new_event_loop
_Loop: Any = asyncio.SelectorEventLoop
_KEPT = 8


class Parts(NamedTuple):
    """What outlives a loop; `receiving` is watched by `selector`, which calls `wake_up` for it."""

    selector: selectors.BaseSelector
    receiving: socket.socket
    sending: socket.socket
    wake_up: asyncio.Handle


_free: list[Parts] = []


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return what `asyncio.new_event_loop` would, of the parts of a closed loop if possible."""
    if not _free or not _is_default():
        return asyncio.new_event_loop()
    parts = _free.pop()
    loop = _Loop.__new__(_Loop)

    def take_pair() -> None:
        loop._ssock, loop._csock = parts.receiving, parts.sending
        loop._internal_fds += 1
        _point(parts.wake_up, loop, loop._read_from_self)

    loop._make_self_pipe = take_pair
    loop.__init__(parts.selector)
    del loop._make_self_pipe
    made: asyncio.AbstractEventLoop = loop
    return made


def close(loop: asyncio.AbstractEventLoop) -> None:
    """Close `loop`, and keep the parts of it that are clean."""
    parts = _parts(loop)
    if parts is None:
        loop.close()
        return
    of_asyncio: Any = loop
    of_asyncio._selector = None
    of_asyncio._close_self_pipe = lambda: None
    try:
        loop.close()
    finally:
        del of_asyncio._close_self_pipe
        of_asyncio._ssock = of_asyncio._csock = None
        of_asyncio._internal_fds -= 1
    # It knows the loop no more, nor whatever was in force when that was made.
    _point(parts.wake_up, None, None)
    _free.append(parts)


def _point(wake_up: Any, loop: Any, read: Callable[[], None] | None) -> None:
    """Have what the selector calls for the pair of sockets read them for `loop`.

    Within the selector nothing changes, which is most of what there is to be saved.
    """
    wake_up._loop, wake_up._callback = loop, read
    if loop is None:
        wake_up._context = contextvars.Context()


def release() -> None:
    """Close the parts that no loop has."""
    while _free:
        parts = _free.pop()
        parts.selector.close()
        parts.receiving.close()
        parts.sending.close()


def _is_default() -> bool:
    """Say whether a new loop would be of asyncio's own class."""
    kind = type(policy())
    return (
        asyncio.new_event_loop is _new_event_loop
        and kind.__module__.startswith("asyncio.")
        and getattr(kind, "_loop_factory", None) is _Loop
    )


def _parts(loop: Any) -> Parts | None:
    """Return the parts of `loop` if another loop may have them."""
    if type(loop) is not _Loop or sys.platform == "win32" or len(_free) >= _KEPT:
        return None
    own = vars(loop)
    selector, receiving, sending = own.get("_selector"), own.get("_ssock"), own.get("_csock")
    if type(selector) is not selectors.DefaultSelector or receiving is None or sending is None:
        return None
    watched = selector.get_map()
    key = watched.get(receiving)
    if key is None or key.data is None:
        return None
    is_clean = (
        len(watched) == 1
        and not loop.is_closed()
        and not loop.is_running()
        and not own.get("_signal_handlers")
        and "close" not in own
        and "_close_self_pipe" not in own
        and not selector.select(0)
    )
    return Parts(selector, receiving, sending, key.data[0]) if is_clean else None


if hasattr(os, "register_at_fork"):
    # The child's would be the parent's: whatever one of them watches, the other would.
    # Nothing can take this back, and a function keeps its module, and that keeps pytest's loader.
    os.register_at_fork(after_in_child=weakref.proxy(release))
