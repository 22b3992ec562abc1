"""What the plugin keeps for one pytest session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from loopscope.backends.interrupts import Interrupts
    from loopscope.core.plan import Plan
    from loopscope.diagnose.catalog import Finding
    from loopscope.plugin.collection import Collection
    from loopscope.plugin.engine_trace import EngineTrace
    from loopscope.plugin.execution import Execution
    from loopscope.plugin.options import Settings


@dataclass(eq=False, slots=True)
class State:
    """Settings from the start, collection and plan once there are any."""

    settings: Settings
    collection: Collection
    plan: Plan | None = None
    findings: list[Finding] = field(default_factory=list)
    execution: Execution | None = None
    trace: EngineTrace | None = None
    _interrupts: Interrupts | None = None

    @property
    def interrupts(self) -> Interrupts:
        """What is known of interrupts, from when there is somebody to be interrupted."""
        if self._interrupts is None:
            from loopscope.backends.interrupts import Interrupts

            self._interrupts = Interrupts()
        return self._interrupts


SIDE_BY_SIDE = "loopscope-side-by-side"
"""What the plugin is called that runs tests as pytest-trio does, where there may be any."""

KEY: pytest.StashKey[State] = pytest.StashKey()

STEPPED_IN = pytest.StashKey[bool]()
"""Whether our dialects stand in for the plugins that their words come from."""
