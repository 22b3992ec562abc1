"""Words that anyio has had from 4.0 to today."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
import sniffio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

told: list[str] = []


def here() -> object:
    """Return the loop that is running, of whatever library."""
    if sniffio.current_async_library() == "trio":
        return sys.modules["trio"].lowlevel.current_trio_token()
    return sys.modules["asyncio"].get_running_loop()


async def checkpoint() -> None:
    await sys.modules[sniffio.current_async_library()].sleep(0)


@pytest.fixture
async def made(anyio_backend_name: str) -> AsyncIterator[object]:
    told.append(f"up {anyio_backend_name}")
    await checkpoint()
    yield here()
    await checkpoint()
    told.append(f"down {sniffio.current_async_library()}")


@pytest.fixture(scope="module")
async def of_module(anyio_backend: Any) -> AsyncIterator[object]:
    yield here()
    assert sniffio.current_async_library() == anyio_backend


async def test_a_test_and_its_fixture_are_on_one_loop(
    made: object, anyio_backend_name: str, anyio_backend_options: dict[str, Any]
) -> None:
    await checkpoint()
    assert made is here()
    assert sniffio.current_async_library() == anyio_backend_name
    assert anyio_backend_options == {}
    told.append(f"test {anyio_backend_name}")


async def test_a_test_is_on_the_loop_of_its_module(made: object, of_module: object) -> None:
    assert made is of_module is here()


@pytest.mark.xfail(raises=ZeroDivisionError, strict=True)
async def test_a_failure_that_is_expected() -> None:
    await checkpoint()
    raise ZeroDivisionError


async def test_a_skip_from_within() -> None:
    pytest.skip("from within")


def test_a_sync_test_uses_an_async_fixture(made: object) -> None:
    assert made is not None


def test_a_fixture_is_torn_down_after_its_test() -> None:
    for backend in ("asyncio", "trio"):
        first = told.index(f"test {backend}")
        assert told[first - 1 : first + 2] == [
            f"{word} {backend}" for word in ("up", "test", "down")
        ]


def test_the_plugin_is_found_by_its_name(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.hasplugin("anyio")
