"""LS3xx: what crashes, lingers or takes too long while the suite runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.diagnose.catalog.finding import Finding, place_of

if TYPE_CHECKING:
    from loopscope.core.graph import Vertex
    from loopscope.core.origin import Origin
    from loopscope.core.plan import Loop


def crashed(owner: Vertex, test: str) -> str:
    """Say, as a note on the error, whose background task raised it (LS301)."""
    return (
        f"LS301 raised in the background of fixture {owner.name} ({owner.origin}) "
        f"while {test} ran, which was cancelled because of it"
    )


def needs_crashed(owner: Vertex, error: BaseException | None) -> Finding:
    """LS302: a fixture that is needed has crashed earlier on."""
    return Finding(
        "LS302",
        f"fixture {owner.name} has crashed earlier on",
        ((owner.origin, owner.name, _shown(error) if error else "cancelled its own scope"),),
        "it is torn down, and is not set up again in its scope",
        f"see the first test that failed with LS301 for {owner.name}",
    )


def cancelled_silently(owner: Vertex | None, test: str) -> Finding:
    """LS303: the scope of a test was cancelled, and nobody raised an error."""
    if owner is None:
        return Finding(
            "LS303",
            f"{test} was cancelled, and no fixture's scope asked for it",
            why="somebody cancelled the task that its fixtures live in",
        )
    return Finding(
        "LS303",
        f"fixture {owner.name} cancelled {test} and raised no error",
        ((owner.origin, owner.name, "cancelled the scope that it holds open"),),
        "a scope that is cancelled across its yield cancels what runs below it",
        "have the fixture say why: fail_after instead of move_on_after, or an error of its own",
    )


def _shown(error: BaseException) -> str:
    """Return the `repr` of an error, or its type if it has none that works."""
    try:
        return repr(error)
    except Exception:
        return f"{type(error).__name__}, which cannot be shown"


def disorderly(loop: Loop, error: Exception) -> str:
    """LS304: a loop could not be shut down in order."""
    return (
        f"LS304 {place_of(loop)} was not shut down in order: {_shown(error)}. An exception "
        "occurred during teardown of an asyncio.Runner, as pytest-asyncio words it; what was left "
        "on the loop is lost. Do not close a loop that you have not made."
    )


def died(task: str, owner: Vertex | None, made_at: Origin | None) -> str:
    """Say, as a note on the error, which task ended with it that nobody awaits (LS305)."""
    lines = [f"LS305 ended the background task {task}, and nobody awaited that"]
    if made_at is not None:
        lines.append(f"  {made_at}  created it")
    if owner is not None:
        lines.append(f"  {owner.origin}  {owner.name}, on whose behalf it ran")
    return "\n".join(lines)


def told_to_the_loop(message: str, test: str) -> str:
    """Say, as a note on the error, that only the loop was told of it (LS306)."""
    return f"LS306 only the loop was told of this, while {test} ran: {message}"
