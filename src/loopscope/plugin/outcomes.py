"""What an error means to pytest, however deep in a group it is, and how a finding becomes one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import pytest

from loopscope.errors import LoopscopeError

if TYPE_CHECKING:
    from loopscope.diagnose.catalog import Finding

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

# What pytest knows how to handle, but not inside a group.
OUTCOMES = (pytest.skip.Exception, pytest.xfail.Exception, pytest.fail.Exception)
_ENDS_THE_RUN = (pytest.exit.Exception, SystemExit)


class Refused(LoopscopeError, RuntimeError):
    """Something that user code asked for and that cannot be done, told as a finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))


def fail(finding: Finding) -> NoReturn:
    """Fail the test or fixture under way with a finding, which says more than a traceback."""
    # Not hidden: pytest shows no frame of it, but it complains if there is none that it could show.
    pytest.fail(str(finding), pytrace=False)


def outcome_in(error: BaseException) -> BaseException | None:
    """Return what is to be raised instead of a group, if pytest is to understand it.

    That is what ends the run, wherever it is in the group, or the only thing there is in it, if
    that is an outcome of pytest's, such as a skip.
    """
    ending = _first(error, _ENDS_THE_RUN)
    if ending is not None:
        return ending
    error = only_leaf(error)
    return error if isinstance(error, OUTCOMES) else None


def only_leaf(error: BaseException) -> BaseException:
    """Return the one error in a group that holds no other, at any depth."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _first(error: BaseException, kinds: tuple[type[BaseException], ...]) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        found = (_first(inner, kinds) for inner in error.exceptions)
        return next((one for one in found if one is not None), None)
    return error if isinstance(error, kinds) else None


def add_note(error: BaseException, note: str) -> None:
    """Add a note to `error`, which pytest shows below the traceback."""
    try:
        if sys.version_info >= (3, 11):
            error.add_note(note)
        else:
            vars(error).setdefault("__notes__", []).append(note)
    except Exception:
        pass  # an error that takes none is told without
