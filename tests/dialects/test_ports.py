"""Ports that are handed out are free, and are handed out once."""

from __future__ import annotations

import errno
import socket
from typing import Any

import pytest

from loopscope.dialects import ports
from loopscope.dialects.ports import FreePorts

KINDS = [socket.SOCK_STREAM, socket.SOCK_DGRAM]
KIND_IDS = ["tcp", "udp"]
LOCALHOST = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


@pytest.fixture(params=[(socket.AF_INET,), (socket.AF_INET6,), (socket.AF_INET, socket.AF_INET6)])
def families(request: pytest.FixtureRequest) -> tuple[socket.AddressFamily, ...]:
    """Families that this host has."""
    chosen: tuple[socket.AddressFamily, ...] = request.param
    if not set(chosen) <= set(ports._families_here()):
        pytest.skip("this host has no IPv6")
    return chosen


@pytest.mark.parametrize("kind", KINDS, ids=KIND_IDS)
def test_a_port_is_free_in_each_of_its_families(
    kind: socket.SocketKind, families: tuple[socket.AddressFamily, ...]
) -> None:
    port = FreePorts(kind, families)()
    for family in families:
        with socket.socket(family, kind) as listening:
            listening.bind((LOCALHOST[family], port))


@pytest.mark.parametrize("kind", KINDS, ids=KIND_IDS)
def test_a_port_is_free_wherever_this_host_can_listen_unless_told_otherwise(
    kind: socket.SocketKind,
) -> None:
    port = FreePorts(kind)()
    for family in ports._families_here():
        with socket.socket(family, kind) as listening:
            listening.bind((LOCALHOST[family], port))


def test_no_port_is_handed_out_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    found = iter([4000, 4000, None, 4000, 4001])
    monkeypatch.setattr(ports, "_port_free_in", lambda families, kind: next(found))
    free = FreePorts(socket.SOCK_STREAM, (socket.AF_INET,))
    assert [free(), free()] == [4000, 4001]


def test_two_that_hand_out_ports_know_nothing_of_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ports, "_port_free_in", lambda families, kind: 4000)
    families = (socket.AF_INET,)
    assert FreePorts(socket.SOCK_STREAM, families)() == FreePorts(socket.SOCK_DGRAM, families)()


def test_one_family_may_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def free_in(families: object, kind: object) -> int:
        asked.append((families, kind))
        return 4000

    monkeypatch.setattr(ports, "_port_free_in", free_in)
    FreePorts(socket.SOCK_DGRAM, (socket.AF_INET,))(socket.AF_INET6)
    assert asked == [((socket.AF_INET6,), socket.SOCK_DGRAM)]


@pytest.fixture
def without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host on which IPv6 is built in and switched off."""

    class Socket(socket.socket):
        def bind(self, address: Any) -> None:
            if self.family == socket.AF_INET6:
                raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
            super().bind(address)

    monkeypatch.setattr(socket, "socket", Socket)


@pytest.mark.usefixtures("without_ipv6")
def test_a_host_without_ipv6_still_has_free_ports() -> None:
    assert FreePorts(socket.SOCK_STREAM)() > 0


@pytest.mark.usefixtures("without_ipv6")
def test_a_family_that_the_host_has_not_is_an_error_and_no_endless_search() -> None:
    with pytest.raises(OSError, match="Cannot assign"):
        FreePorts(socket.SOCK_STREAM)(socket.AF_INET6)


@pytest.mark.parametrize("kind", KINDS, ids=KIND_IDS)
def test_a_port_that_another_family_has_not_free_is_no_free_port(kind: socket.SocketKind) -> None:
    # One family twice: the port that the first socket holds is taken for the second.
    assert ports._port_free_in((socket.AF_INET, socket.AF_INET), kind) is None
