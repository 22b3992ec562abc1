"""Who asks: context variables set by fixtures, and a sync test on the same server."""

import asyncio
from typing import Any

import httpx
import sniffio
from identity import current_user


async def test_an_async_fixture_sets_the_user(client: httpx.AsyncClient, as_grace: str) -> None:
    response = await client.post("/notes", json={"notebook": "who", "title": "by grace"})
    assert response.json()["author"] == "grace"


async def test_a_sync_fixture_sets_the_user(client: httpx.AsyncClient, as_ada: str) -> None:
    response = await client.post("/notes", json={"notebook": "who", "title": "by ada"})
    assert response.json()["author"] == "ada"


async def test_a_user_set_by_a_test_stays_in_the_test(client: httpx.AsyncClient) -> None:
    current_user.set("mallory")
    response = await client.post("/notes", json={"notebook": "who", "title": "by mallory"})
    assert response.json()["author"] == "mallory"


async def test_nobody_is_signed_in_by_default(client: httpx.AsyncClient) -> None:
    response = await client.post("/notes", json={"notebook": "who", "title": "by nobody"})
    assert response.json()["author"] == "anonymous"


def test_a_sync_test_asks_the_same_server(loopscope: Any, client: httpx.AsyncClient) -> None:
    response = loopscope.run(client.get, "/health")
    assert response.json() == {"status": "ok"}


def test_a_sync_test_sees_the_user_of_an_async_fixture(
    loopscope: Any, client: httpx.AsyncClient, as_grace: str
) -> None:
    assert current_user.get() == "grace"
    response = loopscope.run(write, client)
    assert response.json()["author"] == "grace"


async def write(client: httpx.AsyncClient) -> httpx.Response:
    return await client.post("/notes", json={"notebook": "who", "title": "from a sync test"})


async def test_the_backend_is_known_by_name(loopscope: Any) -> None:
    if loopscope.backend == "trio":
        assert sniffio.current_async_library() == "trio"
    else:
        loop = asyncio.get_running_loop()
        assert (loopscope.backend == "uvloop") == type(loop).__module__.startswith("uvloop")
