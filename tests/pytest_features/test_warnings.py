"""Warnings in async code are reported as pytest reports them, and we give none of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pytest_features.inner import written

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner


def test_a_suite_without_async_code_sees_nothing_but_the_header_line(inner: Inner) -> None:
    source = """
        import pytest

        @pytest.fixture(scope="session")
        def resource():
            yield 1

        class TestIt:
            def test_a(self, resource): ...

        @pytest.mark.parametrize("number", [1, 2])
        def test_b(number): ...
    """
    inner.write({"test_it.py": source})
    with_it = inner.run_as_installed("-W", "error", "-v", "--setup-show")
    without = inner.run_as_installed("-W", "error", "-v", "--setup-show", "-pno:loopscope")
    assert with_it.ret == without.ret == 0
    assert with_it.errlines == without.errlines == []
    header = "loopscope: mode=auto, loops=planned, backends=asyncio"
    assert header in with_it.outlines

    def told(result: pytest.RunResult) -> list[str]:
        return [
            line
            for line in result.outlines
            # The list of plugins names us, the summary the time it took.
            if line != header and not line.startswith(("plugins:", "=="))
        ]

    assert told(with_it) == told(without)


def test_an_async_suite_gives_no_warning(inner: Inner, backend: str) -> None:
    source = """
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.fixture(scope="session")
        async def session():
            await checkpoint()
            yield

        @pytest.fixture
        async def function(session):
            await checkpoint()

        async def test_async(function):
            await checkpoint()

        def test_sync(loopscope):
            loopscope.run(checkpoint)
    """
    inner.write({"test_it.py": source})
    result = inner.run_apart("-W", "error", backend=backend)
    assert result.parseoutcomes() == {"passed": 2}
    assert result.errlines == []


UNRAISABLE = """
    import gc
    from anyio.lowlevel import checkpoint

    class Leaky:
        def __del__(self):
            raise ValueError("in the finalizer")

    async def test_leaks():
        await checkpoint()
        Leaky()
        await checkpoint()

    async def test_next():
        gc.collect()
"""


def test_an_unraisable_exception_fails_its_test_if_warnings_are_errors(
    inner: Inner, way: str
) -> None:
    inner.write({"test_it.py": written(UNRAISABLE, way)})
    result = inner.run_apart("-W", "error", backend=way)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*ValueError: in the finalizer*"])
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_leaks - *"])


def test_a_coroutine_never_awaited_fails_its_test_if_warnings_are_errors(
    inner: Inner, way: str
) -> None:
    if way == "sync":
        source = """
            async def other(): ...

            def test_forgets(): other()

            def test_next(): ...
        """
    else:
        source = """
            async def other(): ...

            async def test_forgets(): other()

            async def test_next(): ...
        """
    inner.write({"test_it.py": source})
    result = inner.run_apart("-W", "error", backend=way)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*coroutine 'other' was never awaited*"])
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_forgets - *"])


RETURNING = """
    from anyio.lowlevel import checkpoint

    async def test_returns():
        await checkpoint()
        return 1

    class TestIt:
        async def test_returns(self):
            await checkpoint()
            return {}
"""


@pytest.mark.skipif(pytest.version_tuple < (8, 4), reason="older ones word it differently")
def test_a_test_that_returns_something_gets_the_warning_of_pytest(inner: Inner, way: str) -> None:
    inner.write({"test_it.py": written(RETURNING, way)})
    result = inner.run(backend=way)
    result.assert_outcomes(passed=2, warnings=2)
    result.stdout.fnmatch_lines(
        [
            "*PytestReturnNotNoneWarning*test_it.py::test_returns returned <class 'int'>*",
            "*PytestReturnNotNoneWarning*test_it.py::TestIt::test_returns returned <class 'dict'>*",
        ]
    )
    text = "\n".join(result.outlines)
    assert "src/loopscope" not in text
    assert "Did you mean to use `assert` instead of `return`?" in text


def test_that_warning_can_be_an_error(inner: Inner, way: str) -> None:
    inner.write({"test_it.py": written(RETURNING, way)})
    result = inner.run("-W", "error::pytest.PytestReturnNotNoneWarning", backend=way)
    result.assert_outcomes(failed=2)


def test_a_warning_in_async_code_is_located_in_it(inner: Inner, way: str) -> None:
    source = """
        import warnings
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.fixture
        async def fixture():
            yield
            await checkpoint()
            warnings.warn("in the teardown")

        async def test_it(fixture):
            await checkpoint()
            warnings.warn("in the test")
    """
    inner.write({"test_it.py": written(source, way)})
    result = inner.run(backend=way)
    result.assert_outcomes(passed=1, warnings=2)
    result.stdout.fnmatch_lines(
        ["*test_it.py:13: UserWarning: in the test", "*test_it.py:9: UserWarning: in the teardown"]
    )
