"""What is no test function stays as it is beside async tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner


def test_doctests_run_beside_async_tests(inner: Inner, backend: str) -> None:
    source = '''
        """
        >>> answer()
        42
        >>> fixture_name
        'doctest_value'
        """
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.fixture(autouse=True)
        def names(doctest_namespace):
            doctest_namespace["fixture_name"] = "doctest_value"

        def answer():
            return 42

        async def test_async():
            await checkpoint()
    '''
    inner.write({"test_it.py": source, "README.txt": ">>> 1 + 1\n2\n"})
    result = inner.run("--doctest-modules", "--doctest-glob=*.txt", backend=backend)
    result.assert_outcomes(passed=3)


UNITTEST = """
    import asyncio
    import unittest
    import pytest
    from anyio.lowlevel import checkpoint
    from events import event

    @pytest.fixture(scope="session")
    async def session():
        await checkpoint()
        event("session up")
        yield
        await checkpoint()
        event("session down")

    async def test_before(session):
        await checkpoint()

    class Plain(unittest.TestCase):
        def setUp(self):
            event("setUp")

        def test_it(self):
            with self.subTest("one"):
                self.assertEqual(1, 1)

        def test_runs_a_loop(self):
            async def main():
                await asyncio.sleep(0)
                return 1
            self.assertEqual(asyncio.run(main()), 1)

        @unittest.skip("why")
        def test_skipped(self): ...

        @unittest.expectedFailure
        def test_expected_failure(self):
            self.fail()

    class Isolated(unittest.IsolatedAsyncioTestCase):
        async def asyncSetUp(self):
            self.loop = asyncio.get_running_loop()
            event("asyncSetUp")

        async def test_it(self):
            await asyncio.sleep(0)
            assert asyncio.get_running_loop() is self.loop
            event("isolated")

        async def asyncTearDown(self):
            event("asyncTearDown")

    async def test_after(session):
        await checkpoint()
"""


def test_unittest_cases_run_beside_async_tests(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": UNITTEST})
    result = inner.run_apart("-Werror", backend=backend)
    outcomes = result.parseoutcomes()
    outcomes.pop("subtests passed", None)  # since pytest 9
    assert outcomes == {"passed": 5, "skipped": 1, "xfailed": 1}
    assert inner.events == [
        "session up",
        *["setUp"] * 3,
        "asyncSetUp",
        "isolated",
        "asyncTearDown",
        "session down",
    ]


def test_several_backends_multiply_no_unittest_case(inner: Inner) -> None:
    inner.write({"test_it.py": UNITTEST})
    result = inner.run("--collect-only", "-q", backend="asyncio,trio")
    listed = [line for line in result.outlines if "::" in line]
    assert len([line for line in listed if "Plain" in line or "Isolated" in line]) == 5
    assert len([line for line in listed if line.endswith("[trio]")]) == 2


def test_items_of_other_plugins_run_beside_async_tests(inner: Inner, backend: str) -> None:
    conftest = """
        import pytest
        from events import event

        class File(pytest.File):
            def collect(self):
                yield Item.from_parent(self, name="item")

        class Item(pytest.Item):
            def runtest(self):
                event("item")

        def pytest_collect_file(parent, file_path):
            if file_path.suffix == ".case":
                return File.from_parent(parent, path=file_path)
    """
    inner.write({"conftest.py": conftest, "test_a.py": "async def test_it(): ...\n"})
    inner.write({"test_b.case": "", "test_c.py": "async def test_it(): ...\n"})
    inner.run(backend=backend).assert_outcomes(passed=3)
    assert inner.events == ["item"]
