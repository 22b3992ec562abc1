"""The module of the fault: neighbours on each kind of loop before and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.cell import Phase
from tests.faults.probe import site_of
from tests.faults.site import written

if TYPE_CHECKING:
    from tests.faults.site import Site

_SITE = site_of()
_written = written(_SITE.cell.way)
# So that they run on the loop of that scope, whatever the fixture with the fault is.
_uses = [pytest.mark.usefixtures(f"{_SITE.cell.scope}_top")]
if _SITE.fault is not None and _SITE.fault.seconds is not None:
    _uses.append(pytest.mark.timeout(_SITE.fault.seconds))


def _on_its_loop(function: Any) -> Any:
    for mark in _uses:
        function = mark(function)
    return function


@_written
async def test_before_on_the_session_loop(site: Site, session_top: str) -> None:
    await site.work(session_top)


@_written
async def test_before_on_the_module_loop(site: Site, module_top: str) -> None:
    await site.work(module_top)


@_written
async def test_before_on_a_loop_of_its_own(site: Site, function_top: str) -> None:
    await site.work(function_top)


async def _the_fault(site: Site, faulty: Any) -> object:
    if site.cell.phase is Phase.BACKGROUND:
        await faulty()
    return await site.happen(Phase.BODY)


def _shape() -> Any:
    fault = _SITE.fault
    return _the_fault if fault is None or fault.test is None else fault.test


class TestFault:
    @_written
    async def test_before_in_the_class(self, site: Site, class_top: str) -> None:
        await site.work(class_top)

    test_the_fault = staticmethod(_on_its_loop(_written(_shape())))

    @_on_its_loop
    @_written
    async def test_another_user(self, site: Site, faulty: Any) -> None:
        await site.breathe()

    @_written
    async def test_after_in_the_class(self, site: Site, class_top: str) -> None:
        await site.work(class_top)


@_written
async def test_after_on_a_loop_of_its_own(site: Site, function_top: str) -> None:
    await site.work(function_top)


@_written
async def test_after_on_the_module_loop(site: Site, module_top: str) -> None:
    await site.work(module_top)


@_written
async def test_after_on_the_session_loop(site: Site, session_top: str) -> None:
    await site.work(session_top)


def test_after_on_no_loop() -> None:
    assert sorted("neighbour")
