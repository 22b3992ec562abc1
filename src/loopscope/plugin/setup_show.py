"""What `--setup-show` tells of a test: in whose words it is written, and where it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.plugin import reporting
from loopscope.plugin.described import describe

if TYPE_CHECKING:
    from loopscope.plugin.state import State


class Owners:
    """Shows the owner of each async test."""

    def __init__(self, state: State) -> None:
        self._state = state

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if not isinstance(item, pytest.Function):
            return
        collection, plan = self._state.collection, self._state.plan
        owner = collection.owner(item)
        if owner is not None and describe(item).is_async:
            test = collection.tests.get(item)
            loop = None if test is None or plan is None else plan.loop_of(test.id)
            reporting.announce_owner(item.config, owner.name, loop)
