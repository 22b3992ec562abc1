"""Tests that have nothing to do with the fault, on each kind of loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.probe import site_of
from tests.faults.site import written

if TYPE_CHECKING:
    from tests.faults.site import Site

_written = written(site_of().cell.way)


@_written
async def test_on_the_session_loop(site: Site, session_top: str) -> None:
    await site.work(session_top)


@_written
async def test_on_the_module_loop(site: Site, module_top: str) -> None:
    await site.work(module_top)


@_written
async def test_on_a_loop_of_its_own(site: Site, function_top: str) -> None:
    await site.work(function_top)


def test_on_no_loop() -> None:
    assert sorted("neighbour")
