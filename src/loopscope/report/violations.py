"""What can have been otherwise in a run than it was planned."""

from __future__ import annotations

from dataclasses import dataclass

ELSEWHERE = "ran on another loop than planned"
SET_UP_ELSEWHERE = "was set up on another loop than planned"
TORN_DOWN_ELSEWHERE = "was torn down on another loop than planned"
UNSEEN = "passed, and was seen on no loop"
NOT_OPEN = "ran on a loop that was not open"
OUTLIVED = "was not torn down before its loop was closed"
NOT_TORN_DOWN = "was never torn down"
NOT_SET_UP = "was not set up for a test that uses it"
NOT_ENDED = "began, and did not end"
NOT_RUN = "is planned, and did not run"
PLANNED_OTHERWISE = "is planned otherwise than after collection"
UNPLANNED_LOOP = "was opened, and is in no plan"
OPENED_AGAIN = "was opened more than once in the life of its scope"
NOT_CLOSED = "was never closed"
CLOSED_UNOPENED = "was closed, and was not open"


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that was otherwise than planned: `what`, of which test, fixture or loop, and where.

    `test` is the id of the test that it happened in or for.
    """

    what: str
    name: str
    origin: str | None
    planned: str | None = None
    observed: str | None = None
    test: str | None = None

    def __str__(self) -> str:
        rows = [("at", self.origin), ("test", self.test), ("planned", self.planned)]
        rows.append(("observed", self.observed))
        lines = (f"  {head:<8}  {text}" for head, text in rows if text is not None)
        return "\n".join((f"{self.name} {self.what}", *lines))
