"""Every text that tells a user of a mistake, word by word."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace

import pytest

from loopscope.core.origin import Origin
from loopscope.core.plan import Loop, Misfit
from loopscope.core.rules import BackendMismatch, LoopMismatch, OutlivesLoop
from loopscope.core.scope import Anchor, Scope
from loopscope.diagnose import catalog
from loopscope.diagnose.catalog import Finding
from tests.core.literals import CLASS, FUNCTION, MODULE, PACKAGE, SESSION, a_fixture, a_test, on
from tests.diagnose.written import written_in

CONFTEST, TEST_FILE = Origin("tests/conftest.py", 12), Origin("tests/test_a.py", 140)
DB = a_fixture("db", MODULE, origin=CONFTEST)
POOL = a_fixture("pool", SESSION, origin=CONFTEST)
TEST = a_test("test_login", DB, at=FUNCTION, origin=TEST_FILE)
DECLARING = written_in("pytest-asyncio", replace(TEST, declared=Scope.FUNCTION))
BY_DEFAULT = written_in("pytest-asyncio", TEST, default=Scope.FUNCTION)
CLIENT = written_in("pytest-asyncio", a_fixture("client", MODULE, origin=CONFTEST), Scope.SESSION)
SHORT = written_in("pytest-asyncio", CLIENT, Scope.FUNCTION)

TEXTS: dict[str, tuple[Finding | str, str]] = {
    "LS101": (
        catalog.finding_for(LoopMismatch(TEST, DB, on(FUNCTION), on(MODULE)), "do this, or\nthat"),
        """\
LS101 loop scope mismatch: test_login (function loop) uses db (module loop)
  tests/conftest.py:12  db          made on the loop of module tests/test_a.py
  tests/test_a.py:140   test_login  runs on a loop of its own
  why   what db makes belongs to a loop that test_login does not run on
  fix   do this, or
        that""",
    ),
    "LS101-of-who-is-run-nevertheless": (
        catalog.finding_for(LoopMismatch(DECLARING, DB, on(FUNCTION), on(MODULE)), "do this"),
        """\
LS101 loop scope mismatch: test_login (function loop) uses db (module loop)
  tests/conftest.py:12  db          made on the loop of module tests/test_a.py
  tests/test_a.py:140   test_login  runs on a loop of its own
  why   what db makes belongs to a loop that test_login does not run on;
        test_login is run as declared, as pytest-asyncio does
  fix   do this""",
    ),
    "LS101-by-defaults": (
        catalog.finding_for(LoopMismatch(BY_DEFAULT, CLIENT, on(FUNCTION), on(SESSION))),
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
        catalog.finding_for(LoopMismatch(TEST, SHORT, on(FUNCTION), on(MODULE))),
        """\
LS101 loop scope mismatch: test_login (function loop) uses client (module loop)
  tests/conftest.py:12  client      made on the loop of module tests/test_a.py
  tests/test_a.py:140   test_login  runs on a loop of its own
  why   what client makes belongs to a loop that test_login does not run on""",
    ),
    "LS101-with-a-default-that-gave-way": (
        catalog.finding_for(LoopMismatch(CLIENT, DB, on(MODULE), on(SESSION))),
        """\
LS101 loop scope mismatch: client (module loop) uses db (session loop)
  tests/conftest.py:12  db      made on the session loop
  tests/conftest.py:12  client  runs on the loop of module tests/test_a.py
  why   what db makes belongs to a loop that client does not run on;
        client is set up all the same, as pytest-asyncio does""",
    ),
    "LS102-by-default": (
        catalog.finding_for(OutlivesLoop(SHORT, Scope.FUNCTION)),
        """\
LS102 client is module-scoped and would outlive its function loop
  tests/conftest.py:12  client  declares no loop scope, and the ini file says \
asyncio_default_fixture_loop_scope = function
  why   the loop closes at the end of the function, the fixture at the end of the module""",
    ),
    "LS102": (
        catalog.finding_for(OutlivesLoop(DB, Scope.FUNCTION), "do this"),
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
    "LS201": (
        catalog.finding_for(
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
  why   a scope that is cancelled across its yield cancels what runs below it""",
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
    "LS321": (
        catalog.timed_out(
            "test_login",
            "the setup of fixture pool",
            2.5,
            ((CONFTEST, "pool", ""), (Origin("app/db.py", 7), "connect", "stood here")),
            "loopscope_timeout = 2.5",
        ),
        """\
LS321 test_login timed out after 2.5 s, in the setup of fixture pool
  tests/conftest.py:12  pool
  app/db.py:7           connect  stood here
  fix   see what it waited for; if it was only slow, raise loopscope_timeout = 2.5""",
    ),
    "LS321-in-synchronous-code": (
        catalog.timed_out("test_login", "its call", 1.0, (), "timeout = 1", is_on_loop=False),
        """\
LS321 test_login timed out after 1 s, in its call
  why   synchronous code cannot be cancelled: it was interrupted
  fix   see what it waited for; if it was only slow, raise timeout = 1""",
    ),
    "LS322": (
        catalog.blocked_and_interrupted("test_login", ((CONFTEST, "connect", "blocked here"),)),
        """\
LS322 test_login blocked the loop, and was interrupted where it did
  tests/conftest.py:12  connect  blocked here
  why   a cancellation arrives where code awaits, and this code did not
  fix   await what has an async counterpart, and call the rest in a thread
        (asyncio.to_thread, trio.to_thread.run_sync, anyio.to_thread.run_sync)""",
    ),
    "LS323": (
        catalog.blocked(
            "test_login",
            1.234,
            0.5,
            ((TEST_FILE, "test_login", ""), (CONFTEST, "connect", "blocked here")),
        ),
        """\
LS323 test_login blocked the loop for 1.23 s (loopscope_blocked = 0.5)
  tests/test_a.py:140   test_login
  tests/conftest.py:12  connect     blocked here
  why   nothing else on the loop could run meanwhile: no timeout, no other task
  fix   await what has an async counterpart, and call the rest in a thread
        (asyncio.to_thread, trio.to_thread.run_sync, anyio.to_thread.run_sync)""",
    ),
    "LS324": (
        catalog.refused_to_end(
            "test_login", "trio.Cancelled", ((CONFTEST, "connect", "was closed here"),)
        ),
        """\
LS324 test_login did not end when it was cancelled, twice, and was given up
  tests/conftest.py:12  connect  was closed here
  why   it caught the cancellation, or was shielded from it, or waited for something that did or
        was; it is never resumed
  fix   let trio.Cancelled pass: raise it again at the end of `except`""",
    ),
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


@pytest.mark.parametrize(("told", "text"), TEXTS.values(), ids=TEXTS)
def test_every_text_is_what_it_is(told: Finding | str, text: str) -> None:
    assert str(told) == text


def test_every_code_of_the_catalogue_has_its_text_here() -> None:
    codes = set(re.findall(r"LS\d{3}", inspect.getsource(catalog)))
    assert codes == {id[:5] for id in TEXTS}


@pytest.mark.parametrize("code", ["LS101", "LS103", "LS103-indirectly", "LS201"])
def test_a_finding_about_two_names_both_ends_and_keeps_the_user_from_running(code: str) -> None:
    finding, _ = TEXTS[code]
    assert isinstance(finding, Finding)
    used, user = finding.where
    assert (used[0], user[0]) == (CONFTEST, TEST_FILE)
    assert finding.concerns == TEST.id


def test_a_mismatch_keeps_nobody_from_running_whose_vocabulary_lets_it_pass() -> None:
    ours, theirs = (
        catalog.finding_for(LoopMismatch(test, DB, on(FUNCTION), on(MODULE)))
        for test in (TEST, DECLARING)
    )
    assert (ours.refuses, theirs.refuses) == (True, False)


def test_a_finding_about_one_keeps_that_one_from_running() -> None:
    assert catalog.finding_for(OutlivesLoop(DB, Scope.FUNCTION)).concerns == DB.id


@pytest.mark.parametrize(
    ("anchor", "words"),
    [
        (SESSION, "the session loop"),
        (PACKAGE, "the loop of package tests"),
        (MODULE, "the loop of module tests/test_a.py"),
        (CLASS, "the loop of class tests/test_a.py::TestA"),
        (FUNCTION, "a loop of its own"),
    ],
    ids=lambda value: value.scope.word if isinstance(value, Anchor) else "",
)
def test_a_loop_is_told_by_its_place(anchor: Anchor, words: str) -> None:
    assert catalog.place_of(Loop("asyncio", anchor)) == words
