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
  why   getfixturevalue cannot wait: the loop that would set the fixture up
        is the one that runs this code
  fix   await loopscope.getfixture("pool"), with the fixture loopscope in the signature""",
    ),
    "LS405": (
        catalog.run_while_running("test_login"),
        """\
LS405 test_login calls loopscope.run while the loop is running
  why   the loop that would run it is the one that runs this code
  fix   await the function instead""",
    ),
    "LS406": (
        catalog.async_hook("pytest_runtest_setup", CONFTEST),
        """\
LS406 the hook pytest_runtest_setup is async, and pytest awaits no hook
  tests/conftest.py:12  pytest_runtest_setup  async def
  why   pytest would call it and drop the coroutine: nothing of it would ever run
  fix   make it a def; what has to be awaited goes into an async fixture with autouse=True""",
    ),
    "LS407": (
        catalog.finalizer_without_loop("aclose", CONFTEST, "pool", TEST_FILE),
        """\
LS407 aclose, a finalizer of pool, has to be awaited and has no loop to run on
  tests/conftest.py:12  aclose  is asynchronous
  tests/test_a.py:140   pool    is torn down while no loop is open
  why   no loop that it could share with the tests lives as long
  fix   make pool async def and await it there, behind the yield; its loop is then planned""",
    ),
    "LS408": (
        catalog.unowned_xunit("setup_class", CONFTEST, "test_login", TEST_FILE),
        """\
LS408 setup_class is async, and nobody awaits it for test_login
  tests/conftest.py:12  setup_class  async def
  tests/test_a.py:140   test_login   belongs to no vocabulary
  why   in strict mode we run what bears a mark, and no mode of another plugin claims it
  fix   a mark on what setup_class belongs to, such as @pytest.mark.loopscope, or \
loopscope_mode = auto""",
    ),
    "LS409": (
        catalog.no_examples("id", "test_login", TEST_FILE),
        """\
LS409 fresh_fixtures=True on test_login, which is no test by @given
  tests/test_a.py:140  test_login  runs once, with fixtures that are fresh already
  why   it sets function-scoped fixtures up again for each example that Hypothesis makes
  fix   drop fresh_fixtures, or add @given""",
    ),
    "LS409-could": (
        catalog.could_be_fresh(["db", "pool"]),
        "LS409 @pytest.mark.loopscope(fresh_fixtures=True) sets db, pool up afresh for each "
        "example, on the same loop",
    ),
    "LS409-stays": (
        catalog.stays_for_all_examples(["tmp_path"]),
        "LS409 fresh_fixtures=True sets up afresh what is asynchronous and what depends on it: "
        "not tmp_path",
    ),
    "LS409-teardown": (
        catalog.failed_in_teardown(ValueError("why")),
        "LS409 and the teardown of the fixtures of this example raised ValueError('why')",
    ),
    "LS410": (
        catalog.coroutine_given("test_login", "fetch"),
        """\
LS410 test_login gives loopscope.run a coroutine, and not a function
  why   it calls what it is given, on the loop of the test
  fix   loopscope.run(fetch, ...), and not loopscope.run(fetch(...))""",
    ),
}
