"""An item class of another plugin, for those who ask by `isinstance` whose a test is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from loopscope.dialects.vocabulary import SPOKEN

if TYPE_CHECKING:
    from loopscope.dialects.vocabulary import Dialect


class TestOfOurs(type):
    """A class that has no instances of its own, and all async tests of a dialect.

    Where we do not execute them it is the class that it stands for, `original`.
    """

    original: type
    dialect: type[Dialect]

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls.original, name)

    def __instancecheck__(cls, item: Any) -> bool:
        spoken = item.config.stash.get(SPOKEN, None) if isinstance(item, pytest.Item) else None
        if spoken is None or not spoken.executes:
            return isinstance(item, cls.original)
        owner = spoken.owner(item) if isinstance(item, pytest.Function) else None
        return isinstance(owner, cls.dialect) and spoken.describe(item).is_async
