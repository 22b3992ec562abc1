"""The test under way and what is done for it, as those who act for it find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pytest

    from loopscope.backends.base import Host
    from loopscope.core.graph import Vertex
    from loopscope.plugin.timer import Activity


class UnderWay:
    """What is done just now.

    `item` is the test of ours that is being set up, called or torn down, None outside of a phase;
    `test` is what is planned of it, and `host` has its loop, once that is open. `activities` are
    what is done for it, each for the sake of the one before; and a loop `is_turning` from the
    moment that it is told to until it stands still.

    The blocks are classes because they are entered several times a test: a generator that
    `contextlib` makes a context manager of takes five times as long.
    """

    __slots__ = ("activities", "host", "is_turning", "item", "test")

    def __init__(self) -> None:
        self.item: pytest.Item | None = None
        self.test: Vertex | None = None
        self.host: Host | None = None
        self.activities: list[Activity] = []
        self.is_turning = False

    @property
    def name(self) -> str:
        """What a reader is told."""
        return "a test" if self.item is None else self.item.name

    def running(self, item: pytest.Item) -> AbstractContextManager[None]:
        """Mark `item` as the test that is being set up, called or torn down in a block."""
        return _Running(self, item)

    def doing(self, activity: Activity) -> AbstractContextManager[None]:
        """Let those who ask know what is done in a block."""
        return _Doing(self, activity)

    def turning(self, activity: Activity | None) -> AbstractContextManager[None]:
        """Take note that a loop turns in a block, for an activity that those who ask are told."""
        return _Doing(self, activity, is_turning=True)


class _Running:
    __slots__ = ("_before", "_item", "_under_way")

    def __init__(self, under_way: UnderWay, item: pytest.Item) -> None:
        self._under_way = under_way
        self._item = item

    def __enter__(self) -> None:
        self._before, self._under_way.item = self._under_way.item, self._item

    def __exit__(self, *_: object) -> None:
        self._under_way.item = self._before


class _Doing:
    __slots__ = ("_activity", "_is_turning", "_under_way")

    def __init__(
        self, under_way: UnderWay, activity: Activity | None, *, is_turning: bool = False
    ) -> None:
        self._under_way = under_way
        self._activity = activity
        self._is_turning = is_turning

    def __enter__(self) -> None:
        if self._is_turning:
            self._under_way.is_turning = True
        if self._activity is not None:
            self._under_way.activities.append(self._activity)

    def __exit__(self, *_: object) -> None:
        if self._is_turning:
            self._under_way.is_turning = False
        if self._activity is not None:
            self._under_way.activities.pop()
