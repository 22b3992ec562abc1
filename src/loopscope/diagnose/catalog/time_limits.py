"""LS32x: what takes too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.diagnose.catalog.finding import Finding

if TYPE_CHECKING:
    from loopscope.diagnose.catalog.finding import Where

_INSTEAD_OF_BLOCKING = (
    "await what has an async counterpart, and call the rest in a thread\n"
    "(asyncio.to_thread, trio.to_thread.run_sync, anyio.to_thread.run_sync)"
)


def timed_out(
    test: str, part: str, seconds: float, where: Where, limit: str, is_on_loop: bool = True
) -> Finding:
    """LS321: a test, or the setup or teardown of one of its fixtures, took too long.

    `where` ends with the place that the code had reached; `limit` is what may be raised.
    """
    return Finding(
        "LS321",
        f"{test} timed out after {seconds:g} s, in {part}",
        where,
        fix=f"see what it waited for; if it was only slow, raise {limit}",
        why="" if is_on_loop else "synchronous code cannot be cancelled: it was interrupted",
    )


def blocked_and_interrupted(test: str, where: Where) -> Finding:
    """LS322: what timed out did not let the loop cancel it."""
    return Finding(
        "LS322",
        f"{test} blocked the loop, and was interrupted where it did",
        where,
        "a cancellation arrives where code awaits, and this code did not",
        _INSTEAD_OF_BLOCKING,
    )


def blocked(test: str, seconds: float, limit: float, where: Where) -> Finding:
    """LS323: a call kept the loop from turning for longer than the limit."""
    return Finding(
        "LS323",
        f"{test} blocked the loop for {seconds:.2f} s (loopscope_blocked = {limit:g})",
        where,
        "nothing else on the loop could run meanwhile: no timeout, no other task",
        _INSTEAD_OF_BLOCKING,
    )


def refused_to_end(test: str, cancellation: str, where: Where) -> Finding:
    """LS324: what timed out was cancelled, and did not end."""
    return Finding(
        "LS324",
        f"{test} did not end when it was cancelled, twice, and was given up",
        where,
        "it caught the cancellation, or waits for something that did; it is never resumed",
        f"let {cancellation} pass: raise it again at the end of `except`",
    )
