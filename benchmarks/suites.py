"""The suites, as templates; `write` makes files of one in an idiom."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING

from benchmarks.idioms import Loops

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.idioms import Idiom

PER_MODULE = 100


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite of any number of tests, of which `test` is one function.

    `$def` stands for `def` or `async def`, `$number` for the number of the function's first test
    and `$end` for that of the next function's. `tests` is how many it has when it is measured by
    the clock, `counted` the two sizes whose difference tells what a test costs where instructions
    or calls are counted.
    """

    name: str
    title: str
    loops: Loops
    test: str
    fixtures: str = ""
    tests: int = 2000
    counted: tuple[int, int] | None = (100, 300)
    options: tuple[str, ...] = ()
    # How many tests are one function, parametrised.
    alike: int = 1
    # Idioms by name; without any, all that have words for these loops.
    idioms: tuple[str, ...] = ()
    # How many times as often it is run as others: a short process is noisier.
    times: int = 1

    @property
    def only_collects(self) -> bool:
        """Say whether no test is run."""
        return "--collect-only" in self.options

    def has(self, idiom: Idiom) -> bool:
        """Say whether the suite can be written in this idiom, and is to be."""
        return idiom.said(self.loops) is not None and (not self.idioms or idiom.name in self.idioms)


_TRIVIAL = """
$def test_$number():
    pass
"""
_PARAMETRISED = """
@pytest.mark.parametrize("number", range($number, $end))
$def test_$number(number):
    pass
"""
_ONE_FIXTURE = """
@pytest.fixture(scope="session")
$def shared():
    yield 1
"""
_THREE_FIXTURES = """
@pytest.fixture
$def first():
    yield 1


@pytest.fixture
$def second():
    yield 2


@pytest.fixture
$def third():
    yield 3
"""
_USES_FOUR = """
$def test_$number(shared, first, second, third):
    assert shared + first + second + third == 7
"""
_DEPTH = 10
_CHAIN = """
@pytest.fixture
$def link_0():
    yield 0
""" + "".join(
    f"""

@pytest.fixture
$def link_{number}(link_{number - 1}):
    yield link_{number - 1} + 1
"""
    for number in range(1, _DEPTH)
)
_USES_THE_LAST = f"""
$def test_$number(link_{_DEPTH - 1}):
    assert link_{_DEPTH - 1} == {_DEPTH - 1}
"""
_COLLECT = ("--collect-only",)

SUITES = {
    suite.name: suite
    for suite in (
        Suite("trivial", "trivial tests, a fresh loop each", Loops.OWN, _TRIVIAL),
        Suite(
            "parametrised",
            "trivial tests, twenty of each function, a fresh loop each",
            Loops.OWN,
            _PARAMETRISED,
            alike=20,
        ),
        Suite(
            "shared",
            "trivial tests on the loop of a session fixture",
            Loops.SHARED,
            _TRIVIAL.replace("()", "(shared)"),
            _ONE_FIXTURE,
        ),
        Suite(
            "fixtures",
            "three async generator fixtures and a sync session fixture, a fresh loop each",
            Loops.OWN,
            _USES_FOUR,
            _ONE_FIXTURE.replace("$def", "def") + "\n" + _THREE_FIXTURES,
            tests=1000,
        ),
        Suite(
            "fixtures-shared",
            "three async generator fixtures, on the loop of a session fixture",
            Loops.SHARED,
            _USES_FOUR,
            _ONE_FIXTURE + "\n" + _THREE_FIXTURES,
            tests=1000,
        ),
        Suite(
            "deep",
            f"a chain of {_DEPTH} async generator fixtures, a fresh loop each",
            Loops.OWN,
            _USES_THE_LAST,
            _CHAIN,
            tests=300,
            counted=(50, 150),
        ),
        Suite("collect", "collected only", Loops.OWN, _TRIVIAL, tests=20_000, options=_COLLECT),
        Suite(
            "collect-quarter",
            "collected only, a quarter of them",
            Loops.OWN,
            _TRIVIAL,
            tests=5_000,
            counted=None,
            options=_COLLECT,
            idioms=("sync", "loopscope"),
        ),
        Suite(
            "xdist",
            "trivial tests, with -n 2",
            Loops.OWN,
            _TRIVIAL,
            counted=None,
            options=("-n", "2"),
        ),
        Suite(
            "installed",
            "tests that are not async, with the plugin installed",
            Loops.NONE,
            _TRIVIAL.replace("$def", "def"),
            counted=(100, 2000),
            idioms=("sync", "loopscope", "pytest-asyncio", "anyio", "pytest-trio"),
        ),
        Suite(
            "start-up",
            "one test that is not async, with the plugin installed",
            Loops.NONE,
            _TRIVIAL.replace("$def", "def"),
            tests=1,
            counted=None,
            idioms=("sync", "loopscope", "pytest-asyncio", "anyio", "pytest-trio"),
            times=5,
        ),
    )
}


def write(suite: Suite, idiom: Idiom, tests: int, folder: Path) -> None:
    """Write the suite with so many tests, worded in the idiom, into a folder that is empty."""
    words = idiom.said(suite.loops)
    if words is None:
        raise ValueError(f"{idiom.name} has no words for {suite.loops.value}")
    keyword = "async def" if idiom.is_async else "def"

    def put(name: str, text: str, **slots: object) -> None:
        (folder / name).write_text(Template(text).substitute(slots), encoding="utf-8")

    put("pytest.ini", "\n".join(["[pytest]", *words.ini, ""]))
    fixtures = "\n\n".join(part.strip("\n") for part in (words.conftest, suite.fixtures) if part)
    if fixtures:
        put("conftest.py", f"import pytest\n\n\n{fixtures}\n", **{"def": keyword})
    for first in range(0, tests, PER_MODULE):
        functions = [
            Template(suite.test).substitute(
                {"def": keyword, "number": number, "end": min(number + suite.alike, tests)}
            )
            for number in range(first, min(first + PER_MODULE, tests), suite.alike)
        ]
        head = "" if suite.alike == 1 else "import pytest\n\n\n"
        text = head + "\n\n".join(function.strip("\n") + "\n" for function in functions)
        (folder / f"test_{first // PER_MODULE:03}.py").write_text(text, encoding="utf-8")
