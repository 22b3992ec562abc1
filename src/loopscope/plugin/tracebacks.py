"""Tracebacks of what is explained: they end where the code of the suite does.

pytest shows the whole of the function that raised. Where that is the event loop's, which only
refuses what it was asked for, it fills a screen and says nothing of the mistake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_LIBRARIES = frozenset({"_pytest", "anyio", "asyncio", "loopscope", "pluggy", "trio", "uvloop"})


def end_with_the_suite(error: BaseException) -> None:
    """Cut off what the traceback of `error` has below the last frame that is no library's."""
    last, traceback = None, error.__traceback__
    while traceback is not None:
        if not _is_of_a_library(traceback.tb_frame):
            last = traceback
        traceback = traceback.tb_next
    if last is not None:
        last.tb_next = None


def _is_of_a_library(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] in _LIBRARIES
