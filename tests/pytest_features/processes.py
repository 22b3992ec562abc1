"""Suites that run in a process of their own and are sent signals when they say so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.pytest_features.inner import Inner

INT, TERM = signal.SIGINT, signal.SIGTERM
LIMIT = 60.0  # seconds; a process that takes longer hangs
UNWANTED = ("never awaited", "was destroyed", "ResourceWarning", "INTERNALERROR", "never retrieved")

# What all suites here import: `ready()` lets the next signal be sent.
TOLD = """
from events import event

def ready():
    print("\\nREADY", flush=True)
"""

SCOPES = ("session", "package", "module", "class", "function")


def conftest(decorator: str = "pytest.fixture", before: str = "") -> str:
    """Return a conftest with a fixture of each scope, each of which uses the next wider one."""
    return (
        "import pytest\nfrom told import event\n"
        + before
        + "".join(
            f"""
@{decorator}(scope="{scope}")
async def of_{scope}({around}):
    event("{scope} up")
    yield
    await CHECKPOINT()
    event("{scope} down")
"""
            for scope, around in zip(SCOPES, ("", *map("of_{}".format, SCOPES)), strict=False)
        )
    )


def downs(*scopes: str) -> list[str]:
    """Return the events of the teardown of fixtures, in this order."""
    return [f"{scope} down" for scope in scopes]


ALL_DOWN = downs(*reversed(SCOPES))


@dataclass
class Ended:
    """How a process ended: its exit code, its output, and the events from the first signal on."""

    code: int
    output: str
    events: list[str]

    @property
    def is_clean(self) -> bool:
        """Whether there is no word of anything that was not ended as it should."""
        return not any(word in self.output for word in UNWANTED)


def signalled(
    inner: Inner,
    signals: Sequence[int],
    *arguments: str,
    backend: str = "asyncio",
    plugins: Iterable[str] = (),
) -> Ended:
    """Run the suite, and send it one of `signals` each time it is ready."""
    if sys.platform == "win32":
        pytest.skip("signals are sent to one process")
    inner.write({"told.py": TOLD})
    options = [*inner.with_only(plugins, backend), "-s", "-Werror", *arguments]
    left, output = list(signals), ""
    with subprocess.Popen(
        [sys.executable, "-mpytest", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=inner.root,
        text=True,
        start_new_session=True,
        # Whoever started us in the background has had interrupts ignored.
        preexec_fn=lambda: signal.signal(INT, signal.SIG_DFL),
    ) as process:
        killer = threading.Timer(LIMIT, os.killpg, (process.pid, signal.SIGKILL))
        killer.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                output += line
                if line == "READY\n" and left:
                    process.send_signal(left.pop(0))
            code = process.wait()
        finally:
            killer.cancel()
    return Ended(code, output, [one for one in inner.events if not one.endswith(" up")])
