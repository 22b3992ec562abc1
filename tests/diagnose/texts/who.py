"""Who the texts are about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from loopscope.core.origin import Origin
from loopscope.core.scope import Scope
from tests.core.literals import FUNCTION, MODULE, SESSION, a_fixture, a_test
from tests.diagnose.written import written_in

if TYPE_CHECKING:
    from loopscope.diagnose.catalog import Finding

CONFTEST, TEST_FILE = Origin("tests/conftest.py", 12), Origin("tests/test_a.py", 140)
DB = a_fixture("db", MODULE, origin=CONFTEST)
POOL = a_fixture("pool", SESSION, origin=CONFTEST)
TEST = a_test("test_login", DB, at=FUNCTION, origin=TEST_FILE)
DECLARING = written_in("pytest-asyncio", replace(TEST, declared=Scope.FUNCTION))
BY_DEFAULT = written_in("pytest-asyncio", TEST, default=Scope.FUNCTION)
CLIENT = written_in("pytest-asyncio", a_fixture("client", MODULE, origin=CONFTEST), Scope.SESSION)
SHORT = written_in("pytest-asyncio", CLIENT, Scope.FUNCTION)

Texts: TypeAlias = "dict[str, tuple[Finding | str, str]]"
