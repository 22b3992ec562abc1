"""One file in all vocabularies passes in one run, whichever of the plugins are installed."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.vocabularies.hiding import hide
from tests.vocabularies.suites import HERE

if TYPE_CHECKING:
    from tests.vocabularies.suites import Ran, Suite

INI = """
[pytest]
addopts = --strict-markers --strict-config
asyncio_mode = auto
asyncio_default_fixture_loop_scope = module
asyncio_default_test_loop_scope = function
asyncio_debug = false
anyio_mode = strict
trio_mode = false
trio_run = trio
"""

MIXED = f"""
{HERE}
from contextlib import suppress
import importlib.util

import trio

fixture = pytest.fixture
with suppress(ImportError):
    import pytest_asyncio
    fixture = pytest_asyncio.fixture

@fixture(scope="module")
async def shared():
    event(f"shared up {{library()}}")
    yield here()
    event(f"shared down {{library()}}")

@pytest.fixture
async def made():
    yield running()
    event(f"made down {{library()}}")

@pytest.mark.asyncio(loop_scope="module")
async def test_asyncio(shared):
    assert here() is shared
    await asyncio.sleep(0)
    event("asyncio")

@pytest.mark.anyio
async def test_anyio(made, anyio_backend, anyio_backend_name, anyio_backend_options):
    assert made == running()
    assert library() == anyio_backend_name == anyio_backend
    assert anyio_backend_options == {{}}
    event(f"anyio {{library()}}")

@pytest.mark.trio
async def test_trio(made, autojump_clock, nursery):
    assert made == running()
    assert library() == "trio"
    rung = trio.Event()
    async def alarm():
        await trio.sleep(3600)
        rung.set()
    nursery.start_soon(alarm)
    nursery.start_soon(trio.sleep_forever)
    await rung.wait()
    assert autojump_clock.current_time() >= 3600
    event("trio")

@pytest.mark.trio
async def test_trio_by_hand(mock_clock):
    before = trio.current_time()
    mock_clock.jump(60)
    assert trio.current_time() == before + 60

async def test_unmarked(shared):
    assert here() is shared
    await asyncio.sleep(0)
    event("unmarked")

@pytest.mark.loopscope(backend="trio")
async def test_of_ours(made):
    assert made == running()
    event(f"ours {{library()}}")

def test_sync(shared):
    event("sync")
"""

MIXED_NAMES = (
    "test_asyncio",
    "test_anyio[asyncio]",
    "test_anyio[trio]",
    "test_trio",
    "test_trio_by_hand",
    "test_unmarked",
    "test_of_ours",
    "test_sync",
)

MIXED_EVENTS = [
    "shared up asyncio",
    "asyncio",
    "anyio asyncio",
    "made down asyncio",
    "anyio trio",
    "made down trio",
    "trio",
    "made down trio",
    "unmarked",
    "ours trio",
    "made down trio",
    "sync",
    "shared down asyncio",
]

HELPERS = """
import socket

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}

def bind(port, kind):
    with socket.socket(socket.AF_INET, KINDS[kind]) as taken:
        taken.bind(("127.0.0.1", port))

def test_unused_ports(
    unused_tcp_port, unused_udp_port, unused_tcp_port_factory, unused_udp_port_factory
):
    bind(unused_tcp_port, "tcp")
    bind(unused_udp_port, "udp")
    for factory in (unused_tcp_port_factory, unused_udp_port_factory):
        assert len({factory() for _ in range(20)}) == 20

def test_free_ports(free_tcp_port, free_udp_port, free_tcp_port_factory, free_udp_port_factory):
    bind(free_tcp_port, "tcp")
    bind(free_udp_port, "udp")
    for factory in (free_tcp_port_factory, free_udp_port_factory):
        assert len({factory() for _ in range(20)}) == 20
        bind(factory(socket.AF_INET), "tcp" if factory is free_tcp_port_factory else "udp")
    assert free_tcp_port_factory.kind == socket.SOCK_STREAM
    assert free_udp_port_factory.kind == socket.SOCK_DGRAM

def test_policy(event_loop_policy):
    loop = event_loop_policy.new_event_loop()
    loop.close()
"""

FACTORIES = {
    "factories/conftest.py": """
        import asyncio

        class Custom(asyncio.SelectorEventLoop):
            pass

        def pytest_asyncio_loop_factories(config, item):
            return {"plain": asyncio.SelectorEventLoop, "custom": Custom}
    """,
    "factories/test_factories.py": """
        import asyncio
        import pytest
        from events import event

        @pytest.fixture
        async def loop():
            yield asyncio.get_running_loop()

        async def test_on_each(request, loop):
            assert loop is asyncio.get_running_loop()
            event(f"{request.node.name} {type(loop).__name__}")

        @pytest.mark.asyncio(loop_factories=["custom"])
        async def test_on_one(request, loop):
            event(f"{request.node.name} {type(loop).__name__}")

        def test_sync(): ...
    """,
}

PLUGINS = ("pytest-asyncio", "pytest-trio", "anyio's plugin")
ABSENT = [
    [name for name, is_there in zip(PLUGINS, there, strict=True) if not is_there]
    for there in product([True, False], repeat=3)
]
# Where anyio's plugin is not, anyio may not be either.
ABSENT += [[*others, "anyio"] for others in ([], ["pytest-asyncio", "pytest-trio"])]


@pytest.fixture
def absent(
    request: pytest.FixtureRequest, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Hide some of the plugins from the run; return which."""
    names: list[str] = request.param
    hide(names, suite.root / "hidden", monkeypatch)
    return names


def whichever_is_there(absent: list[list[str]]) -> pytest.MarkDecorator:
    """Run a test without each of these."""
    ids = [f"without {', '.join(names) or 'none'}" for names in absent]
    return pytest.mark.parametrize("absent", absent, ids=ids, indirect=True)


ALL_OR_NONE = [[], ["pytest-asyncio", "pytest-trio", "anyio's plugin"]]


# So that a run says what it could import.
WHO = """
import importlib.util

def pytest_report_header(config):
    there = [
        name
        for name, module in [
            ("pytest-asyncio", "pytest_asyncio"), ("pytest-trio", "pytest_trio"),
            ("anyio", "anyio"),
        ]
        if importlib.util.find_spec(module)
    ]
    if "anyio" in there and importlib.util.find_spec("anyio.pytest_plugin"):
        there.append("anyio's plugin")
    return f"there: {there}"
"""


def check_what_was_there(ran: Ran, absent: list[str]) -> None:
    """Assert that what was to be hidden was, and nothing else."""
    gone = {*absent, *(["anyio's plugin"] if "anyio" in absent else [])}
    there = [
        n for n in ("pytest-asyncio", "pytest-trio", "anyio", "anyio's plugin") if n not in gone
    ]
    assert f"there: {there}" in ran.lines, ran.out
    (plugins,) = (line for line in ran.lines if line.startswith("plugins: "))
    for name, told in zip(PLUGINS, (" asyncio-", " trio-", " anyio-"), strict=True):
        assert (told in plugins) is (name not in gone), ran.out


@whichever_is_there(ABSENT)
def test_everything_is_understood_whichever_plugins_are_there(
    suite: Suite, absent: list[str]
) -> None:
    suite.write(
        {
            "pytest.ini": INI,
            "conftest.py": WHO,
            "test_mixed.py": MIXED,
            "test_helpers.py": HELPERS,
            **FACTORIES,
        }
    )
    ran = suite.ran("test_mixed.py", "test_helpers.py", "factories", apart=True)
    check_what_was_there(ran, absent)
    assert ran.outcomes == dict.fromkeys(
        (
            *MIXED_NAMES,
            "test_unused_ports",
            "test_free_ports",
            "test_policy",
            "test_on_each[plain]",
            "test_on_each[custom]",
            "test_on_one",
        ),
        "passed",
    ) | {"test_sync": "passed+passed"}, ran.out
    assert suite.events[: len(MIXED_EVENTS)] == MIXED_EVENTS
    # pytest runs the tests that share a parameter one after the other.
    assert set(suite.events[len(MIXED_EVENTS) :]) == {
        "test_on_each[plain] _UnixSelectorEventLoop",
        "test_on_each[custom] Custom",
        "test_on_one Custom",
    }


BY_COMMAND_LINE = ("--asyncio-mode=strict", "--anyio-mode=auto", "--asyncio-debug")

STRICT = f"""
{HERE}

@pytest.mark.asyncio
async def test_in_debug_mode():
    assert here().get_debug()

async def test_of_anyio_by_its_mode(anyio_backend_name):
    assert library() == anyio_backend_name

@pytest.mark.trio
async def test_trio():
    assert library() == "trio"
"""


@whichever_is_there(ALL_OR_NONE)
def test_the_command_line_is_understood_whichever_plugins_are_there(
    suite: Suite, absent: list[str]
) -> None:
    suite.write({"pytest.ini": INI, "conftest.py": WHO, "test_it.py": STRICT})
    ran = suite.ran(*BY_COMMAND_LINE, apart=True)
    check_what_was_there(ran, absent)
    ran.all_passed(
        "test_in_debug_mode",
        "test_of_anyio_by_its_mode[asyncio]",
        "test_of_anyio_by_its_mode[trio]",
        "test_trio",
    )
    assert any(line.startswith("asyncio: mode=strict, debug=True") for line in ran.lines), ran.out


TRIO_MODE = f"""
{HERE}

@pytest.fixture
async def made():
    yield here()

async def test_unmarked(made, nursery, autojump_clock):
    assert library() == "trio"
    assert here() is made
"""


@whichever_is_there(ALL_OR_NONE)
def test_trio_mode_is_understood_whichever_plugins_are_there(
    suite: Suite, absent: list[str]
) -> None:
    suite.write({"pytest.ini": "[pytest]\ntrio_mode = true\n", "test_it.py": TRIO_MODE})
    ran = suite.ran("--strict-config", "--strict-markers", apart=True)
    ran.all_passed("test_unmarked")
