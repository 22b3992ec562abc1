"""Values that nobody changes, and of which there is one for each test.

A dataclass that is frozen sets each field through `object.__setattr__`, so that making one takes
three times as long as making one that is not. It is the type checker that holds them unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:
    from dataclasses import dataclass

    def value(*, frozen: bool, slots: bool) -> Any:
        """Make a dataclass that has a hash, as frozen ones have, and is not held to be frozen."""

        def make(cls: type) -> type:
            has_hash = "__hash__" in vars(cls)
            return dataclass(slots=slots, unsafe_hash=frozen and not has_hash)(cls)

        return make


__all__ = ["value"]
