"""The exceptions that loopscope raises at its callers."""

from __future__ import annotations


class LoopscopeError(Exception):
    """The base of every error that loopscope itself raises."""


class UnknownName(LoopscopeError):
    """A name that is not one of the valid ones; the message lists those."""

    def __init__(self, what: str, given: object, valid: tuple[str, ...]) -> None:
        super().__init__(f"{given!r} is not a valid {what}. Valid: {', '.join(valid)}.")
        self.what = what
        self.given = given
        self.valid = valid


class BackendMissing(LoopscopeError):
    """A backend whose library is not installed."""


class HostError(LoopscopeError):
    """A host was asked for what cannot be done, such as a step on a closed loop."""


class GaveUp(HostError):
    """A loop was closed although something on it had not ended; the message says what."""


class DeclarationError(LoopscopeError):
    """A mark, option or decorator that says something loopscope does not understand."""


class LoopscopeWarning(UserWarning):
    """The base of every warning that loopscope itself gives; filter it, or one of its kinds."""


class LeakWarning(LoopscopeWarning):
    """Something that a test or a fixture left behind on a loop."""


class BlockedLoopWarning(LoopscopeWarning):
    """A call kept a loop from turning for longer than `loopscope_blocked` allows (LS323)."""


class ShutdownWarning(LoopscopeWarning, RuntimeWarning):
    """A loop that could not be shut down in order: a RuntimeWarning, as that of pytest-asyncio."""


class Terminated(KeyboardInterrupt):
    """SIGTERM has come: the run ends as after a Ctrl-C."""
