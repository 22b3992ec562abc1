"""LS2xx: what runs on which backend, and who owns it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.diagnose.catalog.finding import Finding, place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.core.graph import Vertex
    from loopscope.core.origin import Origin
    from loopscope.core.plan import Loop
    from loopscope.core.rules import BackendMismatch


def backend_mismatch(found: BackendMismatch, fix: str = "") -> Finding:
    """LS201: two that use one another run on different backends."""
    user, used = found.user, found.used
    return Finding(
        "LS201",
        f"backend mismatch: {user.name} ({user.backend}) uses {used.name} ({used.backend})",
        (
            (used.origin, used.name, f"runs on {used.backend}"),
            (user.origin, user.name, f"runs on {user.backend}"),
        ),
        f"nothing that {used.backend} made can be awaited on {user.backend}",
        fix,
        user.id,
    )


def beside_own_loop(
    used: Vertex, loop: Loop, cases: Sequence[tuple[str, Origin]], shown: int = 3
) -> Finding:
    """LS202: an async fixture of test cases that make their loop themselves.

    Told and not refused: its setup and teardown run in order, and a suite that wants no more of it
    than that, as with pytest-asyncio, is right.
    """
    name = cases[0][0]
    others = f" and {len(cases) - 1} more" if len(cases) > 1 else ""
    return Finding(
        "LS202",
        f"{used.name} does not share the loop of {name}{others}",
        (
            (used.origin, used.name, f"set up on {place_of(loop)}"),
            *((where, case, "an IsolatedAsyncioTestCase") for case, where in cases[:shown]),
        ),
        "unittest runs each method of such a class on a loop that it makes itself;\n"
        f"{used.name} is set up and torn down, but what it makes cannot be awaited there",
        "make it in asyncSetUp and take it down by addAsyncCleanup; or\n"
        f"derive {name} from no TestCase: it then shares the loop of {used.name}",
    )
