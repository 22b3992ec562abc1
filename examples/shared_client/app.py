"""A notes service: notes are listed, read, written, deleted and followed over HTTP."""

import json
import math
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from store import Note, NoteStore

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectSendStream


class Feed:
    """Tell whoever follows about every new note."""

    def __init__(self) -> None:
        self._followers: set[MemoryObjectSendStream[Note]] = set()

    def publish(self, note: Note) -> None:
        """Hand a note to all followers, however slow they are."""
        for follower in self._followers:
            follower.send_nowait(note)

    async def follow(self, limit: float) -> AsyncIterator[str]:
        """Yield one JSON line when the feed is open, then one for each of `limit` notes."""
        send, receive = anyio.create_memory_object_stream[Note](math.inf)
        with send, receive:
            self._followers.add(send)
            try:
                yield _line(event="open")
                seen = 0
                while seen < limit:
                    note = await receive.receive()
                    seen += 1
                    yield _line(event="note", note=asdict(note))
            finally:
                self._followers.discard(send)


def _line(**fields: object) -> str:
    return json.dumps(fields) + "\n"


def create_app(store: NoteStore) -> Starlette:
    """Build the application on a store that somebody else opens and closes."""
    feed = Feed()

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def list_notes(request: Request) -> Response:
        notebook = request.query_params.get("notebook", "inbox")
        return JSONResponse([asdict(note) for note in await store.in_notebook(notebook)])

    async def write_note(request: Request) -> Response:
        body = await request.json()
        title = body.get("title", "").strip()
        if not title:
            raise HTTPException(422, "a note needs a title")
        author = request.headers.get("x-user", "anonymous")
        note = await store.add(body.get("notebook", "inbox"), title, author)
        feed.publish(note)
        return JSONResponse(asdict(note), status_code=201)

    async def read_note(request: Request) -> Response:
        note = await store.get(request.path_params["id"])
        if note is None:
            raise HTTPException(404, "no such note")
        return JSONResponse(asdict(note))

    async def delete_note(request: Request) -> Response:
        if not await store.remove(request.path_params["id"]):
            raise HTTPException(404, "no such note")
        return Response(status_code=204)

    async def follow(request: Request) -> Response:
        limit = float(request.query_params.get("limit", "inf"))
        return StreamingResponse(feed.follow(limit), media_type="application/x-ndjson")

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/notes", list_notes, methods=["GET"]),
            Route("/notes", write_note, methods=["POST"]),
            Route("/notes/{id:int}", read_note, methods=["GET"]),
            Route("/notes/{id:int}", delete_note, methods=["DELETE"]),
            Route("/feed", follow),
        ]
    )
