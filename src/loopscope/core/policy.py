"""How loops that nobody declared are found."""

from __future__ import annotations

import enum


class Policy(enum.Enum):
    """How loops that nobody declared are found."""

    PLANNED = "planned"
    """Widen them until users share the loop of what they use."""
    DECLARED = "declared"
    """Give everything the loop of its own scope, as if that had been declared."""
