"""LS1xx: loop scopes."""

from __future__ import annotations

from loopscope.core.plan import Misfit
from loopscope.core.rules import LoopMismatch, OutlivesLoop
from loopscope.core.scope import Scope
from loopscope.diagnose import catalog
from tests.core.literals import FUNCTION, MODULE, SESSION, on
from tests.diagnose.texts.who import (
    BY_DEFAULT,
    CLIENT,
    DB,
    DECLARING,
    POOL,
    SHORT,
    TEST,
    Texts,
)

TEXTS: Texts = {
    "LS101": (
        catalog.loop_mismatch(
            LoopMismatch(TEST, DB, on(FUNCTION), on(MODULE)), "do this, or\nthat"
        ),
        """\
LS101 loop scope mismatch: test_login (function loop) uses db (module loop)
  tests/conftest.py:12  db          made on the loop of module tests/test_a.py
  tests/test_a.py:140   test_login  runs on a loop of its own
  why   what db makes belongs to a loop that test_login does not run on
  fix   do this, or
        that""",
    ),
    "LS101-of-who-is-run-nevertheless": (
        catalog.loop_mismatch(LoopMismatch(DECLARING, DB, on(FUNCTION), on(MODULE)), "do this"),
        """\
LS101 loop scope mismatch: test_login (function loop) uses db (module loop)
  tests/conftest.py:12  db          made on the loop of module tests/test_a.py
  tests/test_a.py:140   test_login  runs on a loop of its own
  why   what db makes belongs to a loop that test_login does not run on;
        test_login is run as declared, as pytest-asyncio does
  fix   do this""",
    ),
    "LS101-by-defaults": (
        catalog.loop_mismatch(LoopMismatch(BY_DEFAULT, CLIENT, on(FUNCTION), on(SESSION))),
        """\
LS101 loop scope mismatch: test_login (function loop) uses client (session loop)
  tests/conftest.py:12  client      made on the session loop \
(asyncio_default_fixture_loop_scope = session)
  tests/test_a.py:140   test_login  runs on a loop of its own \
(asyncio_default_test_loop_scope = function)
  why   what client makes belongs to a loop that test_login does not run on;
        test_login is run all the same, as pytest-asyncio does""",
    ),
    "LS101-with-a-default-that-is-too-narrow": (
        catalog.loop_mismatch(LoopMismatch(TEST, SHORT, on(FUNCTION), on(MODULE))),
        """\
LS101 loop scope mismatch: test_login (function loop) uses client (module loop)
  tests/conftest.py:12  client      made on the loop of module tests/test_a.py
  tests/test_a.py:140   test_login  runs on a loop of its own
  why   what client makes belongs to a loop that test_login does not run on""",
    ),
    "LS101-with-a-default-that-gave-way": (
        catalog.loop_mismatch(LoopMismatch(CLIENT, DB, on(MODULE), on(SESSION))),
        """\
LS101 loop scope mismatch: client (module loop) uses db (session loop)
  tests/conftest.py:12  db      made on the session loop
  tests/conftest.py:12  client  runs on the loop of module tests/test_a.py
  why   what db makes belongs to a loop that client does not run on;
        client is set up all the same, as pytest-asyncio does""",
    ),
    "LS102-by-default": (
        catalog.outlives_loop(OutlivesLoop(SHORT, Scope.FUNCTION)),
        """\
LS102 client is module-scoped and would outlive its function loop
  tests/conftest.py:12  client  declares no loop scope, and the ini file says \
asyncio_default_fixture_loop_scope = function
  why   the loop closes at the end of the function, the fixture at the end of the module""",
    ),
    "LS102": (
        catalog.outlives_loop(OutlivesLoop(DB, Scope.FUNCTION), "do this"),
        """\
LS102 db is module-scoped and would outlive its function loop
  tests/conftest.py:12  db  declares the loop scope "function"
  why   the loop closes at the end of the function, the fixture at the end of the module
  fix   do this""",
    ),
    "LS103": (
        catalog.misfit(Misfit(TEST, POOL, on(FUNCTION), on(SESSION), (POOL,)), "do this"),
        """\
LS103 test_login asks for pool at run time, and cannot share its loop any more
  tests/conftest.py:12  pool        lives on the session loop
  tests/test_a.py:140   test_login  runs on a loop of its own
  why   what is asked for while a test runs comes too late for the plan
  fix   do this""",
    ),
    "LS103-indirectly": (
        catalog.misfit(Misfit(TEST, DB, on(SESSION), on(MODULE), (DB, POOL))),
        """\
LS103 test_login asks for pool at run time, and cannot share its loop any more
  tests/conftest.py:12  db          lives on the loop of module tests/test_a.py, and pool uses it
  tests/test_a.py:140   test_login  runs on the session loop
  why   what is asked for while a test runs comes too late for the plan""",
    ),
    "LS103-across-backends": (
        catalog.misfit(Misfit(TEST, POOL, on(SESSION), on(SESSION, "trio"), (POOL,))),
        """\
LS103 test_login asks for pool at run time, and cannot share its loop any more
  tests/conftest.py:12  pool        lives on trio
  tests/test_a.py:140   test_login  runs on asyncio
  why   what is asked for while a test runs comes too late for the plan""",
    ),
}
