"""LS4xx: vocabulary."""

from __future__ import annotations

from loopscope.diagnose import catalog
from tests.diagnose.texts.who import (
    CONFTEST,
    TEST_FILE,
    Texts,
)

TEXTS: Texts = {
    "LS401": (
        catalog.bad_declaration("id", "test_login", TEST_FILE, "'x' is not a valid scope."),
        """\
LS401 test_login is declared in a way that loopscope does not understand
  tests/test_a.py:140  test_login  'x' is not a valid scope.""",
    ),
    "LS402": (
        catalog.async_generator_test("id", "test_login", TEST_FILE),
        """\
LS402 test_login is an async generator, and a test cannot yield
  tests/test_a.py:140  test_login  contains a yield
  why   nothing would iterate it, so its body would never run
  fix   replace the yield, or make it a fixture""",
    ),
    "LS403": (
        catalog.yield_count("pool", CONFTEST, "yields twice"),
        """\
LS403 async generator fixture pool yields twice
  tests/conftest.py:12  pool  yields twice
  why   what stands before the yield is its setup, what stands after it its teardown
  fix   yield exactly once""",
    ),
    "LS404": (
        catalog.asked_while_running("pool", CONFTEST, "test_login"),
        """\
LS404 test_login asks for the async fixture pool while the loop is running
  tests/conftest.py:12  pool  would have to be awaited here
  why   getfixturevalue cannot wait: the loop that would set the fixture up is the one that runs \
this code
  fix   await loopscope.getfixture("pool"), with the fixture loopscope in the signature""",
    ),
    "LS405": (
        catalog.run_while_running("test_login"),
        """\
LS405 test_login calls loopscope.run while the loop is running
  why   the loop that would run it is the one that runs this code
  fix   await the function instead""",
    ),
}
