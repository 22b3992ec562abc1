"""LS32x: time limits."""

from __future__ import annotations

from loopscope.core.origin import Origin
from loopscope.diagnose import catalog
from tests.diagnose.texts.who import TEST, TEST_FILE, Texts

WHERE = (
    (TEST_FILE, TEST.name, ""),
    (Origin("tests/test_a.py", 142), "fetch", "awaited here"),
)

TEXTS: Texts = {
    "LS321": (
        catalog.timed_out("test_login", "its call", 0.5, WHERE, "loopscope_timeout"),
        """\
LS321 test_login timed out after 0.5 s, in its call
  tests/test_a.py:140  test_login
  tests/test_a.py:142  fetch       awaited here
  fix   see what it waited for; if it was only slow, raise loopscope_timeout""",
    ),
    "LS321-in-synchronous-code": (
        catalog.timed_out("test_login", "its call", 2, WHERE, "timeout", is_on_loop=False),
        """\
LS321 test_login timed out after 2 s, in its call
  tests/test_a.py:140  test_login
  tests/test_a.py:142  fetch       awaited here
  why   synchronous code cannot be cancelled: it was interrupted
  fix   see what it waited for; if it was only slow, raise timeout""",
    ),
    "LS322": (
        catalog.blocked_and_interrupted("test_login", WHERE),
        """\
LS322 test_login blocked the loop, and was interrupted where it did
  tests/test_a.py:140  test_login
  tests/test_a.py:142  fetch       awaited here
  why   a cancellation arrives where code awaits, and this code did not
  fix   await what has an async counterpart, and call the rest in a thread
        (asyncio.to_thread, trio.to_thread.run_sync, anyio.to_thread.run_sync)""",
    ),
    "LS323": (
        catalog.blocked("test_login", 0.734, 0.5, WHERE),
        """\
LS323 test_login blocked the loop for 0.73 s (loopscope_blocked = 0.5)
  tests/test_a.py:140  test_login
  tests/test_a.py:142  fetch       awaited here
  why   nothing else on the loop could run meanwhile: no timeout, no other task
  fix   await what has an async counterpart, and call the rest in a thread
        (asyncio.to_thread, trio.to_thread.run_sync, anyio.to_thread.run_sync)""",
    ),
    "LS324": (
        catalog.refused_to_end("test_login", "asyncio.CancelledError", WHERE),
        """\
LS324 test_login did not end when it was cancelled, twice, and was given up
  tests/test_a.py:140  test_login
  tests/test_a.py:142  fetch       awaited here
  why   it caught the cancellation, or waits for something that did; it is never resumed
  fix   let asyncio.CancelledError pass: raise it again at the end of `except`""",
    ),
}
