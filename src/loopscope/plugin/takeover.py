"""Stepping in for the plugins that execute async tests: their words stay, their hooks go.

A plugin is unregistered before it has been configured, and a module of our own is registered under
its name. So `hasplugin` says what it said, their options are still there, and nothing of theirs
runs: no hook of it has to be disarmed one by one. It has to be done before the first conftest is
loaded, because a hook is called over a copy of its list, and a conftest may ask who is there.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from loopscope.dialects import PEERS
from loopscope.plugin import _compat

if TYPE_CHECKING:
    import pytest

    from loopscope.dialects.vocabulary import Dialect, Option


def step_in(manager: pytest.PytestPluginManager) -> None:
    """Register our dialects in place of the plugins whose vocabulary they speak."""
    for dialect in PEERS:
        peer = _registered(manager, dialect)
        if peer is not None:
            manager.unregister(peer)
        if not manager.is_blocked(dialect.plugin):
            manager.register(_stand_in(dialect, peer), dialect.plugin)


def step_in_for(manager: pytest.PytestPluginManager, plugin: object) -> None:
    """Do the same for a plugin that a conftest has brought in since."""
    for dialect in PEERS:
        if isinstance(plugin, ModuleType) and plugin.__name__ == dialect.module:
            manager.unregister(plugin)
            standing_in = manager.get_plugin(dialect.plugin)
            if standing_in is not None:
                manager.unregister(standing_in)
            manager.register(_stand_in(dialect, plugin), dialect.plugin)


def _registered(manager: pytest.PytestPluginManager, dialect: type[Dialect]) -> ModuleType | None:
    """Return the plugin that `dialect` is the vocabulary of, under whatever name it is known."""
    module = sys.modules.get(dialect.module or "")
    return module if module is not None and manager.is_registered(module) else None


def _stand_in(dialect: type[Dialect], peer: ModuleType | None) -> ModuleType:
    """Return a plugin with the hooks and the fixtures of a dialect's module.

    What it lends is the plugin's own where that is installed: suites patch its internals.
    """
    source = sys.modules[dialect.__module__]
    module = ModuleType(dialect.__module__, source.__doc__)
    for name, value in vars(source).items():
        if name.startswith("pytest_") or _compat.is_fixture(value):
            setattr(module, name, value)
    for name in dialect.only_with_peer:
        if not hasattr(peer, name):
            delattr(module, name)
    if peer is None:
        specs = getattr(source, "Specs", None)
        if specs is not None:
            module.pytest_addhooks = lambda pluginmanager: pluginmanager.add_hookspecs(specs)  # type: ignore[attr-defined]
        module.pytest_addoption = lambda parser: add_options(parser, dialect)  # type: ignore[attr-defined]
        return module
    for name in dialect.lent:
        if hasattr(peer, name):
            setattr(module, name, getattr(peer, name))
    dialect.step_in(peer)
    return module


def add_options(parser: pytest.Parser, dialect: type[Dialect]) -> None:
    """Declare the options of a dialect whose plugin is not there to do so."""
    group = parser.getgroup(dialect.plugin, f"the vocabulary of {dialect.name}")
    for option in dialect.options:
        parser.addini(option.name, option.help, type=option.type, default=option.default)
        if option.flag is not None:
            group.addoption(option.flag, help=option.help, **_command_line(option))


def _command_line(option: Option) -> dict[str, Any]:
    dest = {"dest": option.name, "default": None}
    return {**dest, "action": "store_true"} if option.is_switch else {**dest, "metavar": "MODE"}
