"""The backends by name."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from loopscope.errors import BackendMissing, UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopscope.backends.base import Host


class Backend(NamedTuple):
    """A way to run async code: its name, the library it needs and how a host of it is opened.

    `open` takes the name of the loop, for messages, and the options of its host, and imports the
    library only then.
    """

    name: str
    library: str
    open: Callable[..., Host]

    def load(self) -> None:
        """Import the library, so that no test is charged for it."""
        importlib.import_module(self.library)

    def require(self) -> None:
        """Check that the library can be imported.

        Raises:
            BackendMissing: it is not installed; the message says what to install.
        """
        if importlib.util.find_spec(self.library) is None:
            raise BackendMissing(
                f"the backend {self.name!r} needs {self.library}, which is not installed: "
                f"pip install pytest-loopscope[{self.library}]"
            )


def _open_asyncio(name: str, **options: Any) -> Host:
    from loopscope.backends.asyncio import AsyncioHost

    return AsyncioHost("asyncio", name, **options)


def _open_uvloop(name: str, **options: Any) -> Host:
    import uvloop

    from loopscope.backends.asyncio import AsyncioHost

    return AsyncioHost("uvloop", name, **{"loop_factory": uvloop.new_event_loop, **options})


def _open_trio(name: str, **options: Any) -> Host:
    from loopscope.backends.trio import TrioHost

    return TrioHost("trio", name, **options)


_BACKENDS = {
    backend.name: backend
    for backend in (
        Backend("asyncio", "asyncio", _open_asyncio),
        Backend("uvloop", "uvloop", _open_uvloop),
        Backend("trio", "trio", _open_trio),
    )
}


def release() -> None:
    """Give up what closed loops have left for new ones."""
    recycling = sys.modules.get("loopscope.backends.recycling")
    if recycling is not None:
        recycling.release()


def names() -> tuple[str, ...]:
    """Return the names of all backends."""
    return tuple(_BACKENDS)


def get(name: object) -> Backend:
    """Return the backend called `name`.

    Raises:
        UnknownName: there is none; the message lists the valid names.
    """
    if isinstance(name, str) and name in _BACKENDS:
        return _BACKENDS[name]
    raise UnknownName("backend", name, names())
