"""In whose words the async tests are written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loopscope.plugin.collection import Collection


def owners(collection: Collection) -> Counter[str | None]:
    """Return how many async tests are written in which dialect, None if nobody claims them."""
    counts: Counter[str | None] = Counter()
    for alike in collection.decisions.all:
        if alike.needs_loop and alike.lacking is None:
            counts[None if alike.owner is None else alike.owner.name] += alike.count
    return counts
