"""Time limits of async tests: ours, and those that pytest-timeout's words set.

pytest-timeout asks by a hook who keeps a limit, and would keep it itself by an error raised in the
middle of the loop; for tests of ours we answer, and cancel them. The timer starts with the setup of
a test, not with pytest's protocol around it, so that each time that the test is run again has time
of its own.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.backends import registry
from loopscope.diagnose import catalog
from loopscope.dialects import native
from loopscope.errors import LoopscopeError
from loopscope.plugin.clocks import HAS_SIGNALS
from loopscope.plugin.debuggers import is_debugging
from loopscope.plugin.timer import Limit, Timer

if TYPE_CHECKING:
    from types import ModuleType

    from loopscope.core.origin import Origin
    from loopscope.plugin.alike import Alike
    from loopscope.plugin.collection import Collection
    from loopscope.plugin.runtime import Runtime
    from loopscope.plugin.side_by_side import SideBySide
    from loopscope.plugin.timer import Activity, TimedOut, Turning

OTHER = "pytest-timeout"


class Timeouts:
    """Keeps the time limits of tests that are ours, and leaves others to whoever keeps them."""

    def __init__(
        self,
        config: pytest.Config,
        collection: Collection,
        default: float | None,
        runtime: Runtime,
        side_by_side: SideBySide | None,
    ) -> None:
        self.collection = collection
        self.default = default
        self.runtime = runtime
        self.side_by_side = side_by_side
        self._other: ModuleType | None = config.pluginmanager.get_plugin("timeout")
        if not hasattr(self._other, "get_env_settings"):
            self._other = None
        self._general: Any = None if self._other is None else self._other.get_env_settings(config)
        self._marks: dict[Alike, float | None] = {}
        self._timer: Timer | None = None
        self._asked: tuple[pytest.Item, Any] | None = None
        self._problem: catalog.Finding | None = None
        self._is_in_pdb = False

    # What pytest-timeout asks.

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> bool | None:
        if not self._is_ours(item):
            return None
        self._asked = item, settings
        if settings.func_only:
            self._start(item, "call")
        return True

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_timeout_cancel_timer(self, item: pytest.Item) -> bool | None:
        if self._asked is None or self._asked[0] is not item:
            return None
        if self._timer is not None:
            self._timer.stop()
        return True

    # The test and its phases.

    def begin(self, item: pytest.Item) -> catalog.Finding | None:
        """Begin the setup of a test of ours; return what is wrong with its mark, if anything is."""
        self._problem = None
        self._start(item, "setup")
        return self._problem

    def begin_call(self) -> None:
        """Begin the call of the test under way."""
        if self._timer is not None:
            self._timer.begin("call")

    def begin_teardown(self) -> None:
        """Begin the teardown of the test under way."""
        if self._timer is not None:
            if self._timer.limit.body_only:
                self._timer.stop()
            else:
                self._timer.begin("teardown")

    def stop(self) -> None:
        """Forget the test that was under way."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_exception_interact(self) -> None:
        # A debugger may be about to look at the failure.
        if self._timer is not None:
            self._timer.stop()

    @pytest.hookimpl
    def pytest_enter_pdb(self) -> None:
        self._is_in_pdb = True

    def _start(self, item: pytest.Item, phase: str) -> None:
        limit = self._limit(item)
        if limit is None or limit.body_only != (phase == "call"):
            return
        name, origin = self._described(item)
        self._timer = Timer(item, name, origin, limit, self)
        self._timer.begin(phase)

    def end_of_phase(self) -> TimedOut | None:
        """Return what the test fails with if the time of this phase was up.

        It does so even if the code under test has caught the error.
        """
        timer = self._timer
        error = None if timer is None else timer.end()
        if timer is not None and error is not None:
            trace = self.runtime.trace
            if trace is not None:
                trace.cancelled(timer.item, f"its time of {timer.limit.seconds:g} s was up")
        return error

    def _is_ours(self, item: pytest.Item) -> bool:
        if item in self.collection.tests:
            return True
        return self.side_by_side is not None and self.side_by_side.claims(item)

    def _described(self, item: pytest.Item) -> tuple[str, Origin]:
        test = self.collection.tests.get(item)
        if test is not None:
            return test.name, test.origin
        return item.name, self.collection.origins.of(getattr(item, "function", None))

    # Limits.

    def _limit(self, item: pytest.Item) -> Limit | None:
        """Return the limit of a test: our mark, pytest-timeout's, our option, pytest-timeout's."""
        try:
            marked = self._marked(item)
        except LoopscopeError as exc:
            name, origin = self._described(item)
            self._problem = catalog.bad_declaration(item.nodeid, name, origin, str(exc))
            return None
        if marked is not None:
            return self._ours(marked, f"@pytest.mark.loopscope(timeout={marked:g})")
        asked = self._asked[1] if self._asked and self._asked[0] is item else None
        is_marked = self._other is not None and item.get_closest_marker("timeout") is not None
        if self.default is not None and not is_marked:
            return self._ours(self.default, f"loopscope_timeout = {self.default:g}")
        if asked is None:
            return None
        seconds = asked.timeout
        said = f"@pytest.mark.timeout({seconds:g})" if is_marked else f"timeout = {seconds:g}"
        return Limit(
            seconds,
            OTHER,
            said,
            self._possible(asked.method),
            asked.func_only,
            bool(asked.disable_debugger_detection),
        )

    def _marked(self, item: pytest.Item) -> float | None:
        """Return what our mark sets, which is the same for all tests that are alike.

        Raises:
            LoopscopeError: a mark that cannot be understood.
        """
        alike = self.collection.decisions.of(item) if isinstance(item, pytest.Function) else None
        if alike is not None and alike in self._marks:
            return self._marks[alike]
        marked: float | None = native.argument_of(item, "timeout", registry.names())
        if alike is not None:
            self._marks[alike] = marked
        return marked

    def _ours(self, seconds: float, said: str) -> Limit | None:
        if seconds == 0:
            return None
        general = self._general
        return Limit(
            seconds,
            "loopscope",
            said,
            self._possible("signal" if general is None else general.method),
            ignores_debugger=general is not None and bool(general.disable_debugger_detection),
        )

    @staticmethod
    def _possible(method: str) -> str:
        is_main = threading.current_thread() is threading.main_thread()
        return "signal" if method == "signal" and HAS_SIGNALS and is_main else "thread"

    # What a timer sees.

    def turning(self) -> Turning | None:
        found: Turning | None = self.runtime.turning()
        if found is None and self.side_by_side is not None:
            found = self.side_by_side.turning
        return found

    def activity(self) -> Activity | None:
        activities = self.runtime.under_way.activities
        return activities[-1] if activities else None

    def is_given(self) -> bool:
        if self.side_by_side is not None and self.side_by_side.is_given:
            return True
        activity = self.activity()
        return activity is not None and activity.action == "given"

    def is_debugging(self) -> bool:
        if self._is_in_pdb or is_debugging():
            return True
        return self._other is not None and bool(self._other.is_debugging())

    def origin(self, path: str, line: int) -> Origin:
        return self.collection.origins.of_line(path, line)

    def give_up(self, item: pytest.Item) -> None:
        if self._other is not None and self._timer is not None:
            limit = self._timer.limit
            self._other.timeout_timer(
                item,
                self._other.Settings(
                    limit.seconds, limit.method, limit.body_only, limit.ignores_debugger
                ),
            )
        capture = item.config.pluginmanager.getplugin("capturemanager")
        if capture is not None:
            capture.suspend_global_capture(item)
        sys.stderr.write(f"\n+++ Timeout: {item.nodeid} +++\n")
        sys.stderr.flush()
        faulthandler.dump_traceback(sys.__stderr__ or sys.stderr, all_threads=True)
        os._exit(1)
