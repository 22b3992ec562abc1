"""LS3xx: lifetimes and leaks."""

from __future__ import annotations

from loopscope.core.origin import Origin
from loopscope.diagnose import catalog
from tests.core.literals import MODULE, on
from tests.diagnose.texts.who import (
    POOL,
    TEST,
    Texts,
)

LINE = Origin("tests/test_a.py", 142)

TEXTS: Texts = {
    "LS301": (
        catalog.crashed(POOL, "test_login"),
        "LS301 raised in the background of fixture pool (tests/conftest.py:12) "
        "while test_login ran, which was cancelled because of it",
    ),
    "LS302": (
        catalog.needs_crashed(POOL, ValueError("no route")),
        """\
LS302 fixture pool has crashed earlier on
  tests/conftest.py:12  pool  ValueError('no route')
  why   it is torn down, and is not set up again in its scope
  fix   see the first test that failed with LS301 for pool""",
    ),
    "LS302-without-an-error": (
        catalog.needs_crashed(POOL, None),
        """\
LS302 fixture pool has crashed earlier on
  tests/conftest.py:12  pool  cancelled its own scope
  why   it is torn down, and is not set up again in its scope
  fix   see the first test that failed with LS301 for pool""",
    ),
    "LS303": (
        catalog.cancelled_silently(POOL, "test_login"),
        """\
LS303 fixture pool cancelled test_login and raised no error
  tests/conftest.py:12  pool  cancelled the scope that it holds open
  why   a scope that is cancelled across its yield cancels what runs below it
  fix   have the fixture say why: fail_after instead of move_on_after, or an error of its own""",
    ),
    "LS303-by-nobody": (
        catalog.cancelled_silently(None, "test_login"),
        """\
LS303 test_login was cancelled, and no fixture's scope asked for it
  why   somebody cancelled the task that its fixtures live in""",
    ),
    "LS304": (
        catalog.disorderly(on(MODULE), RuntimeError("no")),
        "LS304 the loop of module tests/test_a.py was not shut down in order: RuntimeError('no'). "
        "An exception occurred during teardown of an asyncio.Runner, as pytest-asyncio words it; "
        "what was left on the loop is lost. Do not close a loop that you have not made.",
    ),
    "LS305": (
        catalog.died("'Task-7', running tick()", TEST, LINE),
        """\
LS305 ended the background task 'Task-7', running tick(), and nobody awaited that
  tests/test_a.py:142  created it
  tests/test_a.py:140  test_login, on whose behalf it ran""",
    ),
    "LS305-of-nobody": (
        catalog.died("'Task-7'", None, None),
        "LS305 ended the background task 'Task-7', and nobody awaited that",
    ),
    "LS306": (
        catalog.told_to_the_loop("Exception in callback tick()", "test_login"),
        "LS306 only the loop was told of this, while test_login ran: Exception in callback tick()",
    ),
    "LS311": (
        catalog.left_behind("task", "Task-7, running tick()", TEST, LINE, allowed_by="tick"),
        """\
LS311 test_login left a task behind: Task-7, running tick()
  tests/test_a.py:142  task        started here
  tests/test_a.py:140  test_login  started it and did not end it
  why   it would go on in the tests that share the loop, and is lost when the loop closes;
        it has been cancelled
  fix   await it, cancel it, or start it in a task group;
        or have it left alone: loopscope_leaks_allow = tick""",
    ),
    "LS311-that-does-not-end": (
        catalog.left_behind("task", "Task-7, running tick()", None, None, has_ended=False),
        """\
LS311 somebody left a task behind: Task-7, running tick()
  why   it would go on in the tests that share the loop, and is lost when the loop closes;
        it has been cancelled
        and did not end: it is abandoned where it stands
  fix   await it, cancel it, or start it in a task group""",
    ),
    "LS311-that-a-fixture-keeps": (
        catalog.left_behind("task", "Task-7", TEST, LINE, kept_by=POOL, error=ValueError("no")),
        """\
LS311 pool left a task behind: Task-7
  tests/test_a.py:142   task        started here
  tests/test_a.py:140   test_login  started it
  tests/conftest.py:12  pool        kept it and did not end it
  why   it would go on in the tests that share the loop, and is lost when the loop closes;
        it has been cancelled
        and raised ValueError('no')
  fix   await it, cancel it, or start it in a task group""",
    ),
    "LS312": (
        catalog.left_behind("timer", "it", TEST, None),
        """\
LS312 test_login left a timer behind: it
  tests/test_a.py:140  test_login  started it and did not end it
  why   it would call back in one of the tests that share the loop; it has been cancelled
  fix   cancel it before the end""",
    ),
    "LS313": (
        catalog.left_behind("async generator", "it", TEST, None),
        """\
LS313 test_login left an async generator behind: it
  tests/test_a.py:140  test_login  started it and did not end it
  why   what stands behind its yield would run at an arbitrary moment; it has been closed
  fix   iterate it to its end, or leave it by contextlib.aclosing""",
    ),
    "LS314": (
        catalog.left_behind("transport", "it", TEST, None),
        """\
LS314 test_login left a transport behind: it
  tests/test_a.py:140  test_login  started it and did not end it
  why   its loop closes, and nobody closed it before; it has been aborted
  fix   close the client or stream that it belongs to""",
    ),
    "LS314-server": (
        catalog.left_behind("server", "it", TEST, None),
        """\
LS314 test_login left a server behind: it
  tests/test_a.py:140  test_login  started it and did not end it
  why   its loop closes, and nobody closed it before; it has been closed
  fix   close it, or leave it by async with""",
    ),
    "LS315": (
        catalog.left_behind("executor job", "it", TEST, None),
        """\
LS315 test_login left a thread of the executor behind: it
  tests/test_a.py:140  test_login  started it and did not end it
  why   the thread goes on: nobody can stop it from outside
  fix   await what run_in_executor or to_thread returned""",
    ),
    "LS316": (
        catalog.left_behind("child process", "it", TEST, None),
        """\
LS316 test_login left a child process behind: it
  tests/test_a.py:140  test_login  started it and did not end it
  why   it would outlive the run; it has been killed
  fix   terminate it and await its end""",
    ),
}
