"""The store by itself: nothing here is shared by the session, so nothing runs on its loop."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from store import NoteStore, open_store


@pytest.fixture(scope="module")
async def archive(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NoteStore]:
    """A store that the tests of this module read and do not write."""
    async with open_store(tmp_path_factory.mktemp("archive") / "notes.db") as store:
        await store.add("1843", "Notes on the engine", "ada")
        await store.add("1952", "The education of a computer", "grace")
        yield store


@pytest.fixture
async def scratch(tmp_path: Path) -> AsyncIterator[NoteStore]:
    """An empty store for one test."""
    async with open_store(tmp_path / "notes.db") as store:
        yield store


async def test_the_archive_has_a_note_a_year(archive: NoteStore) -> None:
    assert [note.author for note in await archive.in_notebook("1843")] == ["ada"]


async def test_the_archive_is_read_side_by_side(archive: NoteStore) -> None:
    found = {}

    async def read(year: str) -> None:
        found[year] = len(await archive.in_notebook(year))

    async with anyio.create_task_group() as tasks:
        for year in ("1843", "1952", "2000"):
            tasks.start_soon(read, year)
    assert found == {"1843": 1, "1952": 1, "2000": 0}


async def test_a_note_gets_an_id(scratch: NoteStore) -> None:
    note = await scratch.add("inbox", "milk", "ada")
    assert await scratch.get(note.id) == note


async def test_a_new_store_is_empty(scratch: NoteStore) -> None:
    assert await scratch.in_notebook("inbox") == []


async def test_a_note_is_removed_once(scratch: NoteStore) -> None:
    note = await scratch.add("inbox", "milk", "ada")
    assert await scratch.remove(note.id)
    assert not await scratch.remove(note.id)


async def test_a_store_is_read_after_it_was_closed(tmp_path: Path) -> None:
    async with open_store(tmp_path / "notes.db") as store:
        await store.add("inbox", "milk", "ada")
    async with open_store(tmp_path / "notes.db") as store:
        assert [note.title for note in await store.in_notebook("inbox")] == ["milk"]
