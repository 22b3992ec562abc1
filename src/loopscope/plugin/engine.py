"""The start of the engine, in a session that has tests or fixtures for it."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from loopscope.backends import registry
from loopscope.backends.loop_watch import LoopWatch
from loopscope.plugin import reporting, workers
from loopscope.plugin.background import Background
from loopscope.plugin.blocked import BlockedLoops
from loopscope.plugin.endings import Endings
from loopscope.plugin.execution import Execution, Refusal
from loopscope.plugin.notes import Notes
from loopscope.plugin.phases import Phases
from loopscope.plugin.planning import concerned
from loopscope.plugin.progress import register as register_progress
from loopscope.plugin.runtime import Runtime
from loopscope.plugin.state import SIDE_BY_SIDE
from loopscope.plugin.timeouts import Timeouts

if TYPE_CHECKING:
    import pytest

    from loopscope.plugin.state import State


def start(config: pytest.Config, state: State) -> None:
    """Have the plan in `state` executed, and look after all tests that are ours."""
    assert state.plan is not None
    settings, manager = state.settings, config.pluginmanager
    side_by_side = manager.get_plugin(SIDE_BY_SIDE)
    for key in state.plan.backends:
        choice = state.collection.choices.get(key)
        if choice is not None and choice.backend is not None:
            registry.get(choice.backend).load()
    watch = None if settings.blocked is None else LoopWatch(settings.blocked)
    runtime = Runtime(
        state.collection,
        state.plan,
        Background(settings, state.collection, state.trace),
        partial(reporting.announce, config) if config.option.setupshow else None,
        state.interrupts,
        dry=config.option.setupplan,
        watch=watch,
        trace=state.trace,
    )
    state.execution = execution = Execution(
        runtime, is_traced=bool(config.getoption("trace", False))
    )
    if state.trace is not None:
        from loopscope.plugin import tracing

        tracing.look_at(config, state, runtime)
    if watch is not None:
        blocked = BlockedLoops(runtime, watch, settings.silence)
        manager.register(blocked, "loopscope-blocked")
    manager.register(execution, "loopscope-execution")
    refusing, noted = (
        concerned(
            state.collection,
            [one for one in state.findings if one.refuses is refuses],
            settings.silence,
        )
        for refuses in (True, False)
    )
    if "hypothesis" in sys.modules:
        manager.register(execution.examples, "loopscope-examples")
    if refusing:
        manager.register(Refusal(refusing), "loopscope-refusal")
    timeouts = Timeouts(config, state.collection, settings.timeout, runtime, side_by_side)
    manager.register(timeouts, "loopscope-timeouts")
    endings = Endings(state.interrupts, runtime, is_worker=workers.is_worker(config))
    manager.register(endings, "loopscope-endings")
    notes = Notes(runtime, noted, settings.silence)
    progress = register_progress(config, state, runtime, side_by_side)
    phases = Phases(execution, side_by_side, timeouts, endings, notes, progress)
    manager.register(phases, "loopscope-phases")
