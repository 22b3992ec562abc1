"""The ports of anyio's fixtures, which came in 4.9."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import Any


def test_ports_that_nobody_uses(
    free_tcp_port: int, free_udp_port: int, free_tcp_port_factory: Any, free_udp_port_factory: Any
) -> None:
    for port, factory in (
        (free_tcp_port, free_tcp_port_factory),
        (free_udp_port, free_udp_port_factory),
    ):
        with closing(socket.socket(socket.AF_INET, factory.kind)) as taken:
            taken.bind(("127.0.0.1", port))
        assert factory(socket.AF_INET) != factory()
