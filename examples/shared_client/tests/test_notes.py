"""Notes over HTTP: every test here shares the session's server and client."""

from typing import Any

import anyio
import httpx


async def test_a_note_is_read_back(client: httpx.AsyncClient, note: dict[str, Any]) -> None:
    response = await client.get(f"/notes/{note['id']}")
    assert response.json() == note


async def test_a_notebook_lists_its_own_notes(client: httpx.AsyncClient, notebook: str) -> None:
    response = await client.get("/notes", params={"notebook": notebook})
    assert [note["title"] for note in response.json()] == ["milk", "bread", "stamps"]


async def test_a_note_of_the_test_before_is_gone(
    client: httpx.AsyncClient, note: dict[str, Any]
) -> None:
    response = await client.get("/notes")
    assert response.json() == [note]


async def test_a_note_needs_a_title(client: httpx.AsyncClient) -> None:
    response = await client.post("/notes", json={"title": "  "})
    assert response.status_code == 422


async def test_an_unknown_note_is_not_found(client: httpx.AsyncClient) -> None:
    response = await client.get("/notes/999999")
    assert response.status_code == 404


async def test_notes_written_at_once_are_all_kept(client: httpx.AsyncClient) -> None:
    async def write(title: str) -> None:
        await client.post("/notes", json={"notebook": "burst", "title": title})

    titles = [f"note {number}" for number in range(8)]
    async with anyio.create_task_group() as tasks:
        for title in titles:
            tasks.start_soon(write, title)

    response = await client.get("/notes", params={"notebook": "burst"})
    assert sorted(note["title"] for note in response.json()) == titles
