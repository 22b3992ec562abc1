"""What was wrong in a run, as its timeline tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.report.model import Finding
from loopscope.trace.events import Blocked, Cancelled, Crashed, Found, LeftBehind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopscope.trace.events import Event

BLOCKED = "LS323"


def told(event: Event, tests: Mapping[str, int]) -> Finding | None:
    """Return the finding in `event`, if it is one; it has no lane yet.

    Args:
        event: any event.
        tests: the index of each test by its id.
    """
    if isinstance(event, (Found, LeftBehind)):
        code, text = event.code, event.text.removeprefix(event.code).lstrip()
        if isinstance(event, LeftBehind) and not event.has_ended:
            text += "\nIt could not be ended."
    elif isinstance(event, Crashed):
        owner = event.fixture or "something"
        code, text = "crash", f"the background of {owner} failed: {event.error or 'no error'}"
    elif isinstance(event, Cancelled):
        code, text = "cancelled", event.why
    elif isinstance(event, Blocked):
        code = BLOCKED
        text = "\n".join([f"the loop was blocked for {event.seconds:.3f} s", *event.stack])
    else:
        return None
    test = None if event.test is None else tests.get(event.test)
    return Finding(lane=-1, time=event.time, code=code, text=text, test=test)
