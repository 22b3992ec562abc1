"""Free ports on this host, for the fixtures that hand them out."""

from __future__ import annotations

import socket
from contextlib import ExitStack


class FreePorts:
    """Hands out ports on which nothing listens, each of them once.

    Args:
        kind: the kind of socket that a port is wanted for.
        families: the address families in which a port has to be free at the same time.
    """

    def __init__(
        self, kind: socket.SocketKind, families: tuple[socket.AddressFamily, ...] | None = None
    ) -> None:
        self.kind = kind
        self._families = families or _families_here()
        self._given: set[int] = set()

    def __call__(self, family: socket.AddressFamily | None = None) -> int:
        """Return a port that is free in `family`, or in all of this object's families."""
        families = self._families if family is None else (family,)
        while True:
            port = _port_free_in(families, self.kind)
            if port is not None and port not in self._given:
                self._given.add(port)
                return port


def _families_here() -> tuple[socket.AddressFamily, ...]:
    """Return the families that this host has: IPv6 may be built in and switched off."""
    found = []
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            _port_free_in((family,), socket.SOCK_STREAM)
        except OSError:
            continue
        found.append(family)
    return tuple(found)


def _port_free_in(
    families: tuple[socket.AddressFamily, ...], kind: socket.SocketKind
) -> int | None:
    """Return a port that the first family had to give, if it is free in the others as well.

    Raises:
        OSError: the first family has none to give.
    """
    port = 0
    with ExitStack() as open_sockets:
        for family in families:
            one = open_sockets.enter_context(socket.socket(family, kind))
            host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
            try:
                one.bind((host, port))
            except OSError:
                if not port:
                    raise
                return None
            port = port or one.getsockname()[1]
    return port
