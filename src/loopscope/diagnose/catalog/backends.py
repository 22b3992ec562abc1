"""LS2xx: what runs on which backend, and who owns it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.diagnose.catalog.finding import Finding

if TYPE_CHECKING:
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
