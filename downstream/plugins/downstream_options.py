"""Hand loopscope its options in every pytest run, those that a suite starts itself included.

Named in PYTEST_PLUGINS, which inner runs read as well: `pytester` takes PYTEST_ADDOPTS away, and
writes ini files of its own. PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

OPTIONS = "DOWNSTREAM_OPTIONS"
TRACE = "DOWNSTREAM_TRACE"

TAKEN = pytest.StashKey[int]()
"""How many tests loopscope ran in this run."""


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    if early_config.pluginmanager.hasplugin("loopscope"):
        args[:0] = shlex.split(os.environ.get(OPTIONS, ""))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    # From outside, because what loopscope says about itself is what is being checked.
    for implementation in session.config.hook.pytest_pyfunc_call.get_hookimpls():
        of_ours = implementation.function.__module__.startswith("loopscope.")
        if of_ours and not implementation.wrapper:
            counting = _counting(implementation.function, session.config.stash)
            implementation.function = counting  # type: ignore[misc]


def _counting(function: Callable[..., Any], stash: pytest.Stash) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        __tracebackhide__ = True
        taken = True
        try:
            result = function(*arguments)
            taken = result is not None
            return result
        finally:
            stash[TAKEN] = stash.get(TAKEN, 0) + taken

    return call


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    path = os.environ.get(TRACE)
    if path is not None and session.config.pluginmanager.hasplugin("loopscope"):
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{session.config.stash.get(TAKEN, 0)}\n")
