"""The explanation of a mistake, once it has led to an error after all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loopscope.diagnose.catalog import Finding

MISMATCHES = (
    "attached to a different loop",
    "belongs to a different loop",
    "is bound to a different event loop",
    "Event loop is closed",
    "Non-thread-safe operation invoked on an event loop other than the current one",
    "has to use same event loop",
)
"""What asyncio, uvloop and aiohttp say of what was made on another loop than the one that runs."""

NESTED = (
    "cannot be called from a running event loop",
    "event loop is already running",
    "Cannot run the event loop while another loop is running",
    "Already running asyncio in this thread",
    "Already running trio in this thread",
    "Attempted to call run() from inside a run()",
)
"""What asyncio, uvloop, anyio and trio say of who runs a loop inside a loop that runs."""

ABOUT_LOOPS = "LS1"


def note_for(error: BaseException, findings: Sequence[Finding]) -> str | None:
    """Return the findings that explain `error`, if it comes of a mismatch of loops.

    `findings` are those that concern whoever raised it.
    """
    texts = [str(finding) for finding in findings if finding.code.startswith(ABOUT_LOOPS)]
    if not texts or not any(map(_is_mismatch, errors_behind(error))):
        return None
    return "\n".join(texts)


def mismatch_in(error: BaseException) -> BaseException | None:
    """Return the error that tells of a mismatch of loops, wherever in `error` it is."""
    return next(filter(_is_mismatch, errors_behind(error)), None)


def nested_run_in(error: BaseException) -> BaseException | None:
    """Return the error that tells of a loop run inside another, wherever in `error` it is."""
    return next((one for one in errors_behind(error) if _says(one, NESTED)), None)


def _is_mismatch(error: BaseException) -> bool:
    return _says(error, MISMATCHES)


def _says(error: BaseException, any_of: tuple[str, ...]) -> bool:
    return isinstance(error, (RuntimeError, ValueError)) and any(
        words in str(error) for words in any_of
    )


def errors_behind(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and all that it contains, was raised from, or came on top of."""
    found: dict[int, BaseException] = {}
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if id(one) in found:
            continue
        found[id(one)] = one
        yield one
        inner = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        behind = (*inner, one.__cause__, one.__context__)
        waiting += [other for other in behind if other is not None]
