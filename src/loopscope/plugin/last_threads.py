"""Threads that are still running when an interrupted run is over.

The interpreter waits at its end for every thread that is no daemon, without a limit: after a
Ctrl-C that is not what the user asked for. Another Ctrl-C ends that wait, so one is sent when the
time is up. `threading._register_atexit`, which `concurrent.futures` uses for its own threads, is
the only way to learn that the wait begins, which it does not before a program that has called
`pytest.main` is through with everything else.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from functools import partial
from typing import Any

GRACE = 2.0
"""Seconds for the threads to end by themselves."""


def alive() -> frozenset[threading.Thread]:
    """Return the threads that the interpreter would wait for."""
    return frozenset(
        thread
        for thread in threading.enumerate()
        if not thread.daemon and thread is not threading.main_thread()
    )


def limit(threads: frozenset[threading.Thread]) -> None:
    """Let the interpreter wait for `threads` no longer than a moment."""
    register: Any = getattr(threading, "_register_atexit", None)
    if register is not None and hasattr(signal, "pthread_kill"):
        register(partial(_begin, threads))


def _begin(threads: frozenset[threading.Thread]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.unraisablehook = _hide_interrupts
    threading.Thread(target=_interrupt, args=(threads,), daemon=True).start()


def _interrupt(threads: frozenset[threading.Thread]) -> None:
    deadline = time.monotonic() + GRACE
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    for thread in alive() - threads:
        thread.join()  # it was not left by the run
    main = threading.main_thread().ident
    assert main is not None
    # If they have all ended by now, so has the wait, and this thread with it.
    signal.pthread_kill(main, signal.SIGINT)


def _hide_interrupts(unraisable: sys.UnraisableHookArgs) -> None:
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)
