"""`--loopscope-plan`: what was collected and planned, in a file."""

from __future__ import annotations

import copy
import platform
from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from loopscope.core.plain import as_plain
from loopscope.diagnose.plan_file import AsyncTests, Document, PlainPlugin, encode
from loopscope.plugin.owners import owners
from loopscope.plugin.planning import make_plan

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Generator
    from pathlib import Path

    from loopscope.plugin.state import State

_FIRST_WORKER = "gw0"


def begin(config: pytest.Config, state: State) -> None:
    """Write the plan into a file after collection, if the user wants that.

    Under pytest-xdist the workers collect, all of them the same: the first one writes it.

    Raises:
        pytest.UsageError: the file cannot be written.
    """
    path = state.settings.plan
    worker = getattr(config, "workerinput", {"workerid": _FIRST_WORKER})
    if path is not None and worker["workerid"] == _FIRST_WORKER:
        with _writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("", encoding="utf-8")
        config.pluginmanager.register(PlanOutput(state, path), "loopscope-plan-output")


class PlanOutput:
    """Writes the plan when there is one."""

    def __init__(self, state: State, path: Path) -> None:
        self._state = state
        self._path = path

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        state = self._state
        if state.plan is None:
            state = copy.copy(state)  # we are off, and nobody else is to know of the plan
            make_plan(state, session.items)
        with _writing():
            self._path.write_text(encode(_document(session, state)), encoding="utf-8")


@contextmanager
def _writing() -> Generator[None, None, None]:
    try:
        yield
    except OSError as exc:
        raise pytest.UsageError(f"--loopscope-plan: {exc}") from None


def _document(session: pytest.Session, state: State) -> Document:
    settings = state.settings
    assert state.plan is not None
    return Document(
        {
            "loopscope": metadata.version("pytest-loopscope"),
            "pytest": pytest.__version__,
            "python": platform.python_version(),
            "plugins": _plugins(session.config),
        },
        str(session.config.rootpath),
        {
            "engine": settings.engine,
            "mode": settings.mode,
            "loops": settings.policy.value,
            "backends": list(settings.backends),
        },
        len(session.items),
        tuple(_counted(owners(state.collection))),
        as_plain(state.plan),
        tuple(state.findings),
    )


def _plugins(config: pytest.Config) -> list[PlainPlugin]:
    found = {
        dist.project_name: dist.version for _, dist in config.pluginmanager.list_plugin_distinfo()
    }
    return [{"name": name, "version": version} for name, version in sorted(found.items())]


def _counted(owners: Counter[str | None]) -> list[AsyncTests]:
    return [{"vocabulary": name, "tests": tests} for name, tests in owners.most_common()]
