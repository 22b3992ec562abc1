"""Fixtures and tests that have the wrong form."""

from __future__ import annotations

import gc
import inspect
from typing import TYPE_CHECKING, Any, NoReturn

from tests.faults.cell import Phase
from tests.faults.table.register import fault, faulty_fixture, faulty_test

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.faults.site import Site


def _raise(message: str) -> NoReturn:
    raise ValueError(message)


@faulty_fixture(says="LS403(.|\n)*yielded more than once", phases=(Phase.TEARDOWN,))
async def yield_twice(site: Site, remembered: None) -> AsyncIterator[Any]:
    async with site.held("faulty"):
        yield 1
        yield 2


@faulty_fixture(says="LS403(.|\n)*did not yield a value", phases=(Phase.SETUP,))
async def yield_nothing(site: Site, remembered: None) -> AsyncIterator[Any]:
    if site.cell.fault is None:
        yield None


@faulty_fixture(like_sync=True, phases=(Phase.BODY,))
async def give_its_value_by_return(site: Site) -> Any:
    return 1


@faulty_fixture(
    says="ValueError: in its (teardown|finalizer)", like_sync=True, phases=(Phase.TEARDOWN,)
)
async def raise_in_teardown_and_in_a_finalizer(site: Site, remembered: None) -> AsyncIterator[Any]:
    site.at_the_end(lambda: _raise("in its finalizer"))
    async with site.held("faulty"):
        yield 1
    raise ValueError("in its teardown")


@faulty_fixture(says="in its setup", like_sync=True, phases=(Phase.SETUP,))
async def raise_in_setup_and_in_a_finalizer(site: Site, remembered: None) -> AsyncIterator[Any]:
    site.at_the_end(lambda: _raise("in its finalizer"))
    async with site.held("faulty"):
        raise ValueError("in its setup")
        yield 1


@faulty_fixture(
    says="LS403(.|\n)*yielded more than once|ignored GeneratorExit",
    phases=(Phase.TEARDOWN,),
    noise="ignored GeneratorExit",
)
async def refuse_to_be_closed(site: Site, remembered: None) -> AsyncIterator[Any]:
    async with site.held("faulty"):
        yield 1
    try:
        yield 2
    except GeneratorExit:
        yield 3


@faulty_test(says="LS402", is_refused=True)
async def yield_in_a_test(site: Site, faulty: Any) -> AsyncIterator[None]:
    yield None


@faulty_test(says="returned", like_sync=True)
async def return_a_value_from_a_test(site: Site, faulty: Any) -> int:
    return 1


@faulty_test(says="in the test", like_sync=True)
async def raise_in_the_test_and_in_a_finalizer(site: Site, faulty: Any) -> None:
    site.at_the_end(lambda: _raise("in its finalizer"))
    raise ValueError("in the test")


@fault(phases=(Phase.BODY,))
async def close_the_generator_of_the_fixture(site: Site) -> None:
    for found in gc.get_objects():
        if inspect.isasyncgen(found) and found.__name__ == "_faulty":
            await found.aclose()
