"""`--loopscope-plan`: what was collected and planned, in a file."""

from __future__ import annotations

import copy
import platform
from contextlib import contextmanager, suppress
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.backends import registry
from loopscope.core.plain import as_plain
from loopscope.diagnose.plan_file import (
    AsyncTests,
    Document,
    PlainLibrary,
    PlainOption,
    PlainPlugin,
    encode,
)
from loopscope.dialects.constants import UNKNOWN
from loopscope.dialects.vocabulary import ini
from loopscope.plugin.owners import owners
from loopscope.plugin.planning import make_plan

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from loopscope.dialects.vocabulary import Dialect
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
            "libraries": list(_libraries()),
        },
        str(session.config.rootpath),
        {
            "engine": settings.engine,
            "mode": settings.mode,
            "loops": settings.policy.value,
            "backends": list(settings.backends),
            "options": list(_options(session.config, state.collection.spoken.dialects)),
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


def _libraries() -> Iterator[PlainLibrary]:
    for name in registry.names():
        with suppress(metadata.PackageNotFoundError):
            yield {"name": name, "version": metadata.version(name)}


def _options(config: pytest.Config, dialects: Sequence[Dialect]) -> Iterator[PlainOption]:
    """Yield the options of the dialects that are known here, and what they are set to.

    A version of a plugin that does not have an option is a version that cannot be told to use it.
    """
    for option in (option for dialect in dialects for option in dialect.options):
        value = ini(config, option.name, UNKNOWN)
        if value is not UNKNOWN:
            given = config.getoption(option.name, None) if option.flag is not None else None
            yield {"name": option.name, "value": _said(value if given is None else given)}


def _said(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(getattr(value, "value", value))  # some plugins set a member of an enumeration


def _counted(owners: Counter[str | None]) -> list[AsyncTests]:
    return [{"vocabulary": name, "tests": tests} for name, tests in owners.most_common()]
