"""Whatever goes wrong in a test or a fixture hurts nothing but itself."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from tests.faults.judge import judge
from tests.faults.summary import OPTION, PROPERTY
from tests.faults.table import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _pytest.mark.structures import ParameterSet

    from tests.faults.cell import Cell
    from tests.faults.laboratory import Laboratory


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "cell" in metafunc.fixturenames:
        wants_all = metafunc.config.getoption(OPTION) == "all"
        metafunc.parametrize("cell", list(_cells(wants_all=wants_all)))


def _cells(*, wants_all: bool) -> Iterator[ParameterSet]:
    for number, fault in enumerate(FAULTS.values()):
        if not fault.is_possible:
            continue
        for cell in fault.all_cells() if wants_all else fault.cells(number):
            known = fault.known_at(cell)
            marks = [] if known is None else [pytest.mark.xfail(reason=known.reason)]
            if not importlib.util.find_spec(cell.way):
                marks = [pytest.mark.skip(reason=f"{cell.way} is not installed")]
            yield pytest.param(cell, id=cell.id, marks=marks)


def test_nothing_but_the_fault_is_hurt(
    cell: Cell, laboratory: Laboratory, record_property: Callable[[str, object], None]
) -> None:
    assert cell.fault is not None
    fault = FAULTS[cell.fault]
    record_property(PROPERTY, fault.name)
    run, without = laboratory.run(cell), laboratory.without_fault(cell)
    lost = judge(fault, cell, run, without, laboratory.sync(cell) if fault.like_sync else None)
    if lost:
        pytest.fail("\n".join(lost), pytrace=False)
