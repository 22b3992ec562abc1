"""LS33x: runs that are told to end."""

from __future__ import annotations

from loopscope.diagnose import catalog
from loopscope.errors import GaveUp
from tests.core.literals import MODULE, on
from tests.diagnose.texts.who import POOL, Texts

TEXTS: Texts = {
    "LS331": (
        catalog.terminated(),
        "LS331 SIGTERM: the run ends, and what is set up is torn down; "
        "a second one ends the process at once",
    ),
    "LS332": (
        catalog.given_up(on(MODULE), GaveUp("fetch()")),
        "LS332 the run was interrupted, and the loop of module tests/test_a.py closed without "
        "waiting any longer for fetch()",
    ),
    "LS333": (
        catalog.threads_left(("asyncio_0", "Thread-1 (sleep)"), 2.0),
        "LS333 the run was interrupted, and threads are still running: "
        "asyncio_0, Thread-1 (sleep); the process ends without them in 2 s",
    ),
    "LS334": (
        catalog.failed_late(POOL, ValueError("no route")),
        "LS334 fixture pool (tests/conftest.py:12) failed when it was torn down, after what had "
        "ended the run: ValueError('no route')",
    ),
}
