"""Words that pytest-asyncio has had from 0.23 to today."""

from __future__ import annotations

import asyncio
import socket
from asyncio import get_running_loop as here
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

told: list[str] = []


@pytest_asyncio.fixture
async def made() -> AsyncIterator[asyncio.AbstractEventLoop]:
    told.append("up")
    yield here()
    await asyncio.sleep(0)
    told.append("down")


@pytest_asyncio.fixture(params=["first", "second"])
async def of_each(request: pytest.FixtureRequest) -> str:
    await asyncio.sleep(0)
    return str(request.param)


@pytest.mark.asyncio
async def test_a_test_and_its_fixture_are_on_one_loop(made: asyncio.AbstractEventLoop) -> None:
    await asyncio.sleep(0)
    assert made is here()
    told.append("test")


def test_a_fixture_is_torn_down_after_its_test() -> None:
    assert told == ["up", "test", "down"]


class TestInAClass:
    loop: asyncio.AbstractEventLoop

    @pytest_asyncio.fixture
    async def on_the_instance(self) -> TestInAClass:
        self.loop = here()
        return self

    @pytest.mark.asyncio
    async def test_a_fixture_is_bound_to_the_instance(self, on_the_instance: TestInAClass) -> None:
        assert on_the_instance is self
        assert self.loop is here()


@pytest.mark.asyncio
async def test_a_fixture_is_parametrised(of_each: str) -> None:
    assert of_each in ("first", "second")


@pytest.mark.asyncio
@pytest.mark.parametrize("number", [1, 2])
async def test_a_test_is_parametrised(number: int) -> None:
    assert number in (1, 2)


@pytest.mark.asyncio
@pytest.mark.xfail(raises=ZeroDivisionError, strict=True)
async def test_a_failure_that_is_expected() -> None:
    await asyncio.sleep(0)
    raise ZeroDivisionError


@pytest.mark.asyncio
async def test_a_skip_from_within() -> None:
    pytest.skip("from within")


@pytest.mark.asyncio
async def test_ports_that_nobody_uses(
    unused_tcp_port: int, unused_tcp_port_factory: Callable[[], int], unused_udp_port: int
) -> None:
    async def reply(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(reply, "127.0.0.1", unused_tcp_port)
    server.close()
    await server.wait_closed()
    assert unused_tcp_port_factory() != unused_tcp_port_factory()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as taken:
        taken.bind(("127.0.0.1", unused_udp_port))


def test_each_item_says_whether_it_is_theirs(request: pytest.FixtureRequest) -> None:
    said = {item.name: pytest_asyncio.is_async_test(item) for item in request.session.items}
    assert said["test_a_test_and_its_fixture_are_on_one_loop"]
    assert said["test_a_skip_from_within"]
    assert not said["test_a_fixture_is_torn_down_after_its_test"]


def test_the_plugin_is_found_by_its_name(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.hasplugin("asyncio")
