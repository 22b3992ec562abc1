"""What anyio's plugin cannot do by itself, so that nobody mistakes whose engine it is."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

var = ContextVar("var", default="unset")


@pytest.fixture(scope="module")
async def of_module(anyio_backend: Any) -> None:
    return


@pytest.fixture
def sets() -> Iterator[None]:
    token = var.set("by a fixture")
    yield
    var.reset(token)


async def test_a_test_sees_what_a_sync_fixture_set(of_module: None, sets: None) -> None:
    assert var.get() == "by a fixture"
    var.set("by a test")


async def test_a_test_does_not_see_what_the_last_one_set(of_module: None) -> None:
    assert var.get() == "unset"


class TestInAClass:
    @pytest.fixture
    async def on_the_instance(self) -> TestInAClass:
        return self

    # The first versions of anyio's own plugin bind it to another instance.
    async def test_a_fixture_is_bound_to_the_instance(self, on_the_instance: TestInAClass) -> None:
        assert on_the_instance is self


async def test_our_plugin_executes_and_theirs_does_not(request: pytest.FixtureRequest) -> None:
    manager = request.config.pluginmanager
    assert manager.hasplugin("loopscope-execution")
    assert getattr(manager.get_plugin("anyio"), "__name__", "").startswith("loopscope.")
