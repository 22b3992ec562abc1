"""The fixture `loopscope` is there for the tests of every vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

MARKS = {
    "asyncio": ("asyncio", "asyncio"),
    "trio": ("trio", "trio"),
    "loopscope": ("loopscope", "asyncio"),
}


@pytest.mark.parametrize(("mark", "backend"), MARKS.values(), ids=MARKS)
def test_an_async_test_gets_a_fixture_late_and_is_told_its_backend(
    suite: Suite, mark: str, backend: str
) -> None:
    suite.pytester.makepyfile(
        f"""
        import pytest
        import sniffio

        @pytest.fixture
        async def late():
            return sniffio.current_async_library()

        @pytest.mark.{mark}
        async def test_it(loopscope):
            assert await loopscope.getfixture("late") == {backend!r}
            assert loopscope.backend == {backend!r}
        """
    )
    suite.pytester.runpytest("-W", "error").assert_outcomes(passed=1)


def test_a_test_of_anyio_is_told_each_of_its_backends(suite: Suite) -> None:
    suite.pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.anyio

        async def test_it(loopscope, anyio_backend_name):
            assert loopscope.backend == anyio_backend_name
        """
    )
    suite.pytester.runpytest("-W", "error").assert_outcomes(passed=2)


def test_a_test_of_pytest_trio_that_has_it_keeps_its_clock_and_its_nursery(suite: Suite) -> None:
    suite.pytester.makepyfile(
        """
        import pytest
        import trio

        @pytest.mark.trio
        async def test_it(loopscope, nursery, autojump_clock):
            nursery.start_soon(trio.sleep, 1000)
            await trio.sleep(100)
            assert trio.current_time() == 100
        """
    )
    suite.pytester.runpytest("-W", "error").assert_outcomes(passed=1)


def test_a_clock_needs_a_run_of_its_own(suite: Suite) -> None:
    suite.pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="module")
        async def wider():
            yield

        @pytest.mark.trio
        async def test_without(wider):
            pass

        @pytest.mark.trio
        async def test_with(wider, autojump_clock):
            pass
        """
    )
    result = suite.pytester.runpytest("-p", "no:randomly")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*asks for a clock, and runs in a trio run that is wider*"])
