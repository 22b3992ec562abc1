"""LS3xx: lifetimes and leaks."""

from __future__ import annotations

from loopscope.diagnose import catalog
from tests.core.literals import MODULE, on
from tests.diagnose.texts.who import (
    POOL,
    Texts,
)

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
}
