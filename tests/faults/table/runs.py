"""Runs that are faulty as such: plugins that raise, reports that cannot be written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.faults.cell import Fault, Phase
from tests.faults.server import CLOSED
from tests.faults.table.register import add

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.site import Site

_HOOKS = (
    "pytest_exception_interact",
    "pytest_fixture_post_finalizer",
    "pytest_pyfunc_call",
    "pytest_runtest_call",
    "pytest_runtest_logfinish",
    "pytest_runtest_logreport",
    "pytest_runtest_logstart",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
    "pytest_sessionfinish",
)


def _raising_in(hook: str) -> Callable[[Site], object]:
    """Return what makes a plugin whose `hook` raises, within a test if it is called there."""

    def raising() -> None:
        within = os.environ.get("PYTEST_CURRENT_TEST")
        if within is None or "test_the_fault" in within:
            raise RuntimeError(f"raised in {hook}")

    return lambda site: type("Plugin", (), {hook: staticmethod(raising)})()


for _hook in _HOOKS:
    _name = f"raise in {_hook}"
    add(Fault(_name, plugin=_raising_in(_hook), phases=(Phase.WHOLE,), like_sync=True))

for _name, _options in {
    "write a report onto a full disk": ("--junitxml=/dev/full",),
}.items():
    add(Fault(_name, options=_options, phases=(Phase.WHOLE,), like_sync=True))

for _name, _stdout in {
    "write the terminal report onto a full disk": "/dev/full",
    "start with stdout closed": CLOSED,
}.items():
    add(Fault(_name, stdout=_stdout, phases=(Phase.WHOLE,), like_sync=True))
