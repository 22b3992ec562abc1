"""Whatever the vocabulary, what is bound to another loop is told by who keeps it, and only once."""

from __future__ import annotations

import importlib.util
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="pytest shows no notes")

CLIENT = """
    import asyncio, pytest

    class Client:
        ready = None

        async def use(self):
            if self.ready is None:
                self.ready = asyncio.get_running_loop().create_future()
            else:
                await self.ready
"""

# How a test and a fixture are written, and what makes a sync fixture asynchronous.
WORDS = {
    "loopscope": ("@pytest.mark.loopscope", '@loopscope.fixture(scope="session")'),
    "pytest_asyncio": (
        "@pytest.mark.asyncio",
        '@pytest_asyncio.fixture(loop_scope="session", scope="session")',
    ),
    "anyio": (
        '@pytest.mark.anyio\n    @pytest.mark.parametrize("anyio_backend", ["asyncio"])',
        '@pytest.fixture(scope="session")',
    ),
}


@pytest.mark.parametrize("vocabulary", WORDS)
def test_a_sync_fixture_is_told_in_the_words_of_the_suite(
    pytester: pytest.Pytester, vocabulary: str
) -> None:
    if importlib.util.find_spec(vocabulary) is None:
        pytest.skip(f"{vocabulary} is not installed")
    mark, decorator = WORDS[vocabulary]
    pytester.makepyfile(f"""{CLIENT}
    @pytest.fixture(scope="session")
    def client():
        return Client()

    {mark}
    async def test_one(client):
        await client.use()

    {mark}
    async def test_two(client):
        await client.use()
    """)
    result = pytester.runpytest("-p", "no:randomly")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *LS104 test_two* uses client, which is bound to another loop",
            "E * client *fixture; client.ready._loop is the loop of *::test_one*",
            f"E *fix   make client an async fixture, with {_literal(decorator)} "
            "(it then runs on the session loop)",
        ]
    )
    assert result.stdout.str().count("LS104 ") == 1


def _literal(text: str) -> str:
    return text.replace("[", "[[]")


DECLARED = f"""{CLIENT}
    import pytest_asyncio

    shared = Client()

    @pytest_asyncio.fixture(scope="module", loop_scope="module")
    async def client():
        made = Client()
        await made.use()
        return made

    @pytest.mark.asyncio(loop_scope="function")
    async def test_first(client):
        await shared.use()

    @pytest.mark.asyncio(loop_scope="function")
    async def test_declared(client):
        await client.use()

    @pytest.mark.asyncio(loop_scope="function")
    async def test_another_reason(client):
        await shared.use()
"""


def test_what_a_finding_has_foretold_is_not_told_twice_and_another_reason_is_told_as_it_is(
    pytester: pytest.Pytester,
) -> None:
    pytest.importorskip("pytest_asyncio")
    pytester.makepyfile(DECLARED)
    result = pytester.runpytest("-p", "no:randomly")
    result.assert_outcomes(passed=1, failed=2)
    _, _, failures = result.stdout.str().partition("= FAILURES =")
    failures, _, _ = failures.partition("= short test summary")
    declared, _, another = failures.partition("_ test_another_reason _")
    assert (declared.count("LS101 "), declared.count("LS104 ")) == (1, 0)
    assert (another.count("LS101 "), another.count("LS104 ")) == (0, 1)
    assert "LS104 test_another_reason uses shared, which is bound to another loop" in another


def test_what_is_declared_and_ignored_is_explained_when_it_fails(
    pytester: pytest.Pytester,
) -> None:
    pytest.importorskip("pytest_asyncio")
    pytester.makepyfile(DECLARED)
    result = pytester.runpytest("-p", "no:randomly", "-oloopscope_ignore=LS101")
    result.assert_outcomes(passed=1, failed=2)
    assert "LS101" not in result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            "E *LS104 test_declared uses client, which is bound to another loop",
            "E * client *fixture; client.ready._loop is the loop of module *",
            'E *fix   drop loop_scope="function" from the mark of test_declared *',
        ]
    )
