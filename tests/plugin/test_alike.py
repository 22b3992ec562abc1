"""Tests that are alike are decided together, those that differ in what counts are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.plugin.state import KEY

if TYPE_CHECKING:
    from loopscope.plugin.alike import Alike

PRELUDE = """
import pytest

@pytest.fixture
async def row(): ...

@pytest.fixture(scope="module")
async def pool(): ...

mark = pytest.mark.loopscope
with_two = pytest.mark.parametrize("number", [1, 2])
with_three = pytest.mark.parametrize("number", [1, 2, 3])
"""
PLAIN = "async def test_{0}(): ..."
MODULE = "@mark(scope='module')\nasync def test_{0}(): ..."
NO_HASH = "@mark(backend=['asyncio'])\n" + PLAIN
IN_A_CLASS = "class TestIt:\n    async def test_{0}(self): ..."


def decided(pytester: pytest.Pytester, *tests: str) -> list[Alike]:
    """Return what is decided of each test of one module."""
    source = "\n\n".join([PRELUDE, *(test.format(index) for index, test in enumerate(tests))])
    items = pytester.getitems(source)
    decisions = items[0].config.stash[KEY].collection.decisions
    return [decisions.decide(item) for item in items if isinstance(item, pytest.Function)]


def pairs(*rows: tuple[str, str, str]) -> pytest.MarkDecorator:
    """Run a test with two tests at a time, each of `rows` with an id before them."""
    return pytest.mark.parametrize(
        ("first", "second"), [pytest.param(*tests, id=id) for id, *tests in rows]
    )


@pairs(
    ("nothing", PLAIN, PLAIN),
    ("same-fixtures", "def test_{0}(row): ...", "def test_{0}(row): ..."),
    ("equal-marks", MODULE, MODULE),
    ("a-mark-of-no-dialect", PLAIN, "@pytest.mark.skip\n" + PLAIN),
    (
        "other-arguments",
        "@with_two\nasync def test_{0}(number, row): ...",
        "@with_three\nasync def test_{0}(number, row): ...",
    ),
)
def test_tests_that_differ_in_nothing_that_counts_are_decided_together(
    pytester: pytest.Pytester, first: str, second: str
) -> None:
    one, *others = decided(pytester, first, second)
    assert others
    assert all(other is one for other in others)
    assert one.count == 1 + len(others)


@pairs(
    ("sync", PLAIN, "def test_{0}(): ..."),
    ("generator", PLAIN, "async def test_{0}():\n    yield"),
    ("other-fixtures", PLAIN, "async def test_{0}(row): ..."),
    (
        "other-order",
        "async def test_{0}(row, pool): ...",
        "async def test_{0}(pool, row): ...",
    ),
    ("other-place", PLAIN, IN_A_CLASS),
    ("mark", PLAIN, MODULE),
    ("other-value", MODULE, MODULE.replace("module", "session")),
    ("equal-and-wrong", "@mark(timeout=1)\n" + PLAIN, "@mark(timeout=True)\n" + PLAIN),
    # Nobody can tell whether two values without a hash are the same.
    ("no-hash", NO_HASH, NO_HASH),
)
def test_tests_that_differ_in_what_counts_are_decided_apart(
    pytester: pytest.Pytester, first: str, second: str
) -> None:
    one, other = decided(pytester, first, second)
    assert one is not other


def test_parameters_that_a_dialect_asks_for_count(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nloopscope_backends = asyncio trio\n")
    on_asyncio, on_trio = decided(pytester, PLAIN)
    assert on_asyncio is not on_trio
