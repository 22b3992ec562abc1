"""Every kind of test and fixture that pytest knows, asynchronous."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import rerun

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

TESTS = {
    "function": "async def test_it(): await sleep(0); ran()",
    "method": "class Test:\n    async def test_it(self): await sleep(0); ran()",
    "static method": "class Test:\n    @staticmethod\n    async def test_it(): ran()",
    "class method": "class Test:\n    @classmethod\n    async def test_it(cls): ran()",
    "nested class": "class Test:\n    class TestIn:\n        async def test_it(self): ran()",
    "inherited": "class Base:\n    async def test_it(self): ran()\nclass Test(Base): pass",
    "parametrised": "@pytest.mark.parametrize('x', [1])\nasync def test_it(x): ran()",
    "decorated": (
        "import functools\ndef deco(f):\n    @functools.wraps(f)\n    async def inner(*a, **k):\n"
        "        await f(*a, **k)\n    return inner\n@deco\nasync def test_it(): ran()"
    ),
    "partial": "import functools\nasync def body(x): ran()\ntest_it = functools.partial(body, 1)",
    "given": "from hypothesis import given, strategies as st\n"
    "@given(x=st.integers())\nasync def test_it(x): await sleep(0); ran()",
    "given method": "from hypothesis import given, strategies as st\nclass Test:\n"
    "    @given(x=st.integers())\n    async def test_it(self, x): await sleep(0); ran()",
    "given and parametrised": "from hypothesis import given, strategies as st\n"
    "@pytest.mark.parametrize('y', [1])\n@given(x=st.integers())\n"
    "async def test_it(x, y): assert y == 1; ran()",
}


@pytest.mark.parametrize("source", [pytest.param(TESTS[kind], id=kind) for kind in TESTS])
def test_a_test_can_be_a(run: RunSuite, source: str, backend: str) -> None:
    prelude = "import pytest\nfrom anyio import sleep\nRAN = []\ndef ran(): RAN.append(1)\n"
    check = "\n\ndef test_last():\n    assert RAN\n"
    run(prelude + source + check, backend=backend).assert_outcomes(passed=2)


FIXTURES = {
    "coroutine": "@pytest.fixture\nasync def made(): await sleep(0); return 1",
    "async generator": "@pytest.fixture\nasync def made(): await sleep(0); yield 1; await sleep(0)",
    "autouse": (
        "@pytest.fixture(autouse=True)\nasync def auto(): LOG.append(1)\n"
        "@pytest.fixture\ndef made(): return LOG.pop()"
    ),
    "of another async one": (
        "@pytest.fixture\nasync def other(): yield 1\n"
        "@pytest.fixture\nasync def made(other): yield other"
    ),
    "named": "@pytest.fixture(name='made')\nasync def _made(): yield 1",
    "plugin method": (
        "class Plugin:\n    @pytest.fixture\n    async def made(self): yield 1\n"
        "@pytest.fixture(autouse=True, scope='session')\ndef _reg(): pass\n"
        "made = Plugin.made"
    ),
    "with a request": "@pytest.fixture\nasync def made(request): yield len([request.node])",
    "with a finalizer": (
        "@pytest.fixture\nasync def made(request):\n"
        "    request.addfinalizer(lambda: LOG.append(1))\n    return 1"
    ),
}


@pytest.mark.parametrize(
    "source", [pytest.param(FIXTURES[kind], id=kind) for kind in FIXTURES if kind[:6] != "plugin"]
)
def test_a_fixture_can_be_a(run: RunSuite, source: str, backend: str) -> None:
    prelude = "import pytest\nfrom anyio import sleep\nLOG = []\n"
    check = """
async def test_async(made):
    assert made == 1

def test_sync(made):
    assert made == 1

class Test:
    async def test_method(self, made):
        assert made == 1
"""
    run(f"{prelude}{source}\n{check}", backend=backend).assert_outcomes(passed=3)


def test_a_method_fixture_is_bound_to_the_instance_of_the_test(run: RunSuite, backend: str) -> None:
    source = """
import pytest

class Test:
    @pytest.fixture
    async def made(self):
        self.value = 1
        yield self
        assert self.value == 2

    async def test_it(self, made):
        assert made is self and self.value == 1
        self.value = 2
"""
    run(source, backend=backend).assert_outcomes(passed=1)


def test_a_parametrised_fixture_is_set_up_once_a_parameter(run: RunSuite, backend: str) -> None:
    source = """
import pytest
LOG = []

@pytest.fixture(scope="module", params=["a", "b"])
async def letter(request):
    LOG.append(f"set up {request.param}")
    yield request.param
    LOG.append(f"torn down {request.param}")

@pytest.fixture(scope="module")
async def word(letter):
    LOG.append(f"word of {letter}")
    yield letter * 2
    LOG.append(f"no word of {letter}")

async def test_one(word):
    pass

async def test_two(word, letter):
    assert word == letter * 2

def test_log():
    once = lambda x: [f"set up {x}", f"word of {x}", f"no word of {x}", f"torn down {x}"]
    assert LOG == once("a") + once("b")[:2] or LOG == once("a") + once("b")
"""
    run(source, backend=backend).assert_outcomes(passed=5)


def test_indirect_parameters_reach_an_async_fixture(run: RunSuite, backend: str) -> None:
    source = """
import pytest

@pytest.fixture
async def doubled(request):
    yield request.param * 2

@pytest.mark.parametrize("doubled, expected", [(1, 2), (2, 4)], indirect=["doubled"])
async def test_it(doubled, expected):
    assert doubled == expected
"""
    run(source, backend=backend).assert_outcomes(passed=2)


def test_an_override_sees_what_it_overrides_at_every_level(
    pytester: pytest.Pytester, backend: str
) -> None:
    level = """
import pytest

@pytest.fixture(scope="{scope}")
async def made({uses}):
    yield {value}
"""
    pytester.makeconftest(level.format(scope="session", uses="", value="['top']"))
    package = pytester.mkpydir("package")
    override = level.format(scope="module", uses="made", value="[*made, 'package']")
    (package / "conftest.py").write_text(override)
    (package / "test_in.py").write_text(
        level.format(scope="function", uses="made", value="[*made, 'module']")
        + """
async def test_it(made):
    assert made == ["top", "package", "module"]

class Test:
    @pytest.fixture
    async def made(self, made):
        yield [*made, "class"]

    async def test_it(self, made):
        assert made == ["top", "package", "module", "class"]
"""
    )
    pytester.makepyfile(test_out="async def test_it(made):\n    assert made == ['top']\n")
    rerun(pytester, backend=backend).assert_outcomes(passed=3)


@pytest.mark.parametrize("scope", ["function", "class", "module", "package", "session"])
def test_fixtures_are_torn_down_in_reverse_order_on_an_open_loop(
    run: RunSuite, pytester: pytest.Pytester, scope: str, backend: str
) -> None:
    source = f"""
import anyio, pathlib, pytest
LOG = pathlib.Path("log.txt")

def log(word):
    with LOG.open("a") as file:
        file.write(word + " ")

@pytest.fixture(scope="{scope}")
async def outer():
    log("+outer")
    yield
    await anyio.sleep(0)
    log("-outer")

@pytest.fixture(scope="{scope}")
def middle(outer):
    log("+middle")
    yield
    log("-middle")

@pytest.fixture(scope="{scope}")
async def inner(middle):
    log("+inner")
    yield
    await anyio.sleep(0)
    log("-inner")

async def test_it(inner):
    log("test")
"""
    run(source, backend=backend).assert_outcomes(passed=1)
    log = (pytester.path / "log.txt").read_text().split()
    assert log == ["+outer", "+middle", "+inner", "test", "-inner", "-middle", "-outer"]


def test_a_failing_setup_leaves_the_other_fixtures_to_be_torn_down(
    run: RunSuite, backend: str
) -> None:
    source = """
import pytest
LOG = []

@pytest.fixture(scope="module")
async def wide():
    yield
    LOG.append("wide")

@pytest.fixture
async def good(wide):
    yield
    LOG.append("good")

@pytest.fixture
async def bad(good):
    raise RuntimeError("in setup")
    yield

@pytest.fixture
async def worse(good):
    yield
    raise RuntimeError("in teardown")

async def test_setup(bad):
    pass

async def test_teardown(worse):
    pass

async def test_after(good):
    assert LOG == ["good", "good"]
"""
    result = run(source, backend=backend)
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*RuntimeError: in setup", "*RuntimeError: in teardown"])


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param("yield 1\n    yield 2", "yielded more than once", id="two yields"),
        pytest.param("if False: yield", "did not yield a value", id="no yield"),
    ],
)
def test_a_fixture_that_does_not_yield_exactly_once_is_named(
    run: RunSuite, backend: str, body: str, problem: str
) -> None:
    source = f"""
import pytest

@pytest.fixture
async def made():
    {body}

async def test_it(made):
    pass

async def test_after():
    pass
"""
    result = run(source, backend=backend)
    assert result.parseoutcomes()["errors"] == 1
    assert "PASSED test_it.py::test_after" in result.outlines
    result.stdout.fnmatch_lines([f"*LS403 async generator fixture made {problem}*"])
    result.stdout.fnmatch_lines(["*test_it.py:3 *made *"])


def test_an_async_generator_test_is_refused_and_named(run: RunSuite) -> None:
    result = run("async def test_it():\n    yield\n\nasync def test_after():\n    pass\n")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*LS402 test_it is an async generator*", "*test_it.py:1 *"])


def test_the_examples_of_a_given_test_share_its_loop_and_no_context(run: RunSuite) -> None:
    source = """
import asyncio, contextvars
from hypothesis import given, strategies as st
import pytest
SEEN = contextvars.ContextVar("seen", default=None)

@pytest.fixture(scope="module")
async def loop():
    return asyncio.get_running_loop()

@given(x=st.integers())
async def test_it(x, loop):
    assert asyncio.get_running_loop() is loop
    assert SEEN.get() is None
    SEEN.set(x)
"""
    run(source).assert_outcomes(passed=1)


def test_a_failing_example_is_shown_as_hypothesis_shows_it(run: RunSuite, backend: str) -> None:
    source = """
from hypothesis import given, strategies as st

@given(x=st.integers())
async def test_it(x):
    assert x < 10
"""
    result = run(source, backend=backend)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*x=10,*"])
