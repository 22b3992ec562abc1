"""LS2xx: backends and owners."""

from __future__ import annotations

from loopscope.core.rules import BackendMismatch
from loopscope.diagnose import catalog
from tests.core.literals import SESSION, a_fixture
from tests.diagnose.texts.who import (
    CONFTEST,
    TEST,
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
}
