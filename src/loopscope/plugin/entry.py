"""The hooks that pytest calls in every session: each returns at once if nothing is ours.

What only some sessions need (the engine, and whatever an option asks for) is imported there: every
run of pytest, in every suite, pays for what is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.backends import registry
from loopscope.dialects import NATIVE, PEERS, native
from loopscope.dialects.vocabulary import RUNNER_FIXTURE, SPOKEN, Spoken
from loopscope.plugin import (
    async_hooks,
    demand,
    options,
    reporting,
    takeover,
    variants,
    xunit,
)
from loopscope.plugin.collection import Collection
from loopscope.plugin.described import describe
from loopscope.plugin.owners import owners
from loopscope.plugin.places import Origins
from loopscope.plugin.planning import make_plan
from loopscope.plugin.state import KEY, STEPPED_IN, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopscope.plugin.fixtures import Loopscope


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if options.engine(early_config) == "on":
        takeover.step_in(early_config.pluginmanager)
        early_config.stash[STEPPED_IN] = True
    if options.engine(early_config) != "off":
        async_hooks.watch(early_config)


def pytest_plugin_registered(plugin: object, manager: pytest.PytestPluginManager) -> None:
    config = manager.get_plugin("pytestconfig")
    if config is not None and config.stash.get(STEPPED_IN, False):
        takeover.step_in_for(manager, plugin)


def pytest_configure(config: pytest.Config) -> None:
    settings = options.read(config)
    if settings.engine == "on" and not config.stash.get(STEPPED_IN, False):
        # A conftest has brought us in, which is too late for pytest_load_initial_conftests.
        takeover.step_in(config.pluginmanager)
    if settings.engine != "off":
        async_hooks.watch(config)
    config.addinivalue_line(
        "markers",
        f"{native.MARK}(scope=None, backend=None, timeout=None, leaks=None, fresh_fixtures=False): "
        "run this async test on the loop of that scope, on that backend (a name or a list of "
        "names), for at most so many seconds; what it leaves behind is a matter of ignore, warn or "
        "error; with @given, set its function-scoped fixtures up afresh for each example.",
    )
    config.stash[SPOKEN] = spoken = _spoken(config, settings)
    state = State(settings, Collection(Origins(config.rootpath), spoken))
    config.stash[KEY] = state
    if config.getoption("htmlpath", None) or config.getoption("xmlpath", None):
        from loopscope.plugin import properties

        properties.register(config, state)
    if config.option.setupshow:
        from loopscope.plugin.setup_show import Owners

        config.pluginmanager.register(Owners(state), "loopscope-owners")
    if settings.trace is not None or settings.report is not None:
        from loopscope.plugin import tracing

        tracing.begin(config, state)
    if settings.plan is not None:
        from loopscope.plugin import plan_output

        plan_output.begin(config, state)
    if config.getoption("dist", "no") != "no":
        from loopscope.plugin import workers

        workers.listen(config, settings)


def _spoken(config: pytest.Config, settings: options.Settings) -> Spoken:
    """Return our dialect, and those of the plugins that are there or that we stand in for."""
    ours = NATIVE(
        config,
        settings.policy,
        is_auto=settings.mode == "auto",
        backends=settings.backends,
        known_backends=registry.names(),
        always_planned=settings.engine == "observe",
    )
    others = (
        dialect(config, settings.policy)
        for dialect in PEERS
        if config.pluginmanager.hasplugin(dialect.plugin)
    )
    return Spoken((ours, *others), describe, settings.engine == "on")


def pytest_report_header(config: pytest.Config) -> str:
    return reporting.header(config.stash[KEY].settings)


@pytest.fixture(name=RUNNER_FIXTURE)
def loopscope_fixture() -> Iterator[Loopscope]:
    """The loop of this test: `run`, `getfixture`, `backend`."""
    pytest.fail(
        "no loop is planned for this test: name the fixture loopscope in its signature, "
        "and see that loopscope_engine is on",
        pytrace=False,
    )


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    state = metafunc.config.stash[KEY]
    if state.settings.engine == "on":
        xunit.make_awaited(metafunc.definition)
        variants.multiply(metafunc, state.collection)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    state = config.stash[KEY]
    if state.settings.engine == "off":
        return
    make_plan(state, session.items)
    if hasattr(config, "workeroutput"):
        from loopscope.plugin import workers

        workers.hand_over(session, state)
    if state.trace is not None and state.plan is not None:
        state.trace.planned(state.plan, state.findings)
    if state.settings.engine == "observe" or config.option.collectonly:
        if state.trace is not None:
            from loopscope.plugin import tracing

            tracing.look_at(config, state, None)
        return
    demand.meet(session, state)


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object | None:
    # Here and not with the other hooks of execution: what is registered late is called first, and
    # a suite that calls its tests itself must come before us.
    __tracebackhide__ = True
    execution = pyfuncitem.config.stash[KEY].execution
    return None if execution is None else execution.call(pyfuncitem)


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    state = config.stash[KEY]
    lines = []
    if state.settings.engine != "off" and config.option.verbose >= 0:
        lines += reporting.owners_summary(owners(state.collection), native.MARK)
    lines += reporting.findings_summary(state.findings)
    if state.plan is not None:
        lines += reporting.loops(config, state.settings, state.plan)
    return lines
