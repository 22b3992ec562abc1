"""Errors of every kind, raised where nobody expects them."""

from __future__ import annotations

import asyncio
import sys
import unittest
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from tests.faults.cell import Phase
from tests.faults.table.register import fault

if TYPE_CHECKING:
    from tests.faults.site import Site

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup, ExceptionGroup

BACKGROUND = (Phase.BACKGROUND,)


@fault(says="ValueError: raised by hand", like_sync=True)
async def raise_an_exception(site: Site) -> None:
    raise ValueError("raised by hand")


class NoException(BaseException):
    """An error that `except Exception` does not catch."""


@fault(says="NoException: raised by hand", like_sync=True)
async def raise_a_base_exception(site: Site) -> None:
    raise NoException("raised by hand")


@fault(says="GeneratorExit", like_sync=True)
async def raise_GeneratorExit(site: Site) -> None:
    raise GeneratorExit


@fault(says="SystemExit: 3", like_sync=True)
async def raise_SystemExit(site: Site) -> None:
    raise SystemExit(3)


@fault(says=None, like_sync=True)
async def raise_KeyboardInterrupt(site: Site) -> None:
    raise KeyboardInterrupt


@fault(says="CancelledError", like_sync=True)
async def raise_CancelledError(site: Site) -> None:
    raise asyncio.CancelledError("by hand")


@fault(says="raised StopIteration", like_sync=True, chosen=(Phase.BODY,))
async def raise_StopIteration(site: Site) -> None:
    raise StopIteration("by hand")


@fault(says="StopAsyncIteration", like_sync=True)
async def raise_StopAsyncIteration(site: Site) -> None:
    raise StopAsyncIteration("by hand")


@fault(says="MemoryError", like_sync=True, chosen=(Phase.BODY,))
async def raise_MemoryError(site: Site) -> None:
    raise MemoryError


@fault(says="ValueError: raised in the background", phases=BACKGROUND)
async def raise_an_exception_in_the_background(site: Site) -> None:
    raise ValueError("raised in the background")


@fault(says="NoException: raised in the background", phases=BACKGROUND)
async def raise_a_base_exception_in_the_background(site: Site) -> None:
    raise NoException("raised in the background")


def _nested(depth: int) -> Exception:
    error: Exception = ValueError("innermost")
    for level in range(depth):
        error = ExceptionGroup(f"level {level}", [error, KeyError(level)])
    return error


@fault(says="ExceptionGroup: level 199", like_sync=True)
async def raise_groups_nested_200_deep(site: Site) -> None:
    raise _nested(200)


@fault(says="ExceptionGroup: level 49", phases=BACKGROUND)
async def raise_nested_groups_in_the_background(site: Site) -> None:
    raise _nested(50)


@fault(says="BaseExceptionGroup: mixed", like_sync=True)
async def raise_a_group_of_base_exceptions(site: Site) -> None:
    raise BaseExceptionGroup("mixed", [NoException("one"), ValueError("two")])


THE_SAME = ValueError("the same every time")


@fault(says="ValueError: the same every time", like_sync=True)
async def raise_the_same_object_each_time(site: Site) -> None:
    raise THE_SAME


class Cycle(Exception):
    """An error that has come about while it was handled."""


@fault(says="Cycle: first", like_sync=True)
async def raise_in_a_cycle_of_contexts(site: Site) -> None:
    first, second = Cycle("first"), Cycle("second")
    first.__context__, second.__context__ = second, first
    raise first


@fault(says="Cycle: of itself", like_sync=True, chosen=(Phase.BODY,))
async def raise_from_itself(site: Site) -> None:
    error = Cycle("of itself")
    raise error from error


class BrokenStr(Exception):
    """An error that cannot be told."""

    def __str__(self) -> str:
        raise RuntimeError("no str")


class BrokenRepr(BrokenStr):
    """An error that cannot be shown either."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class EndlessRepr(Exception):
    """An error that shows itself for ever."""

    def __repr__(self) -> str:
        return f"<{self!r}>"

    __str__ = __repr__


@fault(says="BrokenStr", like_sync=True, chosen=(Phase.BODY,))
async def raise_what_has_no_str(site: Site) -> None:
    raise BrokenStr


@fault(says="BrokenRepr", like_sync=True)
async def raise_what_has_no_repr(site: Site) -> None:
    raise BrokenRepr


@fault(says="BrokenRepr", phases=BACKGROUND, backends=("asyncio",))
async def raise_what_has_no_repr_in_the_background(site: Site) -> None:
    raise BrokenRepr


# Trio wants to show the error, as the reason why it cancels a nursery: its scheduler dies of that,
# and takes along all tasks of the run as they are.
@fault(
    says="TrioInternalError",
    phases=BACKGROUND,
    backends=("trio",),
    suffers={"TestFault|suite_[bc]": "TrioInternalError"},
    costs=frozenset({"teardown", "end"}),
    noise="",
)
async def raise_what_trio_cannot_show_in_the_background(site: Site) -> None:
    raise BrokenRepr


@fault(says="EndlessRepr", like_sync=True)
async def raise_what_shows_itself_for_ever(site: Site) -> None:
    raise EndlessRepr


class Unhashable(Exception):
    """An error that equals nothing, and cannot be put into a set."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")


@fault(says="Unhashable: raised", like_sync=True)
async def raise_what_cannot_be_compared(site: Site) -> None:
    raise Unhashable("raised")


@fault(says="Unhashable: raised", phases=BACKGROUND)
async def raise_what_cannot_be_compared_in_the_background(site: Site) -> None:
    raise Unhashable("raised")


class Closed(Exception):
    """An error that takes neither notes nor attributes."""

    def add_note(self, note: str) -> NoReturn:
        raise RuntimeError("no notes")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise RuntimeError("no attributes")


@fault(says="Closed: raised", phases=BACKGROUND)
async def raise_what_takes_no_note_in_the_background(site: Site) -> None:
    raise Closed("raised")


class KeepsItsTraceback(Exception):
    """An error whose traceback cannot be cut."""

    def with_traceback(self, traceback: object) -> NoReturn:
        raise RuntimeError("no other traceback")


@fault(says="KeepsItsTraceback: raised", like_sync=True)
async def raise_what_keeps_its_traceback(site: Site) -> None:
    raise KeepsItsTraceback("raised")


class Touchy(Exception):
    """An error that raises for each attribute that it does not have."""

    def __getattr__(self, name: str) -> NoReturn:
        if name == "__notes__" and sys.version_info < (3, 13):
            # Asked for unguarded by `traceback` there: no plugin could show the error.
            raise AttributeError(name)
        raise RuntimeError(f"no {name}")


@fault(says="Touchy: raised", like_sync=True)
async def raise_what_has_no_attributes(site: Site) -> None:
    raise Touchy("raised")


def _fall(depth: int) -> int:
    return _fall(depth + 1) + 1


async def _fall_awaiting(depth: int) -> int:
    return await _fall_awaiting(depth + 1) + 1


@fault(says="RecursionError: maximum recursion depth", like_sync=True)
async def recurse_without_end(site: Site) -> None:
    _fall(0)


@fault(says="RecursionError: maximum recursion depth", like_sync=True, chosen=(Phase.BODY,))
async def await_without_end(site: Site) -> None:
    await _fall_awaiting(0)


@fault(says="RecursionError: maximum recursion depth", phases=BACKGROUND)
async def recurse_without_end_in_the_background(site: Site) -> None:
    _fall(0)


class Unpicklable(Exception):
    """An error that cannot be sent to another process."""

    def __init__(self, message: str) -> None:
        super().__init__(message, lambda: None)

    def __reduce__(self) -> NoReturn:
        raise RuntimeError("not to be pickled")


@fault(says="Unpicklable", like_sync=True, phases=(Phase.BODY,), options=("-pxdist", "-n1"))
async def raise_what_cannot_be_pickled_in_a_worker(site: Site) -> None:
    raise Unpicklable("raised")


@fault(says="failed by hand", like_sync=True)
async def call_pytest_fail(site: Site) -> None:
    pytest.fail("failed by hand")


@fault(says="failed by hand", phases=BACKGROUND)
async def call_pytest_fail_in_the_background(site: Site) -> None:
    pytest.fail("failed by hand")


@fault(says="skipped by hand", outcome="skipped", like_sync=True)
async def call_pytest_skip(site: Site) -> None:
    pytest.skip("skipped by hand")


@fault(says="xfailed by hand", outcome="skipped", like_sync=True, chosen=(Phase.BODY,))
async def call_pytest_xfail(site: Site) -> None:
    pytest.xfail("xfailed by hand")


@fault(says=None, like_sync=True)
async def call_pytest_exit(site: Site) -> None:
    pytest.exit("exited by hand", returncode=7)


@fault(says="skipped the old way", outcome="skipped", like_sync=True)
async def raise_SkipTest(site: Site) -> None:
    raise unittest.SkipTest("skipped the old way")


@fault(says="skipped in a group", outcome="skipped", phases=(Phase.SETUP, Phase.BODY))
async def skip_in_a_group(site: Site) -> None:
    skipped: Any = pytest.skip.Exception("skipped in a group")
    raise BaseExceptionGroup("outer", [BaseExceptionGroup("inner", [skipped])])


@fault(says="not skipped", phases=(Phase.SETUP, Phase.BODY))
async def skip_and_fail_in_a_group(site: Site) -> None:
    skipped: Any = pytest.skip.Exception("skipped in a group")
    raise BaseExceptionGroup("outer", [skipped, ValueError("not skipped")])


@fault(says="ValueError: raised by hand", like_sync=True, options=("-x",))
async def raise_with_x(site: Site) -> None:
    raise ValueError("raised by hand")


@fault(
    says="ValueError: raised by hand",
    like_sync=True,
    chosen=(Phase.BODY,),
    options=("--maxfail=2",),
)
async def raise_with_maxfail(site: Site) -> None:
    raise ValueError("raised by hand")
