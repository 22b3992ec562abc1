"""A test that has `anyio_backend` among its fixtures needs no mark."""

from __future__ import annotations

from typing import Any

import pytest
import sniffio


@pytest.fixture(scope="module", params=["trio", "asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


async def test_the_backend_is_named_by_an_argument(anyio_backend: Any) -> None:
    assert sniffio.current_async_library() == anyio_backend


async def test_the_backend_is_reached_by_a_fixture(anyio_backend_name: str) -> None:
    assert sniffio.current_async_library() == anyio_backend_name
