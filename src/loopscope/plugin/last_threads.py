"""Threads that are still running when an interrupted run is over.

The interpreter waits at its end for every thread that is no daemon, without a limit: after a
Ctrl-C that is not what the user asked for. Another Ctrl-C ends that wait, so this sends one when
the time is up. `threading._register_atexit`, which `concurrent.futures` uses for its own threads,
is the only way to learn that the wait begins, which it does not before a program that has called
`pytest.main` is through with everything else.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from dataclasses import dataclass

GRACE = 2.0
"""Seconds for the threads to end by themselves."""


def _will_be_waited_for() -> set[threading.Thread]:
    return {
        thread
        for thread in threading.enumerate()
        if not thread.daemon and thread is not threading.main_thread()
    }


@dataclass(frozen=True, slots=True)
class LastThreads:
    """The threads that the interpreter would wait for."""

    threads: frozenset[threading.Thread]

    @classmethod
    def that_run(cls) -> LastThreads:
        """Return those that are alive now."""
        return cls(frozenset(_will_be_waited_for()))

    def __bool__(self) -> bool:
        return bool(self.threads)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the threads, in order."""
        return tuple(sorted(thread.name for thread in self.threads))

    def limit(self) -> None:
        """Let the interpreter wait for them no longer than a moment, at its end."""
        register = getattr(threading, "_register_atexit", None)
        if register is not None and hasattr(signal, "pthread_kill"):
            register(self._watch)

    def _watch(self) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = _only_interrupts_are_hidden
        threading.Thread(target=self._interrupt, daemon=True).start()

    def _interrupt(self) -> None:
        deadline = time.monotonic() + GRACE
        while True:
            alive = _will_be_waited_for()
            for thread in alive - self.threads:
                thread.join()  # not left by the run
            for thread in alive & self.threads:
                thread.join(max(0.0, deadline - time.monotonic()))
            if time.monotonic() >= deadline:
                break
            if not alive:
                return
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)


def _only_interrupts_are_hidden(unraisable: sys.UnraisableHookArgs) -> None:
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)
