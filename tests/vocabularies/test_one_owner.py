"""Every test has one owner: by its nearest mark, else by its fixtures, else by a mode.

Each vocabulary is told apart by what its tests run on: ours has uvloop here, anyio's a loop in
debug mode, pytest-asyncio's an ordinary one, and pytest-trio's no other library than its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.vocabularies.suites import HERE

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

pytest.importorskip("uvloop")

CONFTEST = f"""
{HERE}
import anyio
import sniffio

def ran_on():
    name, loop = running()
    assert sniffio.current_async_library() == name
    if name == "asyncio":
        if type(loop).__module__.startswith("uvloop"):
            return "loopscope"
        return "anyio" if loop.get_debug() else "asyncio"
    return name

@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio", {{"debug": True}}

@pytest.fixture
def by_the_way(anyio_backend):
    pass

@pytest.fixture
async def made():
    await anyio.lowlevel.checkpoint()
    return ran_on()

@pytest.fixture
async def seen(request, made):
    yield
    assert ran_on() == made

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if "_late_" in item.name:
            name = item.name.rpartition("_late_")[2]
            item.add_marker(getattr(pytest.mark, name), append=False)
"""

WORDS = ("loopscope", "asyncio", "anyio", "trio")

AT_THE_TOP = """
import pytest
from conftest import event, ran_on
"""

TELLS = "event(f'{request.node.name} {ran_on()}')"


def marked_in_every_way() -> tuple[dict[str, str], dict[str, str]]:
    """Return modules of marked tests, and the vocabulary that each test belongs to."""
    files: dict[str, str] = {}
    expected: dict[str, str] = {}
    for word in WORDS:
        others = [other for other in WORDS if other != word]
        source = f"{AT_THE_TOP}\npytestmark = pytest.mark.{word}\n"
        source += f"async def test_module_{word}(request):\n    {TELLS}\n"
        source += "class TestInherits:\n"
        source += f"    async def test_module_class_{word}(self, request):\n        {TELLS}\n"
        expected |= {f"test_module_{word}": word, f"test_module_class_{word}": word}
        for other in others:
            name = f"test_{other}_in_{word}"
            source += f"@pytest.mark.{other}\nasync def {name}(request):\n    {TELLS}\n"
            source += f"@pytest.mark.{other}\nclass Test_{other}:\n"
            source += f"    async def {name}_class(self, request):\n        {TELLS}\n"
            source += f"    @pytest.mark.{word}\n"
            source += (
                f"    async def test_{word}_in_{name}_class(self, request):\n        {TELLS}\n"
            )
            source += "    class TestNested:\n"
            source += f"        async def {name}_nested(self, request):\n            {TELLS}\n"
            expected |= {
                name: other,
                f"{name}_class": other,
                f"{name}_nested": other,
                f"test_{word}_in_{name}_class": word,
            }
            late = f"test_{word}_late_{other}"
            source += f"async def {late}(request):\n    {TELLS}\n"
            expected[late] = other
        files[f"test_{word}_module.py"] = source
    source = AT_THE_TOP
    for word in WORDS:
        source += f"async def test_late_{word}(request):\n    {TELLS}\n"
        source += f"class TestLate{word}:\n"
        source += f"    async def test_class_late_{word}(self, request):\n        {TELLS}\n"
        expected |= {f"test_late_{word}": word, f"test_class_late_{word}": word}
    files["test_late.py"] = source
    return files, expected


MODES = {
    "none": (),
    "asyncio auto": ("--asyncio-mode=auto",),
    "anyio auto": ("--anyio-mode=auto",),
    "trio mode": ("-otrio_mode=true",),
    "both autos": ("--asyncio-mode=auto", "--anyio-mode=auto"),
    "all modes": ("--asyncio-mode=auto", "--anyio-mode=auto", "-otrio_mode=true"),
}

OPTIONS = ("--loopscope-backends=uvloop", "-Wignore::pytest.PytestConfigWarning")


def told(suite: Suite) -> dict[str, str]:
    """Return what each test told of what it ran on."""
    return dict(event.split(" ", 1) for event in suite.events)


@pytest.mark.parametrize("modes", MODES)
def test_the_nearest_mark_decides_under_every_mode(suite: Suite, modes: str) -> None:
    files, expected = marked_in_every_way()
    suite.write({"conftest.py": CONFTEST, **files})
    ran = suite.ran(*OPTIONS, *MODES[modes])
    assert told(suite) == expected, ran.out
    assert set(ran.outcomes.values()) == {"passed"}, ran.out
    assert len(ran.outcomes) == len(expected)


UNMARKED = f"""
{AT_THE_TOP}
import hypothesis
from hypothesis import strategies

@pytest.fixture
async def local(by_the_way):
    return ran_on()

async def test_plain(request):
    {TELLS}

class TestPlain:
    async def test_method(self, request):
        {TELLS}

    @staticmethod
    async def test_static(request):
        {TELLS}

async def test_fixtures_too(request, made, seen):
    assert made == ran_on()
    {TELLS}

async def test_backend(request, anyio_backend):
    {TELLS}

async def test_backend_indirectly(request, by_the_way):
    {TELLS}

async def test_backend_by_an_async_fixture(request, local):
    assert local == ran_on()
    {TELLS}

@pytest.mark.usefixtures("anyio_backend")
async def test_backend_by_name(request):
    {TELLS}

@pytest.mark.asyncio
async def test_mark_before_backend(request, anyio_backend):
    {TELLS}

@pytest.mark.trio
class TestMarkBeforeBackend:
    async def test_of_the_class(self, request, anyio_backend, made):
        assert made == ran_on()
        {TELLS}

@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_backends(request, anyio_backend):
    {TELLS}

@hypothesis.settings(max_examples=1)
@hypothesis.given(strategies.none())
async def test_given(nothing):
    event(f"test_given {{ran_on()}}")

def test_sync(request):
    with pytest.raises(RuntimeError):
        ran_on()
    event("test_sync nothing")
"""

CLAIMED = {
    "test_backend": "anyio",
    "test_backend_indirectly": "anyio",
    "test_backend_by_an_async_fixture": "anyio",
    "test_backend_by_name": "anyio",
    "test_backends[asyncio]": "asyncio",
    "test_backends[trio]": "trio",
    "test_mark_before_backend": "asyncio",
    "test_of_the_class": "trio",
    "test_sync": "nothing",
}

LEFT_TO_A_MODE = ("test_plain", "test_method", "test_static", "test_fixtures_too", "test_given")

OWNERS = {
    "none": "loopscope",
    "asyncio auto": "asyncio",
    "anyio auto": "anyio",
    "trio mode": "trio",
    "both autos": "anyio",
    "all modes": "anyio",
}


@pytest.mark.parametrize("modes", MODES)
def test_a_fixture_claims_what_bears_no_mark_and_a_mode_what_is_left(
    suite: Suite, modes: str
) -> None:
    suite.write({"conftest.py": CONFTEST, "test_it.py": UNMARKED})
    ran = suite.ran(*OPTIONS, *MODES[modes])
    assert told(suite) == CLAIMED | dict.fromkeys(LEFT_TO_A_MODE, OWNERS[modes]), ran.out
    assert set(ran.outcomes.values()) == {"passed"}, ran.out


def test_both_modes_at_once_are_worth_a_warning_and_no_more(suite: Suite) -> None:
    suite.write({"conftest.py": CONFTEST, "test_it.py": UNMARKED})
    ran = suite.ran("-Wdefault", *MODES["both autos"])
    assert ran.code == 0, ran.out
    told_of = [
        line
        for line in ran.lines
        if "auto mode has been enabled together with pytest-asyncio auto mode" in line
    ]
    assert len(told_of) == 1, ran.out


def test_in_strict_modes_a_test_without_a_mark_belongs_to_nobody(suite: Suite) -> None:
    suite.write({"conftest.py": CONFTEST, "test_it.py": UNMARKED})
    # pytest 9.2 trips over the next user of a fixture that it has refused to set up.
    refused = "--deselect=test_it.py::test_fixtures_too"
    ran = suite.ran(*OPTIONS, "--loopscope-mode=strict", refused)
    assert told(suite) == CLAIMED, ran.out
    for name, outcome in ran.outcomes.items():
        is_left = name.rpartition("::")[2] in LEFT_TO_A_MODE
        assert outcome != "passed" if is_left else outcome == "passed", ran.out


FIXTURE_OWNERS = """
import pytest
import pytest_asyncio
import loopscope
from conftest import event, ran_on

@pytest_asyncio.fixture
async def of_asyncio():
    return ran_on()

@loopscope.fixture
async def of_loopscope():
    return ran_on()

def test_of_asyncio(of_asyncio):
    event(of_asyncio)

def test_of_loopscope(of_loopscope):
    event(of_loopscope)

@pytest.mark.usefixtures("anyio_backend")
def test_bare(made):
    event(made)
"""


def test_a_sync_test_belongs_to_the_fixtures_that_it_uses(suite: Suite) -> None:
    suite.write({"conftest.py": CONFTEST, "test_it.py": FIXTURE_OWNERS})
    suite.ran(*OPTIONS).all_passed("test_of_asyncio", "test_of_loopscope", "test_bare")
    assert suite.events == ["asyncio", "loopscope", "anyio"]
