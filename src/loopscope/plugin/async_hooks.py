"""`async def` hooks, which pytest calls and never awaits: refused by name, before a test runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.diagnose import catalog
from loopscope.dialects.vocabulary import is_async
from loopscope.plugin.places import Origins

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator


class AsyncHooks:
    """Refuses them as they are registered, those from before it came as well.

    The hook that it listens to is a historic one: pluggy calls it for every plugin there is.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._origins = Origins(config.rootpath)
        self._held: list[catalog.Finding] | None = None

    def pytest_plugin_registered(self, plugin: object, manager: pytest.PytestPluginManager) -> None:
        found = list(self._async_hooks(plugin, manager))
        if self._held is None:
            _refuse(found)
        else:
            self._held += found

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        # What is raised while a nested conftest is loaded becomes an error of the collection. That
        # is how a worker of xdist can tell; anybody else waits until it can be a usage error.
        self._held = None if hasattr(session.config, "workerinput") else []
        try:
            return (yield)
        finally:
            held, self._held = self._held, None
            _refuse(held or [])

    def _async_hooks(
        self, plugin: object, manager: pytest.PytestPluginManager
    ) -> Iterator[catalog.Finding]:
        for caller in manager.get_hookcallers(plugin) or ():
            if caller.spec is None or is_async(caller.spec.function):
                continue  # whoever calls it may await it
            for impl in caller.get_hookimpls():
                if impl.plugin is plugin and is_async(impl.function):
                    yield catalog.async_hook(caller.name, self._origins.of(impl.function))


def watch(config: pytest.Config) -> None:
    """Refuse async hooks from now on.

    Raises:
        pytest.UsageError: there is one already.
    """
    manager = config.pluginmanager
    if not manager.has_plugin(_NAME):
        manager.register(AsyncHooks(config), _NAME)


_NAME = "loopscope-async-hooks"


def _refuse(findings: list[catalog.Finding]) -> None:
    """Raise a usage error if there are findings."""
    __tracebackhide__ = True
    if findings:
        raise pytest.UsageError("\n\n".join(map(str, findings)))
