"""Durations and the JUnit file say of async tests what they say of others."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

# The time that passes is what is measured here.
SLOW = """
    import anyio
    import pytest

    @pytest.fixture
    async def slow():
        await anyio.sleep(0.2)
        yield
        await anyio.sleep(0.2)

    async def test_slow(slow):
        await anyio.sleep(0.05)

    async def test_fast(): ...
"""


def test_durations_count_the_time_that_async_code_waits(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SLOW})
    result = inner.run("--durations=0", "--durations-min=0.02", backend=backend)
    result.assert_outcomes(passed=2)
    shown = [line.split() for line in result.outlines if line.endswith("test_it.py::test_slow")]
    seconds = {phase: float(time.removesuffix("s")) for time, phase, _ in shown}
    assert seconds.keys() == {"setup", "call", "teardown"}
    assert seconds["setup"] >= 0.2
    assert seconds["call"] >= 0.05
    assert seconds["teardown"] >= 0.2


def cases(inner: Inner, *arguments: str, backend: str) -> dict[str, ET.Element]:
    """Run the suite and return the cases of its JUnit file by their names."""
    # The older family of formats has places for properties.
    inner.run("--junitxml=report.xml", "-ojunit_family=xunit1", *arguments, backend=backend)
    root = ET.parse(inner.root / "report.xml").getroot()
    found = [(case.attrib["name"], case) for case in root.iter("testcase")]
    assert len(found) == len(dict(found))
    return dict(found)


def test_junit_times_include_setup_and_teardown(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SLOW})
    found = cases(inner, backend=backend)
    assert float(found["test_slow"].attrib["time"]) >= 0.45
    assert float(found["test_fast"].attrib["time"]) < 0.45


def test_junit_durations_of_the_call_only(inner: Inner, backend: str) -> None:
    inner.write({"test_it.py": SLOW})
    found = cases(inner, "-ojunit_duration_report=call", backend=backend)
    assert 0.05 <= float(found["test_slow"].attrib["time"]) < 0.45


MIXED = """
    import pytest
    from anyio.lowlevel import checkpoint

    @pytest.fixture
    async def broken():
        await checkpoint()
        raise KeyError("broken fixture")

    @pytest.fixture
    async def broken_later():
        yield
        await checkpoint()
        raise KeyError("broken teardown")

    class TestIt:
        async def test_passes(self, record_property):
            record_property("number", 1)
            print("printed")
            await checkpoint()

    async def test_fails():
        await checkpoint()
        value = 1
        assert value == 2, "the message"

    async def test_skips():
        pytest.skip("why")

    async def test_errs(broken): ...

    async def test_errs_later(broken_later): ...
"""


def test_junit_cases(inner: Inner, backend: str) -> None:
    inner.write({"package/__init__.py": "", "package/test_it.py": MIXED})
    found = cases(inner, backend=backend)
    assert {case.attrib["classname"]: list(case) for case in found.values()}.keys() == {
        "package.test_it",
        "package.test_it.TestIt",
    }
    # pytest lists the error of a teardown beside the test that passed.
    assert {name: [child.tag for child in case] for name, case in found.items()} == {
        "test_passes": ["properties"],
        "test_fails": ["properties", "failure"],
        "test_skips": ["properties", "skipped"],
        "test_errs": ["properties", "error"],
        "test_errs_later": ["properties", "error"],
    }
    failure = found["test_fails"][1]
    assert failure.attrib["message"].startswith("AssertionError: the message\nassert 1 == 2")
    assert "package/test_it.py:24: AssertionError" in str(failure.text)
    assert "broken fixture" in str(found["test_errs"][1].attrib["message"])
    assert "broken teardown" in str(found["test_errs_later"][1].attrib["message"])
    assert "src/loopscope" not in (inner.root / "report.xml").read_text(encoding="utf-8")


def test_junit_names_say_the_backend_if_there_are_several(inner: Inner) -> None:
    source = """
        import pytest

        async def test_a(): ...

        @pytest.mark.parametrize("number", [1])
        async def test_b(number): ...

        def test_c(): ...
    """
    inner.write({"test_it.py": source})
    found = cases(inner, backend="asyncio,trio")
    assert found.keys() == {
        "test_a[asyncio]",
        "test_a[trio]",
        "test_b[asyncio-1]",
        "test_b[trio-1]",
        "test_c",
    }


@pytest.mark.parametrize("verbosity", ["-q", "-v", "-vv"])
def test_the_terminal_says_of_async_tests_what_it_says_of_others(
    inner: Inner, backend: str, verbosity: str
) -> None:
    suite = "\n".join(f"async def test_{name}(): ...\n" for name in "abc")
    inner.write({"test_it.py": suite})
    quiet = inner.run(verbosity, backend=backend)
    inner.write({"test_it.py": suite.replace("async def", "def")})
    yardstick = inner.run(verbosity, backend=backend)

    def without_time(result: pytest.RunResult) -> list[str]:
        return [line.partition(" in ")[0] for line in result.outlines]

    # The one thing that is to be told of them, and only if somebody wants to know more.
    loops = f"loops: function [{backend}]: 3 loops for 3 tests"
    told = without_time(quiet)
    assert told.count(loops) == (verbosity != "-q")
    assert [line for line in told if line != loops] == without_time(yardstick)
