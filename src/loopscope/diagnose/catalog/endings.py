"""LS33x: what is left when a run is told to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.diagnose.catalog.finding import place_of

if TYPE_CHECKING:
    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Loop
    from loopscope.errors import GaveUp


def terminated() -> str:
    """LS331: the run ends because of a SIGTERM."""
    return (
        "LS331 SIGTERM: the run ends, and what is set up is torn down; "
        "a second one ends the process at once"
    )


def given_up(loop: Loop, error: GaveUp) -> str:
    """LS332: something on a loop did not end in time when the run was interrupted."""
    return (
        f"LS332 the run was interrupted, and {place_of(loop)} closed without waiting any longer "
        f"for {error}"
    )


def threads_left(names: tuple[str, ...], seconds: float) -> str:
    """LS333: threads were still running when an interrupted run was over."""
    which = ", ".join(names)
    return (
        f"LS333 the run was interrupted, and threads are still running: {which}; "
        f"the process ends without them in {seconds:g} s"
    )


def failed_late(owner: Vertex, error: BaseException) -> str:
    """LS334: a fixture that pytest had dropped failed when it was torn down nevertheless."""
    return (
        f"LS334 fixture {owner.name} ({owner.origin}) failed when it was torn down, after what had "
        f"ended the run: {error!r}"
    )
