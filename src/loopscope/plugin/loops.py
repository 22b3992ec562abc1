"""The loops that are open, and who is told when one opens or closes."""

from __future__ import annotations

import warnings
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from loopscope.backends import registry
from loopscope.core.scope import Scope
from loopscope.diagnose import catalog
from loopscope.dialects import OPENED_LOOPS
from loopscope.errors import GaveUp, ShutdownWarning
from loopscope.plugin import _compat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from loopscope.backends.base import Crash, Host
    from loopscope.backends.interrupts import Interrupts
    from loopscope.backends.loop_watch import LoopWatch
    from loopscope.core.plan import Loop
    from loopscope.dialects.vocabulary import Choice
    from loopscope.plugin.engine_trace import EngineTrace
    from loopscope.plugin.silence import Silence


class OpenLoops:
    """The hosts of the loops that are open, in the order in which they were opened.

    `announce`, if there is one, is told ("SETUP" or "TEARDOWN", loop); with `dry` no host is made.
    `watch` sees the loops turn, and `trace` records them. What is to be said at the end of the run
    is in `untold`.
    """

    def __init__(
        self,
        announce: Callable[[str, Loop], None] | None,
        silence: Silence,
        interrupts: Interrupts,
        *,
        dry: bool,
        watch: LoopWatch | None = None,
        trace: EngineTrace | None = None,
    ) -> None:
        self._announce = announce
        self._silence = silence
        self._interrupts = interrupts
        self._dry = dry
        self._are_others_looking: bool | None = None
        self.untold: list[str] = []
        self._watch = watch
        self._trace = trace
        self._hosts: dict[Loop, Host | None] = {}
        self.known: WeakKeyDictionary[Any, Loop] = WeakKeyDictionary()
        """The libraries' own objects for loops, in the order of opening: those, too, that are
        closed by now, as long as somebody holds on to them."""

    def __contains__(self, loop: object) -> bool:
        return loop in self._hosts

    def __iter__(self) -> Iterator[Loop]:
        return iter(self._hosts)

    def __len__(self) -> int:
        return len(self._hosts)

    def __getitem__(self, loop: Loop) -> Host | None:
        return self._hosts[loop]

    def get(self, loop: Loop) -> Host | None:
        """Return the host of `loop`, or None if it is not open."""
        return self._hosts.get(loop)

    def hosts(self) -> Iterator[Host]:
        """Yield the hosts of the loops that are open."""
        for host in self._hosts.values():
            if host is not None:
                yield host

    @property
    def are_quiet(self) -> bool:
        """Whether there is nothing to see to on any of them."""
        for host in self._hosts.values():  # noqa: SIM110 (asked in each phase of each test)
            if host is not None and not host.is_quiet:
                return False
        return True

    def is_shared(self, host: Host) -> bool:
        """Say whether the loop of `host`, which is open, may serve more than one test."""
        return any(
            one is host and loop.anchor.scope is not Scope.FUNCTION
            for loop, one in self._hosts.items()
        )

    def open(self, loop: Loop, choice: Choice, item: pytest.Function) -> Host | None:
        """Open `loop` as `choice` says, for the sake of `item`; return its host, if it has one."""
        host = None if self._dry else _opened(loop, choice, item)
        self._hosts[loop] = host
        if host is not None:
            host.watch = self._watch
            host.interrupts = self._interrupts
        if host is not None and host.native is not None:
            with suppress(TypeError):  # a loop of the user's own that cannot be referred to weakly
                self.known[host.native] = loop
        if self._trace is not None:
            self._trace.opened(loop)
        is_told = host is not None and self._tell(item, host.native, loop)
        if not is_told and self._announce is not None:
            self._announce("SETUP", loop)
        return host

    def _tell(self, item: pytest.Function, native: object, loop: Loop) -> bool:
        """Tell plugins that look for loops among the results of fixtures; say whether there are."""
        if self._are_others_looking is None:
            # Once: whoever looks at fixtures does so for all of a run.
            self._are_others_looking = _compat.others_see_fixtures(item.config)
        if not self._are_others_looking:
            return False
        for name in OPENED_LOOPS:
            for definition in _compat.fixture_definitions(item, name)[-1:]:
                scope = loop.anchor.scope.word
                _compat.show_fixture(item, definition, f"loop of {loop.name}", scope, native)
                return True
        return False

    def close(self, loop: Loop) -> tuple[Crash, ...]:
        """Close `loop`, make the one that was opened before it current again, tell of crashes."""
        host = self._hosts.pop(loop)
        crashes: tuple[Crash, ...] = ()
        if host is not None:
            try:
                crashes = host.close()
            except GaveUp as exc:
                self.untold.append(catalog.given_up(loop, exc))
            except Exception as exc:
                if not self._silence.covers("LS304", loop.anchor.node):
                    warnings.warn(catalog.disorderly(loop, exc), ShutdownWarning, stacklevel=1)
            finally:
                others = list(self.hosts())
                if others:
                    others[-1].become_current()
        if self._trace is not None:
            self._trace.closed(loop)
        if self._announce is not None:
            self._announce("TEARDOWN", loop)
        return crashes


def _opened(loop: Loop, choice: Choice, item: pytest.Function) -> Host:
    get = partial(_compat.getfixturevalue, item)
    backend, options = choice.resolve(get)
    if choice.own_options is not None and loop.anchor.scope is Scope.FUNCTION:
        options = {**options, **choice.own_options(get)}
    host = registry.get(backend).open(str(loop), **options)
    host.become_current()
    return host
