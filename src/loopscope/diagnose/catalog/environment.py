"""LS5xx: what the process around the suite, or a library in it, does to its loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.diagnose.catalog.finding import Finding

if TYPE_CHECKING:
    from loopscope.core.origin import Origin


def nested_run(user: str, origin: Origin) -> Finding:
    """LS501: code that runs on a loop runs a loop itself."""
    return Finding(
        "LS501",
        f"{user} runs a loop inside the loop that runs it",
        ((origin, user, "runs a loop of its own here"),),
        "a thread runs one loop at a time, and the loop that would wait here is running this code",
        "await the coroutine instead; or, from a synchronous function that cannot be changed,\n"
        "call that function in a thread (asyncio.to_thread, trio.to_thread.run_sync)",
    )
