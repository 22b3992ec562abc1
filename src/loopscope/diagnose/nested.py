"""Loops that async code tries to run while its own is running, by what the libraries say of it."""

from __future__ import annotations

_REFUSALS = {
    "asyncio.run() cannot be called from a running event loop": "asyncio.run",
    "Runner.run() cannot be called from a running event loop": "asyncio.Runner.run",
    "This event loop is already running": "run_until_complete",
    "Cannot run the event loop while another loop is running": "run_until_complete",
    "Attempted to call run() from inside a run()": "trio.run",
    "Already running asyncio in this thread": "anyio.run",
    "Already running trio in this thread": "anyio.run",
}


def called_while_running(error: BaseException) -> str | None:
    """Return what was called that must not be called while a loop is running, if that is it."""
    return _REFUSALS.get(str(error)) if type(error) is RuntimeError else None
