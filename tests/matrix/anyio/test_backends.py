"""A test names what it runs on, with options if need be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sniffio

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_one_backend_only() -> None:
    assert sniffio.current_async_library() == "trio"


@pytest.mark.parametrize(
    "anyio_backend", [pytest.param(("asyncio", {"debug": True}), id="asyncio in debug mode")]
)
async def test_a_backend_with_options(anyio_backend_options: dict[str, Any]) -> None:
    assert anyio_backend_options == {"debug": True}
    assert asyncio.get_running_loop().get_debug()
