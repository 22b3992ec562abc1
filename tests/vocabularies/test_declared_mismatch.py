"""What pytest-asyncio words declare wrongly is told before the first test, and run nevertheless."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("pytest_asyncio")

SUITE = """
    import asyncio
    import pytest
    import pytest_asyncio

    @pytest_asyncio.fixture(scope="module", loop_scope="module")
    async def future():
        return asyncio.get_running_loop().create_future()

    @pytest.mark.asyncio(loop_scope="function")
    async def test_uses_it(future):
        await future

    @pytest.mark.asyncio(loop_scope="function")
    async def test_only_has_it(future):
        assert not future.done()

    @pytest.mark.asyncio(loop_scope="function")
    async def test_fails_for_another_reason(future):
        raise RuntimeError("another reason")
"""


def told(lines: list[str]) -> list[str]:
    return [line.lstrip("E ") for line in lines if "LS101 " in line]


def test_a_mismatch_is_told_and_explains_the_failure_that_it_leads_to(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(SUITE)
    result = pytester.runpytest("-p", "no:randomly")
    result.assert_outcomes(passed=1, failed=2)
    before, _, after = result.stdout.str().partition("= FAILURES =")
    failures, _, _ = after.partition("= short test summary info =")
    assert len(told(before.splitlines())) == 3
    assert "is run as declared, as pytest-asyncio does" in before
    assert '@pytest.mark.asyncio(loop_scope="module") on test_uses_it' in before
    if sys.version_info >= (3, 11):
        [note] = told(failures.splitlines())
        assert note.startswith("LS101 loop scope mismatch: test_uses_it (function loop)")


def test_a_loop_scope_that_does_not_exist_fails_its_users_and_nobody_else(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import pytest
        import pytest_asyncio

        @pytest_asyncio.fixture(loop_scope="wat")
        async def bad():
            pass

        @pytest.mark.asyncio
        async def test_uses_it(bad):
            pass

        @pytest.mark.asyncio
        async def test_does_not():
            pass
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*LS401 bad is declared in a way*", "*'wat' is not a valid*"])
