"""Crashes of fixtures: whom they fail, and how pytest comes to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import pytest

from loopscope.diagnose import catalog
from loopscope.plugin import _compat
from loopscope.plugin.outcomes import add_note, fail, only_leaf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopscope.backends.base import Crash, ScopeTask
    from loopscope.core.graph import Vertex
    from loopscope.plugin._compat import AnyFixtureDef, SubRequest
    from loopscope.plugin.engine_trace import EngineTrace


@dataclass(eq=False, slots=True)
class Held:
    """What an entry of ours stands for: a fixture definition, and the request it was made for."""

    definition: AnyFixtureDef
    request: SubRequest
    vertex: Vertex


class Crashes:
    """The crashes of one run that pytest does not know of yet."""

    def __init__(self, trace: EngineTrace | None) -> None:
        self._trace = trace
        self._unsettled: list[Crash] = []
        self._told: list[Crash] = []

    def add(self, crashes: Iterable[Crash]) -> None:
        """Take note of crashes."""
        for crash in crashes:
            self._unsettled.append(crash)
            if self._trace is not None:
                self._trace.crashed(crash)

    def fail_for(self, crash: Crash, test: str) -> NoReturn:
        """Fail what `crash` has cut short, with the error of the crash."""
        __tracebackhide__ = True
        self._told.append(crash)
        if crash.owner is None or crash.error is None:
            owner = None if crash.owner is None else crash.owner.key.vertex
            fail(catalog.cancelled_silently(owner, test))
        raise _blame(crash, test)

    def settle(self, test: str) -> list[BaseException]:
        """Have pytest finish what was torn down; return what nobody has been told of."""
        if not self._unsettled:
            self._told.clear()
            return []
        errors: list[BaseException] = []
        crashes, self._unsettled = self._unsettled, []
        for crash in crashes:
            for entry in crash.unwound:
                try:
                    _finish(entry.key, crash if entry is crash.owner else None)
                except BaseException as exc:
                    errors.append(exc)
            if crash.error is not None and crash not in self._told:
                errors.append(_blame(crash, test))
        self._told.clear()
        return errors


def _finish(held: Held, crash: Crash | None) -> None:
    """Have pytest finish a fixture; one that has crashed fails whoever asks for it again."""
    error = None
    if crash is not None:
        finding = catalog.needs_crashed(held.vertex, crash.error)
        error = pytest.fail.Exception(str(finding), pytrace=False)
    _compat.forget(held.definition, held.request, error)


def finish_all(task: ScopeTask) -> list[str]:
    """Have pytest finish all that `task` holds open; return what is to be said of errors."""
    told = []
    for one in reversed(list(task.chain())):
        for entry in reversed(list(one.stack)):
            try:
                _finish(entry.key, None)
            except Exception as exc:
                told.append(catalog.failed_late(entry.key.vertex, exc))
    return told


def _blame(crash: Crash, test: str) -> BaseException:
    """Return the error of a crash with a note that says whose it is."""
    assert crash.owner is not None
    assert crash.error is not None
    error = only_leaf(crash.error)
    add_note(error, catalog.crashed(crash.owner.key.vertex, test))
    return error
