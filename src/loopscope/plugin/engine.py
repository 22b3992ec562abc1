"""The start of the engine, in a session that has tests or fixtures for it."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from loopscope.backends import registry
from loopscope.backends.loop_watch import LoopWatch
from loopscope.plugin import progress, reporting, workers
from loopscope.plugin.background import Background
from loopscope.plugin.blocked import BlockedLoops
from loopscope.plugin.endings import Endings
from loopscope.plugin.execution import Execution, Refusal
from loopscope.plugin.notes import Notes
from loopscope.plugin.planning import concerned
from loopscope.plugin.runtime import Runtime
from loopscope.plugin.state import SIDE_BY_SIDE
from loopscope.plugin.timeouts import Timeouts

if TYPE_CHECKING:
    import pytest

    from loopscope.plugin.state import State


def start(config: pytest.Config, state: State) -> None:
    """Have the plan in `state` executed."""
    assert state.plan is not None
    for key in state.plan.backends:
        choice = state.collection.choices.get(key)
        if choice is not None and choice.backend is not None:
            registry.get(choice.backend).load()
    watch = None if state.settings.blocked is None else LoopWatch(state.settings.blocked)
    runtime = Runtime(
        state.collection,
        state.plan,
        Background(state.settings, state.collection, state.trace),
        partial(reporting.announce, config),
        state.interrupts,
        dry=config.option.setupplan,
        watch=watch,
        trace=state.trace,
    )
    state.execution = Execution(runtime)
    if state.trace is not None:
        from loopscope.plugin import tracing

        tracing.look_at(config, state, runtime)
    look_after(config, state, runtime)
    if watch is not None:
        config.pluginmanager.register(BlockedLoops(runtime, watch), "loopscope-blocked")
    config.pluginmanager.register(state.execution, "loopscope-execution")
    refusing, noted = (
        concerned(
            state.collection,
            [one for one in state.findings if one.refuses is refuses],
            state.settings.silence,
        )
        for refuses in (True, False)
    )
    if "hypothesis" in sys.modules:
        config.pluginmanager.register(state.execution.examples, "loopscope-examples")
    if refusing:
        config.pluginmanager.register(Refusal(refusing), "loopscope-refusal")
    notes = Notes(runtime, noted, state.settings.silence)
    config.pluginmanager.register(notes, "loopscope-notes")


def look_after(config: pytest.Config, state: State, runtime: Runtime | None) -> None:
    """Keep the time limits of the tests that we run, and let a run that is told to end do so."""
    side_by_side = config.pluginmanager.get_plugin(SIDE_BY_SIDE)
    if runtime is not None or side_by_side is not None:
        timeouts = Timeouts(config, state.collection, state.settings.timeout, runtime, side_by_side)
        config.pluginmanager.register(timeouts, "loopscope-timeouts")
        endings = Endings(
            state.interrupts, runtime, side_by_side, is_worker=workers.is_worker(config)
        )
        config.pluginmanager.register(endings, "loopscope-endings")
        progress.register(config, state, runtime, side_by_side)
