"""Tests of trio and of asyncio run in turn, each on what its words say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.vocabularies.suites import HERE

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

AUTO_MODES = {
    "strict": (),
    "asyncio auto": ("--asyncio-mode=auto",),
    "both autos": (
        "--asyncio-mode=auto",
        "--anyio-mode=auto",
        "-Wignore::pytest.PytestConfigWarning",
    ),
}

BACKENDS = f"""
{HERE}
import anyio
from anyio.lowlevel import checkpoint

pytestmark = pytest.mark.anyio

@pytest.fixture
async def made(anyio_backend_name):
    await checkpoint()
    assert library() == anyio_backend_name
    yield here()
    assert library() == anyio_backend_name

async def test_runs_on_its_backend(made, anyio_backend_name, request):
    await checkpoint()
    assert made is here()
    event(f"{{request.node.name}} {{library()}}")

class TestMethods:
    async def test_of_a_class(self, made, request):
        assert made is here()
        event(f"{{request.node.name}} {{library()}}")

    @staticmethod
    async def test_of_no_instance(request):
        event(f"{{request.node.name}} {{library()}}")
"""

RUN = (
    "test_runs_on_its_backend",
    "TestMethods::test_of_a_class",
    "TestMethods::test_of_no_instance",
)


@pytest.mark.parametrize("modes", AUTO_MODES)
def test_an_anyio_test_runs_on_each_of_its_backends_under_every_mode(
    suite: Suite, modes: str
) -> None:
    suite.write({"test_it.py": BACKENDS})
    suite.ran(*AUTO_MODES[modes]).all_passed(
        *(f"{name}[{backend}]" for backend in ("asyncio", "trio") for name in RUN)
    )
    assert suite.events == [
        f"{name}[{backend}] {backend}"
        for backend in ("asyncio", "trio")
        for name in (name.rpartition("::")[2] for name in RUN)
    ]


OTHERS = f"""
{HERE}
import trio

@pytest.mark.trio
async def test_of_pytest_trio(autojump_clock):
    before = trio.current_time()
    await trio.sleep(3600)
    assert trio.current_time() - before == 3600
    event(library())

@pytest.mark.loopscope(backend="trio")
async def test_of_ours():
    await trio.sleep(0)
    event(library())

@pytest.mark.loopscope(backend=["asyncio", "trio"])
async def test_of_ours_twice():
    event(library())
"""


@pytest.mark.parametrize("modes", AUTO_MODES)
def test_a_mark_that_names_trio_is_not_overridden_by_a_mode(suite: Suite, modes: str) -> None:
    suite.write({"test_it.py": OTHERS})
    suite.ran(*AUTO_MODES[modes]).all_passed(
        "test_of_pytest_trio",
        "test_of_ours",
        "test_of_ours_twice[asyncio]",
        "test_of_ours_twice[trio]",
    )
    assert suite.events == ["trio", "trio", "asyncio", "trio"]


# A session fixture that lives on asyncio, in each vocabulary, and the test that sets it up.
SESSION_FIXTURES = {
    "own": ("@pytest.fixture(scope='session')", "", ()),
    "asyncio strict": (
        "import pytest_asyncio\n@pytest_asyncio.fixture(scope='session')",
        "@pytest.mark.asyncio",
        (),
    ),
    "asyncio auto": ("@pytest.fixture(scope='session')", "", ("--asyncio-mode=auto",)),
    "asyncio declared": (
        "import pytest_asyncio\n@pytest_asyncio.fixture(scope='session', loop_scope='session')",
        "@pytest.mark.asyncio(loop_scope='session')",
        (),
    ),
    "anyio": (
        "@pytest.fixture(scope='session')\ndef anyio_backend():\n    return 'asyncio'\n"
        "@pytest.fixture(scope='session')",
        "@pytest.mark.anyio",
        (),
    ),
}

# {fixture} and {test} are the words that a vocabulary has for them.
ALIVE = """
{HERE}
import sniffio, trio

{fixture}
async def session():
    event(f"up {{library()}}")
    loop = here()
    task = asyncio.ensure_future(asyncio.sleep(3600))
    yield loop
    assert here() is loop
    task.cancel()
    event(f"down {{library()}}")

{test}
async def test_1(session):
    assert here() is session

@pytest.fixture
async def on_trio():
    await trio.sleep(0)
    yield here()
    await trio.sleep(0)
    assert library() == "trio"

@pytest.mark.trio
async def test_2_pytest_trio(on_trio, autojump_clock):
    await trio.sleep(60)
    assert here() is on_trio
    event(f"{{library()}} {{sniffio.current_async_library()}}")

@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_3_anyio(on_trio, anyio_backend_name):
    assert anyio_backend_name == "trio"
    await trio.sleep(0)
    assert here() is on_trio
    event(f"{{library()}} {{sniffio.current_async_library()}}")

@pytest.mark.loopscope(backend="trio")
async def test_4_own({own}):
    await trio.sleep(0)
    event(f"{{library()}} {{sniffio.current_async_library()}}")

@pytest.mark.trio
async def test_5_asyncio_is_not_seen():
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()

{test}
async def test_6(session):
    await asyncio.sleep(0)
    assert here() is session
    event(f"{{library()}} {{sniffio.current_async_library()}}")
"""


@pytest.mark.parametrize("vocabulary", SESSION_FIXTURES)
def test_a_trio_test_runs_on_trio_while_an_asyncio_session_fixture_is_alive(
    suite: Suite, vocabulary: str
) -> None:
    fixture, test, arguments = SESSION_FIXTURES[vocabulary]
    # In pytest-asyncio's auto mode a bare fixture is its own, whatever else uses it.
    source = ALIVE.format(HERE=HERE, fixture=fixture, test=test, own="on_trio")
    suite.write({"test_it.py": source})
    suite.ran(*arguments).all_passed(
        "test_1",
        "test_2_pytest_trio",
        "test_3_anyio[trio]",
        "test_4_own",
        "test_5_asyncio_is_not_seen",
        "test_6",
    )
    assert suite.events == [
        "up asyncio",
        "trio trio",
        "trio trio",
        "trio trio",
        "asyncio asyncio",
        "down asyncio",
    ]


BOTH_ALIVE = f"""
{HERE}
import trio

@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param

@pytest.fixture(scope="module")
async def shared(anyio_backend):
    event(f"up {{library()}}")
    yield here()
    event(f"down {{library()}}")

@pytest.mark.anyio
async def test_one(shared):
    assert here() is shared

@pytest.mark.trio
async def test_between(autojump_clock):
    await trio.sleep(5)
    event("between")

@pytest.mark.anyio
async def test_two(shared):
    assert here() is shared
"""


def test_a_module_fixture_of_anyio_is_made_once_for_each_backend(suite: Suite) -> None:
    suite.write({"test_it.py": BOTH_ALIVE})
    suite.ran().all_passed(
        "test_one[asyncio]",
        "test_between",
        "test_two[asyncio]",
        "test_one[trio]",
        "test_two[trio]",
    )
    assert [event for event in suite.events if event != "between"] == [
        "up asyncio",
        "down asyncio",
        "up trio",
        "down trio",
    ]
