"""`async def` hooks, which pytest calls and never awaits: refused by name, before a test runs."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from loopscope.dialects.vocabulary import is_async
from loopscope.plugin.places import Origins

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    import pluggy

    from loopscope.diagnose.catalog import Finding


class AsyncHooks:
    """Refuses them as they are registered."""

    def __init__(self, config: pytest.Config) -> None:
        self._origins = Origins(config.rootpath)
        self._held: list[Finding] | None = None
        self._is_listening = False

    def listen(self, manager: pytest.PytestPluginManager) -> None:
        """Refuse those that are there, and any that comes.

        The hook that tells of plugins is a historic one: it is called for each that is there, and
        what the hooks of one plugin are takes pluggy a look at all hooks of all plugins.
        """
        _refuse(list(self._among(vars(manager.hook).values(), None)))
        manager.register(self, _NAME)
        self._is_listening = True

    def pytest_plugin_registered(self, plugin: object, manager: pytest.PytestPluginManager) -> None:
        if not self._is_listening or _is_well_known(plugin):
            return
        found = list(self._among(manager.get_hookcallers(plugin) or (), plugin))
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

    def _among(
        self,
        callers: Iterable[pluggy.HookCaller],
        plugin: object | None,
    ) -> Iterator[Finding]:
        """Yield a finding for each async hook of `plugin`, or of any plugin, among `callers`."""
        for caller in callers:
            if caller.spec is None or is_async(caller.spec.function):
                continue  # whoever calls it may await it
            for impl in caller.get_hookimpls():
                if (plugin is None or impl.plugin is plugin) and is_async(impl.function):
                    from loopscope.diagnose import catalog

                    yield catalog.async_hook(caller.name, self._origins.of(impl.function))


def _is_well_known(plugin: object) -> bool:
    """Say whether a plugin is pytest's or ours."""
    name = plugin.__name__ if isinstance(plugin, ModuleType) else type(plugin).__module__
    return name.startswith(("_pytest.", "loopscope."))


def watch(config: pytest.Config) -> None:
    """Refuse async hooks from now on.

    Raises:
        pytest.UsageError: there is one already.
    """
    manager = config.pluginmanager
    if not manager.has_plugin(_NAME):
        AsyncHooks(config).listen(manager)


_NAME = "loopscope-async-hooks"


def _refuse(findings: list[Finding]) -> None:
    """Raise a usage error if there are findings."""
    __tracebackhide__ = True
    if findings:
        raise pytest.UsageError("\n\n".join(map(str, findings)))
