"""LS5xx: environment."""

from __future__ import annotations

from loopscope.diagnose import catalog
from tests.diagnose.texts.who import TEST_FILE, Texts

TEXTS: Texts = {
    "LS501": (
        catalog.nested_run("test_login", TEST_FILE),
        """\
LS501 test_login runs a loop inside the loop that runs it
  tests/test_a.py:140  test_login  runs a loop of its own here
  why   a thread runs one loop at a time, and the loop that would wait here is running this code
  fix   await the coroutine instead; or, from a synchronous function that cannot be changed,
        call that function in a thread (asyncio.to_thread, trio.to_thread.run_sync)""",
    ),
}
