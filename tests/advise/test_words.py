"""What is written keeps what stands there, and says it in the words of the engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loopscope.advise.evidence import Written
from loopscope.advise.words import asyncio_fixture, asyncio_mark, plain_fixture
from loopscope.core.origin import Origin
from loopscope.core.scope import Scope
from tests.advise.suites import evidence
from tests.core.literals import SESSION, a_fixture, a_test

AT = Origin("conftest.py", 2)
FIXTURE = a_fixture("pool", SESSION, origin=AT)
TEST = a_test("test_it", origin=AT)


@pytest.mark.parametrize(
    ("imports", "there", "with_scope", "plain"),
    [
        pytest.param(
            "import pytest",
            '@pytest.fixture(scope="session", params=[1, 2])',
            '@pytest_asyncio.fixture(scope="session", params=[1, 2], loop_scope="session")',
            None,
            id="pytest",
        ),
        pytest.param(
            "import pytest_asyncio as pa",
            '@pa.fixture(loop_scope="module", name="p")',
            '@pa.fixture(name="p", loop_scope="session")',
            '@pytest.fixture(name="p")',
            id="alias",
        ),
        pytest.param(
            "from pytest_asyncio import fixture",
            "@fixture",
            '@fixture(loop_scope="session")',
            "@pytest.fixture",
            id="bare",
        ),
        pytest.param(
            "from pytest_trio import trio_fixture",
            "@trio_fixture",
            '@pytest_asyncio.fixture(loop_scope="session")',
            "@pytest.fixture",
            id="trio",
        ),
    ],
)
def test_a_fixture_keeps_its_arguments(
    imports: str, there: str, with_scope: str, plain: str | None
) -> None:
    source = f"{imports}\n{there}\nasync def pool(): ...\n"
    given = evidence(FIXTURE, suite={"conftest.py": source})
    written = asyncio_fixture(given, Written((FIXTURE,)), Scope.SESSION)
    assert (written.write, written.instead) == (with_scope, there)
    found = plain_fixture(given, Written((FIXTURE,)))
    assert (None if found is None else found.write) == plain


def test_a_fixture_whose_source_is_not_known_is_written_anew() -> None:
    written = asyncio_fixture(evidence(FIXTURE), Written((FIXTURE,)), Scope.SESSION)
    assert written.write == '@pytest_asyncio.fixture(loop_scope="session", scope="session")'
    assert written.instead is None


@pytest.mark.parametrize(
    ("there", "write"),
    [
        ("@pytest.mark.asyncio", '@pytest.mark.asyncio(loop_scope="module")'),
        (
            '@pytest.mark.asyncio(scope="class", loop_factories=["a"])',
            '@pytest.mark.asyncio(loop_scope="module", loop_factories=["a"])',
        ),
    ],
)
def test_a_mark_keeps_its_factories(there: str, write: str) -> None:
    source = f"import pytest\n{there}\nasync def test_it(): ...\n"
    written = asyncio_mark(
        evidence(TEST, suite={"conftest.py": source}), Written((TEST,)), Scope.MODULE
    )
    assert (written.write, written.instead) == (write, there)


def test_a_mark_is_added_where_none_stands_at_the_test() -> None:
    source = "import pytest\npytestmark = pytest.mark.asyncio\nasync def test_it(): ...\n"
    test = replace(TEST, origin=Origin("conftest.py", 3))
    given = evidence(test, suite={"conftest.py": source})
    written = asyncio_mark(given, Written((test,)), Scope.MODULE)
    assert (written.write, written.instead) == ('@pytest.mark.asyncio(loop_scope="module")', None)
