"""Where notes are kept: one protocol, and the SQLite driver that fits the event loop."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import aiosqlite
import anyio
import anyio.to_thread
import sniffio

_T = TypeVar("_T")

_CREATE = """
    CREATE TABLE IF NOT EXISTS note (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        notebook TEXT NOT NULL,
        title TEXT NOT NULL,
        author TEXT NOT NULL
    )
"""
_INSERT = "INSERT INTO note (notebook, title, author) VALUES (?, ?, ?)"
_SELECT_ONE = "SELECT id, notebook, title, author FROM note WHERE id = ?"
_SELECT_BOOK = "SELECT id, notebook, title, author FROM note WHERE notebook = ? ORDER BY id"
_DELETE = "DELETE FROM note WHERE id = ?"


@dataclass(frozen=True)
class Note:
    """Hold one note as it is stored."""

    id: int
    notebook: str
    title: str
    author: str


class NoteStore(Protocol):
    """Keep notes in notebooks."""

    async def add(self, notebook: str, title: str, author: str) -> Note:
        """Store a new note and return it with its id."""

    async def get(self, note_id: int) -> Note | None:
        """Return the note with this id, or None."""

    async def in_notebook(self, notebook: str) -> list[Note]:
        """Return the notes of one notebook, oldest first."""

    async def remove(self, note_id: int) -> bool:
        """Delete a note and tell whether there was one."""


class AiosqliteStore:
    """Keep notes in SQLite through aiosqlite, which knows asyncio only."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db

    async def add(self, notebook: str, title: str, author: str) -> Note:
        """Store a new note and return it with its id."""
        cursor = await self._db.execute(_INSERT, (notebook, title, author))
        await self._db.commit()
        assert cursor.lastrowid is not None
        return Note(cursor.lastrowid, notebook, title, author)

    async def get(self, note_id: int) -> Note | None:
        """Return the note with this id, or None."""
        cursor = await self._db.execute(_SELECT_ONE, (note_id,))
        row = await cursor.fetchone()
        return None if row is None else Note(*row)

    async def in_notebook(self, notebook: str) -> list[Note]:
        """Return the notes of one notebook, oldest first."""
        rows = await self._db.execute_fetchall(_SELECT_BOOK, (notebook,))
        return [Note(*row) for row in rows]

    async def remove(self, note_id: int) -> bool:
        """Delete a note and tell whether there was one."""
        cursor = await self._db.execute(_DELETE, (note_id,))
        await self._db.commit()
        return cursor.rowcount > 0


class ThreadedStore:
    """Keep notes in SQLite through a worker thread, for loops that aiosqlite does not know."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        # One statement at a time: the connection is shared by whatever threads anyio picks.
        self._turn = anyio.CapacityLimiter(1)

    async def add(self, notebook: str, title: str, author: str) -> Note:
        """Store a new note and return it with its id."""

        def insert() -> Note:
            with self._db:
                cursor = self._db.execute(_INSERT, (notebook, title, author))
            assert cursor.lastrowid is not None
            return Note(cursor.lastrowid, notebook, title, author)

        return await self._in_thread(insert)

    async def get(self, note_id: int) -> Note | None:
        """Return the note with this id, or None."""

        def select() -> Note | None:
            row = self._db.execute(_SELECT_ONE, (note_id,)).fetchone()
            return None if row is None else Note(*row)

        return await self._in_thread(select)

    async def in_notebook(self, notebook: str) -> list[Note]:
        """Return the notes of one notebook, oldest first."""

        def select() -> list[Note]:
            return [Note(*row) for row in self._db.execute(_SELECT_BOOK, (notebook,))]

        return await self._in_thread(select)

    async def remove(self, note_id: int) -> bool:
        """Delete a note and tell whether there was one."""

        def delete() -> bool:
            with self._db:
                return self._db.execute(_DELETE, (note_id,)).rowcount > 0

        return await self._in_thread(delete)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await anyio.to_thread.run_sync(work, limiter=self._turn)


@asynccontextmanager
async def open_store(path: Path) -> AsyncIterator[NoteStore]:
    """Open the notes at `path` with the driver that fits the running event loop."""
    # uvloop is asyncio here: sniffio names the library whose calls work, not the loop's maker.
    if sniffio.current_async_library() == "asyncio":
        async with aiosqlite.connect(path) as db:
            await db.execute(_CREATE)
            await db.commit()
            yield AiosqliteStore(db)
    else:
        with closing(sqlite3.connect(path, check_same_thread=False)) as connection:
            connection.execute(_CREATE)
            yield ThreadedStore(connection)
