"""Rows 1 to 3: what shares a loop, and what is said of those that are declared apart."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from tests.scenarios.rows import PLUGINS, scenario
from tests.vocabularies.suites import ALL, ASYNCIO, OWN

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite, Vocabulary

SHARED = """
import anyio

@fixture(scope="session")
async def client():
    event("up")
    pending = asyncio.get_running_loop().create_future() if BACKEND == "asyncio" else anyio.Event()
    yield here(), pending
    event("down")

@async_test
async def test_waits_for_what_the_fixture_made(client):
    loop, pending = client
    assert here() is loop
    if BACKEND == "asyncio":
        loop.call_soon(pending.set_result, "answer")
        assert await pending == "answer"
    else:
        pending.set()
        await pending.wait()

class TestInAClass:
    @async_test
    async def test_shares_it_too(self, client):
        assert here() is client[0]

@async_test
async def test_has_a_loop_to_itself():
    pass
"""


@scenario(1, ALL)
def test_a_session_fixture_and_an_ordinary_test_share_a_loop(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, SHARED)
    suite.ran(*vocabulary.arguments).all_passed(
        "test_waits_for_what_the_fixture_made",
        "TestInAClass::test_shares_it_too",
        "test_has_a_loop_to_itself",
    )
    assert suite.events == ["up", "down"]


# How a loop is declared in the words of each plugin: a decorator, and the mark of a test.
DECLARED = {
    "loopscope": (
        "import loopscope\nfixture = loopscope.fixture",
        '@pytest.mark.loopscope(scope="function")',
    ),
    "pytest-asyncio": (
        "import pytest_asyncio\nfixture = pytest_asyncio.fixture",
        '@pytest.mark.asyncio(loop_scope="function")',
    ),
}

APART = """
{decorator}

@fixture(scope="module", loop_scope="module")
async def resource():
    if BACKEND == "trio":
        yield
    else:
        yield asyncio.get_running_loop().create_future()

{mark}
async def test_uses_it(resource):
    event("ran")
    if BACKEND == "asyncio":
        here().call_soon(lambda: resource.done() or resource.set_result("answer"))
        await resource
"""


def declared_apart(vocabulary: Vocabulary) -> tuple[str, str]:
    """Return a suite with two loops for what uses one another, and the mark that declares one."""
    decorator, mark = DECLARED[PLUGINS[vocabulary]]
    return APART.format(decorator=decorator, mark=mark), mark


def line_of(suite: Suite, text: str, file: str = "test_it.py") -> int:
    """Return the number of the line that starts with `text`."""
    lines = (suite.root / file).read_text(encoding="utf-8").splitlines()
    (number,) = (number for number, line in enumerate(lines, 1) if line.startswith(text))
    return number


DECLARING = (OWN[0], OWN[1], *ASYNCIO)


@scenario(2, DECLARING)
def test_a_declared_mismatch_is_told_before_the_first_test_with_both_ends(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    source, _ = declared_apart(vocabulary)
    suite.module(vocabulary, source)
    ran = suite.ran(*vocabulary.arguments)
    assert ran.code == pytest.ExitCode.TESTS_FAILED, ran.out
    before, _, _ = ran.out.partition("\ntest_it.py ")
    assert "LS101 loop scope mismatch: test_uses_it (function loop) uses resource" in before
    assert f"test_it.py:{line_of(suite, '@fixture')} " in before
    assert re.search(rf"test_it\.py:{line_of(suite, '@pytest.mark')} +test_uses_it", before)


@scenario(2, DECLARING)
@pytest.mark.parametrize("which", ["the one to drop", "the one to widen"])
def test_each_fix_that_is_offered_for_a_mismatch_works(
    suite: Suite, vocabulary: Vocabulary, which: str
) -> None:
    source, mark = declared_apart(vocabulary)
    suite.module(vocabulary, source)
    told = suite.ran(*vocabulary.arguments).out
    if which == "the one to widen":
        (offered,) = set(re.findall(r"^ +(@\S+) on test_uses_it$", told, re.MULTILINE))
        assert "module" in offered
    else:
        (dropped,) = set(re.findall(r"fix +drop (\S+) from (?:the mark of )?test_uses_it", told))
        offered = mark.replace(f"({dropped})", "")
        assert offered != mark
    suite.module(vocabulary, source.replace(mark, offered))
    ran = suite.ran(*vocabulary.arguments)
    ran.all_passed("test_uses_it")
    assert "LS1" not in ran.out


@pytest.mark.skipif(sys.version_info < (3, 11), reason="pytest shows no notes")
@scenario(2, ASYNCIO)
def test_a_mismatch_that_fails_at_run_time_carries_the_explanation(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    source, _ = declared_apart(vocabulary)
    suite.module(vocabulary, source)
    ran = suite.ran(*vocabulary.arguments)
    assert suite.events == ["ran"]
    text = ran.texts["test_uses_it"]
    error, _, note = text.partition("attached to a different loop")
    assert re.search(r"^E +RuntimeError: Task", error, re.MULTILINE), ran.out
    assert "LS101 loop scope mismatch: test_uses_it" in note
    assert f"test_it.py:{line_of(suite, '@fixture')} " in note
    assert "fix   drop" in note


NARROWER = """
{decorator}

@fixture(scope="{scope}", loop_scope="function")
async def resource():
    yield

@async_test
async def test_uses_it(resource):
    event("not reached")

@async_test
async def test_does_not():
    event("ran")
"""


@scenario(3, DECLARING)
@pytest.mark.parametrize("scope", ["class", "module", "package", "session"])
def test_a_loop_scope_narrower_than_the_scope_is_told_in_the_words_of_the_suite(
    suite: Suite, vocabulary: Vocabulary, scope: str
) -> None:
    decorator, _ = DECLARED[PLUGINS[vocabulary]]
    suite.module(vocabulary, NARROWER.format(decorator=decorator, scope=scope))
    ran = suite.ran(*vocabulary.arguments)
    assert ran.outcomes == {"test_uses_it": "error", "test_does_not": "passed"}, ran.out
    assert suite.events == ["ran"]
    before, _, failures = ran.out.partition("= ERRORS =")
    for told in before, failures:
        assert f"LS102 resource is {scope}-scoped and would outlive its function loop" in told
        assert f"test_it.py:{line_of(suite, '@fixture')} " in told
        assert f'loop_scope="{scope}"' in told
    assert "ScopeMismatch" not in ran.out
    assert "_function_scoped_runner" not in ran.out
