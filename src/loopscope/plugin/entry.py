"""The hooks that pytest calls in every session: each returns at once if nothing is ours."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from loopscope.dialects import native
from loopscope.plugin import _compat, options, reporting, variants
from loopscope.plugin.collection import (
    RUNNER_FIXTURE,
    Collection,
)
from loopscope.plugin.execution import Execution, Refusal
from loopscope.plugin.planning import concerned, make_plan
from loopscope.plugin.runtime import Runtime
from loopscope.plugin.state import KEY, State
from loopscope.report.ladder import ladder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopscope.plugin.fixtures import Loopscope


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    settings = options.read(config)
    config.addinivalue_line(
        "markers",
        f"{native.MARK}(scope=None, backend=None): run this async test on the loop of that scope, "
        "on that backend (a name or a list of names).",
    )
    collection = Collection(settings, config.rootpath, config.pluginmanager.hasplugin)
    config.stash[KEY] = State(settings, collection)


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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    state = metafunc.config.stash[KEY]
    if state.settings.engine == "on":
        variants.multiply(metafunc, state.collection)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    state = config.stash[KEY]
    if state.settings.engine == "off":
        return
    make_plan(state, session.items)
    if not state.collection.tests and not _may_ask_for_a_loop(session, state.collection):
        return
    assert state.plan is not None
    runtime = Runtime(
        state.collection,
        state.plan,
        partial(reporting.announce, config),
        dry=config.option.setupplan,
    )
    config.pluginmanager.register(Execution(runtime), "loopscope-execution")
    findings = concerned(state.collection, state.findings)
    if findings:
        config.pluginmanager.register(Refusal(findings), "loopscope-refusal")


def _may_ask_for_a_loop(session: pytest.Session, collection: Collection) -> bool:
    """Say whether there is a fixture that a test without any loop could ask for dynamically."""
    return any(
        definition.argname != RUNNER_FIXTURE and collection.needs_loop(definition)
        for definition in _compat.all_fixture_definitions(session)
    )


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    state = config.stash[KEY]
    lines = reporting.findings_summary(state.findings)
    if state.settings.ladder and state.plan is not None:
        lines += ladder(state.plan)
    return lines
