"""LS2xx: backends and owners."""

from __future__ import annotations

from loopscope.core.rules import BackendMismatch
from loopscope.diagnose import catalog
from tests.core.literals import MODULE, SESSION, a_fixture, on
from tests.diagnose.texts.who import (
    CONFTEST,
    DB,
    TEST,
    TEST_FILE,
    Texts,
)

TEXTS: Texts = {
    "LS201": (
        catalog.backend_mismatch(
            BackendMismatch(TEST, a_fixture("pool", SESSION, backend="trio", origin=CONFTEST)),
            "do this",
        ),
        """\
LS201 backend mismatch: test_login (asyncio) uses pool (trio)
  tests/conftest.py:12  pool        runs on trio
  tests/test_a.py:140   test_login  runs on asyncio
  why   nothing that trio made can be awaited on asyncio
  fix   do this""",
    ),
    "LS202": (
        catalog.beside_own_loop(DB, on(MODULE), [("TestLogin", TEST_FILE)]),
        """\
LS202 db does not share the loop of TestLogin
  tests/conftest.py:12  db         set up on the loop of module tests/test_a.py
  tests/test_a.py:140   TestLogin  an IsolatedAsyncioTestCase
  why   unittest runs each method of such a class on a loop that it makes itself;
        db is set up and torn down, but what it makes cannot be awaited there
  fix   make it in asyncSetUp and take it down by addAsyncCleanup; or
        derive TestLogin from no TestCase: it then shares the loop of db""",
    ),
    "LS202-several": (
        catalog.beside_own_loop(
            DB, on(MODULE), [(name, TEST_FILE) for name in ("TestA", "TestB", "TestC")], shown=2
        ),
        """\
LS202 db does not share the loop of TestA and 2 more
  tests/conftest.py:12  db     set up on the loop of module tests/test_a.py
  tests/test_a.py:140   TestA  an IsolatedAsyncioTestCase
  tests/test_a.py:140   TestB  an IsolatedAsyncioTestCase
  why   unittest runs each method of such a class on a loop that it makes itself;
        db is set up and torn down, but what it makes cannot be awaited there
  fix   make it in asyncSetUp and take it down by addAsyncCleanup; or
        derive TestA from no TestCase: it then shares the loop of db""",
    ),
}
