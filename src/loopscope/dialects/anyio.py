"""The vocabulary of anyio's pytest plugin (4.0 and later).

A test names no loop here; it names what it runs on, by the value of the fixture `anyio_backend`.
Whoever has that fixture in its closure is claimed. How long a loop lives is left to the fixtures,
so that there is nothing to follow to the letter: loops are planned under every policy.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.declared import Declared
from loopscope.dialects.constants import UNKNOWN, returned_constant
from loopscope.dialects.spelling import Spelling
from loopscope.dialects.vocabulary import (
    SPOKEN,
    Choice,
    Dialect,
    Nature,
    Option,
    Test,
    ini,
    nature,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loopscope.core.policy import Policy
    from loopscope.dialects.ports import FreePorts

BACKEND = "anyio_backend"
MODES = ("strict", "auto")
VALUES = {
    "asyncio": '"asyncio"',
    "trio": '"trio"',
    "uvloop": '("asyncio", {"use_uvloop": True})',
}
"""How the value of `anyio_backend` is written that stands for a backend."""


class Words(Spelling):
    """How anyio's vocabulary is written: a test is put on a backend by a parameter."""

    mark_name = "anyio"

    def mark(
        self, declared: Declared, *, loop_factories: Sequence[str] = (), run: str | None = None
    ) -> str | None:
        only_backends = Declared(backends=declared.backends)
        if not declared.backends or declared != only_backends or loop_factories or run is not None:
            return super().mark(declared, loop_factories=loop_factories, run=run)
        values = [VALUES.get(backend) for backend in declared.backends]
        if None in values:
            return None
        return f'@pytest.mark.parametrize("{BACKEND}", [{", ".join(filter(None, values))}])'


class Anyio(Dialect):
    """anyio's vocabulary."""

    name = "anyio"
    spelling = Words()
    mark = Words.mark_name
    plugin = "anyio"
    module = "anyio.pytest_plugin"
    options = (
        Option(
            "anyio_mode",
            f"which async tests anyio's vocabulary claims: {', '.join(MODES)}",
            default="strict",
            flag="--anyio-mode",
        ),
    )
    lent = ("free_tcp_port_factory", "free_udp_port_factory", "free_tcp_port", "free_udp_port")
    parameters = (BACKEND,)
    always_planned = True
    takes_bare_fixtures_of_its_tests = True

    def __init__(self, config: pytest.Config, policy: Policy) -> None:
        super().__init__(config, policy)
        self.is_auto = "auto" in (
            config.getoption("anyio_mode", None),
            ini(config, "anyio_mode"),
        )

    def marks(self, test: Test) -> bool:
        return test.nature is Nature.COROUTINE

    def claims(self, test: Test) -> bool:
        return BACKEND in test.fixtures and test.nature is not Nature.ASYNC_GENERATOR

    def lacks(self, test: Test) -> str | None:
        return None if BACKEND in test.fixtures else BACKEND

    def choice(self, test: Test) -> Choice:
        value = self._known_value(test)
        try:
            backend, options = backend_and_options(value)
        except TypeError:  # not known yet, or told when it is asked for
            return Choice(self._key(test), lambda get: backend_and_options(get(BACKEND)))
        return Choice.of(backend, _spelled(backend, options), **options)

    def _known_value(self, test: Test) -> object:
        """Return the value of `anyio_backend`, if it can be known before it is set up."""
        if BACKEND in test.parameters:
            definition = test.nearest(BACKEND)
            value = test.parameters[BACKEND]
            # A fixture of the user's own may make anything of its parameter.
            if definition is None or not definition.params or _is_the_usual(definition.func):
                return value
            return UNKNOWN
        definition = test.nearest(BACKEND)
        return UNKNOWN if definition is None else returned_constant(definition.func)

    def _key(self, test: Test) -> str:
        definition = test.nearest(BACKEND)
        assert definition is not None
        where = test.place_of(definition) or id(definition.func)
        parameter = test.parameters.get(BACKEND)
        return f"{BACKEND} at {where}" + ("" if parameter is None else f" [{parameter}]")


def backend_and_options(value: object) -> tuple[str, Mapping[str, Any]]:
    """Return the backend that a value of `anyio_backend` stands for, and its options.

    Raises:
        TypeError: it is neither a string nor a tuple of a string and a dictionary.
    """
    match value:
        case str(name):
            options: dict[str, Any] = {}
        case (str(name), dict(options)):
            options = dict(options)
        case _:
            raise TypeError("anyio_backend must be either a string or tuple of (string, dict)")
    if name == "asyncio" and options.pop("use_uvloop", False):
        name = "uvloop"
    return name, options


def _spelled(backend: str, options: Mapping[str, Any]) -> str:
    """Return the key of a choice: tests with the same options can share a loop."""
    return f"{backend} {dict(options)}" if options else backend


def available_backends() -> list[str]:
    """Return the backends that can be imported, as anyio names them."""
    from importlib.util import find_spec

    return ["asyncio", *(["trio"] if find_spec("trio") else [])]


@pytest.fixture(scope="module", params=available_backends())
def anyio_backend(request: pytest.FixtureRequest) -> object:
    """What the test runs on: "asyncio", "trio", or a tuple of one of them and its options."""
    return request.param


def _is_the_usual(function: object) -> bool:
    return getattr(function, "__module__", None) in (Anyio.module, __name__)


@pytest.fixture
def anyio_backend_name(anyio_backend: Any) -> str:
    """The name of what the test runs on."""
    return anyio_backend if isinstance(anyio_backend, str) else anyio_backend[0]


@pytest.fixture
def anyio_backend_options(anyio_backend: Any) -> dict[str, Any]:
    """The options of what the test runs on."""
    return {} if isinstance(anyio_backend, str) else anyio_backend[1]


@pytest.fixture(scope="session")
def free_tcp_port_factory() -> FreePorts:
    """Hands out free TCP ports, each of them once."""
    import socket

    from loopscope.dialects.ports import FreePorts

    return FreePorts(socket.SOCK_STREAM)


@pytest.fixture(scope="session")
def free_udp_port_factory() -> FreePorts:
    """Hands out free UDP ports, each of them once."""
    import socket

    from loopscope.dialects.ports import FreePorts

    return FreePorts(socket.SOCK_DGRAM)


@pytest.fixture
def free_tcp_port(free_tcp_port_factory: FreePorts) -> int:
    """A free TCP port."""
    return free_tcp_port_factory()


@pytest.fixture
def free_udp_port(free_udp_port_factory: FreePorts) -> int:
    """A free UDP port."""
    return free_udp_port_factory()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "anyio: run this async test on each backend that anyio_backend names."
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    # By now it is known what is spoken, even if a conftest has brought us in.
    config = session.config
    if {"anyio", "pytest-asyncio"} <= config.stash[SPOKEN].autos:
        config.issue_config_time_warning(
            pytest.PytestConfigWarning(
                "AnyIO auto mode has been enabled together with pytest-asyncio auto mode. This may "
                "cause unexpected behavior. (With loopscope each async test that bears no mark "
                "belongs to anyio.)"
            ),
            2,
        )


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: Any) -> None:
    if (
        type(obj) is FunctionType
        and not obj.__dict__
        and (nature(obj) is Nature.SYNC or not _is_for_us(collector, obj))
    ):
        return  # whatever it is called; of other things it is not safe to ask anything first
    if not collector.istestfunction(obj, name):
        return
    function = getattr(obj, "__func__", obj)  # what a static method is made of
    body = getattr(getattr(function, "hypothesis", None), "inner_test", function)
    if nature(body) is Nature.COROUTINE and _is_for_us(collector, function):
        pytest.mark.usefixtures(BACKEND)(function)


def _is_for_us(collector: pytest.Module | pytest.Class, function: Any) -> bool:
    """Say whether the nearest mark of an async test, or a mode, makes it one of anyio's."""
    spoken = collector.config.stash[SPOKEN]
    around = spoken.surroundings
    own = getattr(function, "pytestmark", ())
    told = (own and around.told_by(own)) or around.of(collector).nearest
    return Anyio.name in (told or spoken.autos)
