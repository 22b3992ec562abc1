"""In whose words each async test is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.plugin import _compat
from loopscope.plugin.collection import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest

    from loopscope.plugin.collection import Collection


def owners(items: Iterable[pytest.Item], collection: Collection) -> Iterator[str | None]:
    """Yield the name of the dialect of each async test, None where nobody claims it."""
    for item in items:
        if _compat.is_test_function(item) and describe(item).is_async:
            owner = collection.owner(item)
            yield None if owner is None else owner.name
