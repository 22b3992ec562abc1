"""Handlers of signals, asked for and set once or more a test.

`signal.signal` and `signal.getsignal` look every handler up among some enumerations, which takes
eight times as long as what they stand for.
"""

from __future__ import annotations

from signal import SIG_DFL

try:
    from _signal import getsignal  # type: ignore[import-not-found]
    from _signal import signal as set_signal
except ImportError:  # pragma: no cover
    from signal import getsignal
    from signal import signal as set_signal

__all__ = ["DEFAULT", "getsignal", "set_signal"]

DEFAULT = int(SIG_DFL)
"""The default action, as it is without the enumerations."""
