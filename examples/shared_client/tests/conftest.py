"""One server and one client for the whole session, shared by every test that asks for them."""

import logging
import socket
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import anyio
import httpx
import pytest
import sniffio
from app import create_app
from hypercorn.config import Config
from identity import current_user, sign
from starlette.types import ASGIApp
from store import NoteStore, open_store


async def serve(app: ASGIApp, config: Config, stop: anyio.Event) -> None:
    """Serve `app` with the Hypercorn made for the running event loop until `stop` is set."""
    worker: Any
    if sniffio.current_async_library() == "trio":
        from hypercorn.trio import serve as worker
    else:
        from hypercorn.asyncio import serve as worker
    # A shutdown trigger keeps Hypercorn from taking the process's signal handlers.
    await worker(app, config, shutdown_trigger=stop.wait)


@pytest.fixture(scope="session")
async def store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NoteStore]:
    async with open_store(tmp_path_factory.mktemp("notes") / "notes.db") as store:
        yield store


@pytest.fixture(scope="session")
async def server(store: NoteStore) -> AsyncIterator[str]:
    # The socket listens before Hypercorn has it: the port cannot be taken by somebody else, and
    # a client that comes early waits in the queue. Nobody has to poll or to sleep.
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = listener.getsockname()
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.errorlog = logging.getLogger("hypercorn.error")

    stop = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(serve, create_app(store), config, stop))
        yield f"http://{host}:{port}"
        stop.set()


@pytest.fixture(scope="session")
async def client(server: str) -> AsyncIterator[httpx.AsyncClient]:
    # trust_env=False: a proxy in the environment has no business on loopback.
    async with httpx.AsyncClient(
        base_url=server, event_hooks={"request": [sign]}, timeout=3, trust_env=False
    ) as client:
        response = await client.get("/health")
        response.raise_for_status()
        yield client


@pytest.fixture(scope="module")
async def notebook(client: httpx.AsyncClient, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A notebook with three notes, one notebook a module."""
    name = request.module.__name__
    ids = []
    for title in ("milk", "bread", "stamps"):
        response = await client.post("/notes", json={"notebook": name, "title": title})
        ids.append(response.json()["id"])
    yield name
    for note_id in ids:
        await client.delete(f"/notes/{note_id}")


@pytest.fixture
async def note(client: httpx.AsyncClient) -> AsyncIterator[dict[str, Any]]:
    """A note that is gone after the test."""
    response = await client.post("/notes", json={"title": "for one test"})
    note: dict[str, Any] = response.json()
    yield note
    await client.delete(f"/notes/{note['id']}")


@pytest.fixture
async def as_grace() -> AsyncIterator[str]:
    token = current_user.set("grace")
    yield "grace"
    current_user.reset(token)


@pytest.fixture
def as_ada() -> Iterator[str]:
    token = current_user.set("ada")
    yield "ada"
    current_user.reset(token)
