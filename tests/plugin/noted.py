"""The notes of ours that a run shows on its failures, and a client to fail with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

WHY = "  why   what is bound to a loop works on that loop only"

# A client that binds itself to the loop on which it is first used, as clients do.
CLIENT = """
import asyncio, functools, pytest

class Client:
    shared = None

    def __init__(self):
        self.ready = None

    async def use(self):
        if self.ready is None:
            self.ready = asyncio.get_running_loop().create_future()
        else:
            await self.ready
"""


def notes(result: pytest.RunResult) -> list[list[str]]:
    """Return the notes of ours on the failures of a run, in lines, without what marks an error."""
    found: list[list[str]] = []
    margin = 0
    for line in result.outlines:
        text = line.lstrip("E |") if line.startswith(("E", "  |")) else ""
        indent = len(line) - len(text)
        if text.startswith("LS"):
            margin = indent
            found.append([text])
        elif text and margin and indent > margin:
            found[-1].append(line[margin:])
        else:
            margin = 0
    return found


def note(result: pytest.RunResult) -> list[str]:
    """Return the one note of ours that a run has shown."""
    [found] = notes(result)
    return found
