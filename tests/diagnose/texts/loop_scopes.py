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
    CONFTEST,
    DB,
    DECLARING,
    POOL,
    SHORT,
    TEST,
    TEST_FILE,
    Texts,
)

GLOBAL = catalog.Holder(
    CONFTEST, "get_client", "global", "()._pool[0]._loop", on(FUNCTION), closed=True
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
    "LS104": (
        catalog.bound_elsewhere(
            "test_login",
            TEST_FILE,
            on(SESSION),
            [GLOBAL],
            catalog.whose_loop(GLOBAL.loop, closed=True),
            catalog.make_in_a_fixture(GLOBAL.thing),
        ),
        """\
LS104 test_login uses get_client(), which is bound to another loop
  tests/conftest.py:12  get_client  global; get_client()._pool[0]._loop is the loop of \
tests/test_a.py::TestA::test_a, closed when that ended
  tests/test_a.py:140   test_login  uses it on the session loop
  why   what is bound to a loop works on that loop only
  fix   make get_client() in an async fixture, so that it lives on the loop of its users""",
    ),
    "LS104-of-a-loop-itself": (
        catalog.bound_elsewhere(
            "test_login", TEST_FILE, None, [GLOBAL._replace(steps="", loop=None)], "a loop"
        ),
        """\
LS104 test_login uses get_client, which is another loop
  tests/conftest.py:12  get_client  global; it is a loop that loopscope did not make, and it is \
closed
  tests/test_a.py:140   test_login  uses it
  why   what is bound to a loop works on that loop only""",
    ),
    "LS104-of-which-nobody-was-found-to-hold-it": (
        catalog.bound_elsewhere(
            "test_login", TEST_FILE, on(FUNCTION), [], catalog.whose_loop(on(MODULE), closed=True)
        ),
        """\
LS104 test_login uses something that is bound to another loop
  tests/test_a.py:140  test_login  uses it on a loop of its own
  why   what is bound to a loop works on that loop only;
        this is bound to the loop of module tests/test_a.py, closed when that ended, and what \
holds it was not found""",
    ),
    "LS104-of-which-the-error-tells-nothing": (
        catalog.bound_elsewhere(
            "test_login",
            TEST_FILE,
            on(FUNCTION),
            [
                GLOBAL._replace(name="pool", kind="fixture", steps="._loop", loop=on(SESSION)),
                GLOBAL._replace(name="lock", steps="._loop", loop=on(MODULE), closed=False),
            ],
        ),
        """\
LS104 test_login uses something that is bound to another loop
  tests/conftest.py:12  pool        fixture; pool._loop is the session loop, and it is closed
  tests/conftest.py:12  lock        global; lock._loop is the loop of module tests/test_a.py
  tests/test_a.py:140   test_login  uses it on a loop of its own
  why   what is bound to a loop works on that loop only;
        the error does not tell what it is about: this is what was found""",
    ),
}
