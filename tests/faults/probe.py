"""A plugin for the inner runs: records what happens, and what is left when the run is over."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.cell import Cell
from tests.faults.site import CELL, DIRECTORY, RECORD, Site
from tests.faults.table import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

_SITES: list[Site] = []


def site_of() -> Site:
    """Return the site that this process was started for."""
    if not _SITES:
        cell = Cell.parse(os.environ[CELL])
        fault = None if cell.fault is None else FAULTS[cell.fault]
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        record_fd = os.open(os.environ[RECORD], flags, 0o600)
        _SITES.append(Site(cell, fault, Path(os.environ[DIRECTORY]), record_fd))
    return _SITES[0]


class Probe:
    """Writes the record."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.descriptors: dict[int, str] = {}
        self.threads: set[threading.Thread] = set()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        if self.site.cell.way == "uvloop":
            import uvloop

            uvloop.new_event_loop().close()  # libuv opens a pipe that it keeps for ever
        self.descriptors = dict(_descriptors())
        self.threads = set(threading.enumerate())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.site.record(
            "report",
            nodeid=report.nodeid.rpartition("/")[2],
            when=report.when,
            outcome=report.outcome,
            text="\n".join((report.longreprtext, *(text for _, text in report.sections))),
        )

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        if self.site.loops:
            # What only a cycle keeps is not left behind.
            gc.collect()
        left = set(threading.enumerate()) - self.threads
        found = dict(_descriptors())
        self.site.record(
            "end",
            descriptors=[
                f"{fd}: {what}" for fd, what in found.items() if self.descriptors.get(fd) != what
            ],
            # Trio keeps a thread that has nothing to do for ten seconds.
            threads=[repr(one) for one in left if "Trio thread" not in one.name and one.is_alive()],
            loops=[repr(loop) for loop in self.site.loops if _is_open(loop)],
            child=_has_child(),
            pid=os.getpid(),
        )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    site = site_of()
    if not hasattr(config, "workerinput") and config.getoption("numprocesses", None):
        return  # the workers tell
    config.pluginmanager.register(Probe(site), "fault-probe")
    if site.fault is not None and site.fault.plugin is not None:
        config.pluginmanager.register(site.fault.plugin(site), "fault-plugin")


def _descriptors() -> Iterator[tuple[int, str]]:
    directory = "/proc/self/fd"
    if not os.path.isdir(directory):
        directory = "/dev/fd"
    for name in os.listdir(directory):
        try:
            yield int(name), os.readlink(f"{directory}/{name}")
        except OSError:
            pass  # that which listed the directory


def _is_open(loop: object) -> bool:
    if isinstance(loop, asyncio.AbstractEventLoop):
        return not loop.is_closed()
    import trio

    assert isinstance(loop, trio.lowlevel.TrioToken)
    try:
        loop.run_sync_soon(print)
    except trio.RunFinishedError:
        return False
    return True


def _has_child() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True
