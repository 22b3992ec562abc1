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
)
"""What asyncio and uvloop say of what was made on another loop than the one that runs."""
ABOUT_LOOPS = "LS1"


def note_for(error: BaseException, findings: Sequence[Finding]) -> str | None:
    """Return the findings that explain `error`, if it comes of a mismatch of loops.

    `findings` are those that concern whoever raised it.
    """
    texts = [str(finding) for finding in findings if finding.code.startswith(ABOUT_LOOPS)]
    if not texts or not any(map(_is_mismatch, _errors_behind(error))):
        return None
    return "\n".join(texts)


def _is_mismatch(error: BaseException) -> bool:
    return isinstance(error, (RuntimeError, ValueError)) and any(
        words in str(error) for words in MISMATCHES
    )


def _errors_behind(error: BaseException) -> Iterator[BaseException]:
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
