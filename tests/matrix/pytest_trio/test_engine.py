"""What pytest-trio cannot do by itself, so that nobody mistakes whose engine it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.trio


@pytest.fixture(scope="module")
async def of_module() -> AsyncIterator[object]:
    async with trio.open_nursery():
        yield trio.lowlevel.current_trio_token()


async def test_a_fixture_is_wider_than_a_test(of_module: object) -> None:
    assert of_module is trio.lowlevel.current_trio_token()


async def test_and_is_the_same_for_the_next_one(of_module: object) -> None:
    assert of_module is trio.lowlevel.current_trio_token()


class TestInAClass:
    @pytest.fixture
    async def on_the_instance(self) -> TestInAClass:
        await trio.sleep(0)
        return self

    async def test_a_fixture_is_bound_to_the_instance(self, on_the_instance: TestInAClass) -> None:
        assert on_the_instance is self


async def test_our_plugin_executes_and_theirs_does_not(request: pytest.FixtureRequest) -> None:
    manager = request.config.pluginmanager
    assert manager.hasplugin("loopscope-execution")
    assert getattr(manager.get_plugin("trio"), "__name__", "").startswith("loopscope.")
