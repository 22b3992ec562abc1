"""The vocabulary of pytest-asyncio (0.23 and later).

A test and a fixture name the scope of their loop here, and the suite sets a default for each. A
loop is made by a policy, or by one of several factories that a hook names. What there was before
0.23 is understood as well: a fixture `event_loop` that *is* the loop, and whose scope is the scope
of the loop.
"""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from loopscope.core.declared import Declared
from loopscope.core.graph import Kind
from loopscope.core.scope import Scope
from loopscope.dialects.constants import UNKNOWN
from loopscope.dialects.loop_factories import (
    Factory,
    names_factories,
    parse_names,
    variants_of,
)
from loopscope.dialects.spelling import Spelling, listed
from loopscope.dialects.vocabulary import (
    SPOKEN,
    Choice,
    Dialect,
    Nature,
    Option,
    Spoken,
    Test,
    give_mark,
    gives_loop,
    ini,
    owner,
    uses_xunit,
)
from loopscope.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from types import ModuleType

    from loopscope.core.policy import Policy
    from loopscope.dialects.ports import FreePorts
    from loopscope.dialects.vocabulary import Definition, Get

MARK_ARGUMENTS = frozenset({"loop_scope", "scope", "loop_factories"})
MODES = ("auto", "strict")
LOOP = "event_loop"
POLICY = "event_loop_policy"
FIXTURE_SCOPE = "fixture-scope"
SCOPES = ", ".join(scope.word for scope in Scope)


class Words(Spelling):
    """How pytest-asyncio's vocabulary is written."""

    mark_name = "asyncio"
    decorator_name = "pytest_asyncio.fixture"
    arguments: ClassVar = {Kind.TEST: "loop_scope", Kind.FIXTURE: "loop_scope"}
    options: ClassVar = {
        Kind.TEST: "asyncio_default_test_loop_scope",
        Kind.FIXTURE: "asyncio_default_fixture_loop_scope",
    }
    no_default: ClassVar = {Kind.FIXTURE: FIXTURE_SCOPE}

    def _loop_factories(self, names: Sequence[str]) -> str:
        return f"loop_factories={listed(names)}"


class PytestAsyncio(Dialect):
    """pytest-asyncio's vocabulary."""

    name = "pytest-asyncio"
    spelling = Words()
    mark = Words.mark_name
    plugin = "asyncio"
    module = "pytest_asyncio.plugin"
    options = (
        Option(
            "asyncio_mode",
            f"which async tests pytest-asyncio's vocabulary claims: {', '.join(MODES)}",
            default="strict",
            flag="--asyncio-mode",
        ),
        Option(
            "asyncio_debug",
            "whether loops are in asyncio's debug mode",
            default=False,
            type="bool",
            flag="--asyncio-debug",
            is_switch=True,
        ),
        Option(
            "asyncio_default_fixture_loop_scope",
            f"the loop scope of async fixtures that declare none: {SCOPES}, {FIXTURE_SCOPE}",
        ),
        Option(
            "asyncio_default_test_loop_scope",
            f"the loop scope of async tests that declare none: {SCOPES}",
            default="function",
        ),
    )
    variant = "_asyncio_loop_factory"
    parameters = (variant, POLICY)
    only_with_peer = (LOOP,)
    overridable = POLICY
    opened_loop = "_opened_loop"
    lent = (
        "unused_tcp_port",
        "unused_udp_port",
        "unused_tcp_port_factory",
        "unused_udp_port_factory",
        POLICY,
    )

    def __init__(self, config: pytest.Config, policy: Policy) -> None:
        super().__init__(config, policy)
        self.is_auto = self.takes_bare_fixtures = _mode(config) == "auto"
        self.debug = _debug(config)
        self.fixture_default = _scope(config, "asyncio_default_fixture_loop_scope")
        self.test_default = _scope(config, "asyncio_default_test_loop_scope")
        self._told: set[object] = set()

    def declared_by(self, test: Test) -> Declared:
        mark = test.item.get_closest_marker(self.mark)
        scope = None if mark is None else parse_mark(mark.args, mark.kwargs)
        return Declared(scope, default=self.test_default)

    def declared_on(self, function: Callable[..., Any]) -> Declared | None:
        function = getattr(function, "__func__", function)
        if not getattr(function, "_force_asyncio_fixture", False):
            return None
        word = getattr(function, "_loop_scope", None)
        return Declared(None if word is None else Scope.parse(word, "loop_scope"))

    def default_for(self, definition: Definition) -> Scope | None:
        return self.fixture_default

    def varies(self, collector: pytest.Collector) -> bool:
        return names_factories(collector)

    def variants(self, test: Test) -> Sequence[Any]:
        mark = test.item.get_closest_marker(self.mark)
        try:
            if mark is None:
                return variants_of(test, None)
            parse_mark(mark.args, mark.kwargs)
            return variants_of(test, parse_names(mark.kwargs))
        except DeclarationError as exc:
            pytest.fail(f"{test.item.nodeid}: {exc}", pytrace=False)

    def choice(self, test: Test) -> Choice:
        options: dict[str, Any] = {"debug": self.debug} if self.debug else {}
        loop = self.loop_fixture(test)
        if loop is not None:
            return Choice(
                f"asyncio by {_named(loop, test)}", lambda get: self._given_loop(loop, get)
            )
        key, factory = "asyncio", test.parameters.get(self.variant)
        if isinstance(factory, Factory):
            key = f"asyncio by {factory.name}"
            options["loop_factory"] = factory.make_loop
        policy = test.nearest(POLICY)
        if policy is None or _is_the_usual(policy.func):
            return Choice.of("asyncio", key, **options)
        key += f" with {_named(policy, test)}"
        if POLICY in test.parameters:
            key += f" [{test.parameters[POLICY]}]"
        return Choice(key, lambda get: ("asyncio", {**options, "policy": get(POLICY)}))

    def loop_fixture(self, test: Test) -> Definition | None:
        definition = test.nearest(LOOP)
        return None if definition is None or _is_the_usual(definition.func) else definition

    def _given_loop(self, definition: Definition, get: Get) -> tuple[str, Mapping[str, Any]]:
        if definition.func not in self._told:
            self._told.add(definition.func)
            code = inspect.unwrap(definition.func).__code__
            warnings.warn_explicit(
                pytest.PytestDeprecationWarning(
                    "the fixture event_loop is the loop of this suite, as before pytest-asyncio "
                    f"0.23; its scope, {definition.scope}, is read as the loop scope. Declare that "
                    "as loop_scope, and drop the fixture."
                ),
                None,
                code.co_filename,
                code.co_firstlineno,
            )
        return "asyncio", {"loop": get(LOOP)}

    def on_overridden(self) -> Overridden:
        return Overridden()

    def on_synchronous(self) -> Synchronous:
        return Synchronous()

    @classmethod
    def step_in(cls, peer: ModuleType) -> None:
        from loopscope.dialects.item_class import TestOfOurs

        found = getattr(peer, "PytestAsyncioFunction", None)
        if found is None or isinstance(found, TestOfOurs):
            return
        # An earlier run in this process may have put one there, of modules that are gone by now.
        known = {"original": vars(found).get("original", found), "dialect": cls}
        stand_in: Any = TestOfOurs("PytestAsyncioFunction", (), known)
        peer.PytestAsyncioFunction = stand_in  # type: ignore[attr-defined]


def parse_mark(args: Sequence[object], kwargs: Mapping[str, object]) -> Scope | None:
    """Return the loop scope that `@pytest.mark.asyncio(*args, **kwargs)` declares.

    Raises:
        DeclarationError: an argument or a value that the mark does not take.
    """
    if args or not set(kwargs) <= MARK_ARGUMENTS:
        raise DeclarationError(
            "mark.asyncio accepts only keyword arguments 'loop_scope' and 'loop_factories'."
        )
    if "scope" in kwargs and "loop_scope" in kwargs:
        raise DeclarationError(
            'An asyncio pytest marker defines both "scope" and "loop_scope", but it should only '
            'use "loop_scope".'
        )
    word = kwargs.get("loop_scope") or kwargs.get("scope")
    if word is None:
        return None
    try:
        return Scope.parse(word)
    except Exception:
        raise DeclarationError(
            f"mark.asyncio got an unexpected loop scope value {word!r}. Valid scopes are: {SCOPES}."
        ) from None


def _mode(config: pytest.Config) -> str:
    given = config.getoption("asyncio_mode", None)
    mode = ini(config, "asyncio_mode", "strict") if given is None else given
    if mode not in MODES:
        raise pytest.UsageError(
            f"{mode!r} is not a valid asyncio_mode. Valid modes: {', '.join(MODES)}."
        )
    return str(getattr(mode, "value", mode))  # other plugins set it to a member of theirs


def _debug(config: pytest.Config) -> bool:
    given = config.getoption("asyncio_debug", None)
    value = ini(config, "asyncio_debug", False) if given is None else given
    return value is True or value == "true"


def _scope(config: pytest.Config, name: str) -> Scope | None:
    word = ini(config, name, None)
    if not word or (word == FIXTURE_SCOPE and name == "asyncio_default_fixture_loop_scope"):
        return None
    try:
        return Scope.parse(word)
    except Exception:
        raise pytest.UsageError(
            f"{word!r} is not a valid {name}. Valid scopes are: {SCOPES}."
        ) from None


def _is_the_usual(function: object) -> bool:
    return getattr(function, "__module__", None) in (PytestAsyncio.module, __name__)


def _named(definition: Definition, test: Test) -> str:
    place = test.place_of(definition)
    return definition.argname if place is None else f"{definition.argname} at {place}"


class Overridden:
    """Warns of a policy that is the suite's own."""

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        if fixturedef.argname == POLICY and not _is_the_usual(fixturedef.func):
            warnings.warn(
                pytest.PytestDeprecationWarning(
                    "Overriding the fixture event_loop_policy is deprecated: pytest-asyncio is "
                    "about to drop it. Use the hook pytest_asyncio_loop_factories."
                ),
                stacklevel=1,
            )
        return (yield)


class Synchronous:
    """Warns of synchronous tests that bear the mark."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> None:
        if pyfuncitem.get_closest_marker(PytestAsyncio.mark) is None:
            return
        test = pyfuncitem.config.stash[SPOKEN].describe(pyfuncitem)
        if not test.is_async and not uses_xunit(test):
            pyfuncitem.warn(
                pytest.PytestWarning(
                    f"The test {pyfuncitem} is marked with '@pytest.mark.asyncio' but it is not an "
                    "async function. Please remove the asyncio mark. If the test is not marked "
                    "explicitly, check for global marks applied via 'pytestmark'."
                )
            )


class Specs:
    """The hook of pytest-asyncio's, where pytest-asyncio is not there to name it."""

    @pytest.hookspec(firstresult=True)
    def pytest_asyncio_loop_factories(
        self, config: pytest.Config, item: pytest.Item
    ) -> Mapping[str, Callable[[], Any]] | None:
        """Return the loop factories that `item` is to run with, by name."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "asyncio(loop_scope=None, loop_factories=None): run this async test on asyncio, on the "
        "loop of that scope, once with each of those loop factories.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_report_header(config: pytest.Config) -> str:
    fixture_default = ini(config, "asyncio_default_fixture_loop_scope", None)
    test_default = ini(config, "asyncio_default_test_loop_scope", None)
    return (
        f"asyncio: mode={_mode(config)}, debug={_debug(config)}, "
        f"asyncio_default_fixture_loop_scope={fixture_default}, "
        f"asyncio_default_test_loop_scope={test_default}"
    )


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class,
) -> Generator[None, Any, Any]:
    made = yield
    if made:
        spoken = collector.config.stash[SPOKEN]
        for node in made if isinstance(made, list) else [made]:
            if isinstance(node, pytest.Function):
                _adapt(node, spoken)
    return made


def _adapt(item: pytest.Function, spoken: Spoken) -> None:
    """Give a test what pytest-asyncio gives it when it is collected."""
    is_marked = spoken.bears(item, PytestAsyncio.mark)
    if not is_marked and PytestAsyncio.name not in spoken.autos:
        return  # only a mark could make it one of pytest-asyncio's
    test = spoken.describe(item)
    if not test.is_async:
        return
    is_generator = test.nature is Nature.ASYNC_GENERATOR
    is_variant = PytestAsyncio.variant in test.parameters
    if is_marked and not is_generator and not is_variant:
        return
    if not isinstance(owner(test, spoken.dialects), PytestAsyncio):
        return
    if not is_marked:
        give_mark(item, PytestAsyncio.mark)
    if is_variant:
        item.fixturenames.append(PytestAsyncio.variant)  # as users of the hook have come to expect
    if is_generator:
        reason = (
            "Tests based on asynchronous generators are not supported. "
            f"{item.name} will be ignored."
        )
        item.warn(pytest.PytestCollectionWarning(reason))
        item.add_marker(pytest.mark.xfail(run=False, reason=reason))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    definition: Any = metafunc.definition
    if not metafunc.config.stash[SPOKEN].bears(definition, PytestAsyncio.mark):
        return
    mark = definition.get_closest_marker(PytestAsyncio.mark)
    if mark is None or "scope" not in mark.kwargs or "loop_scope" in mark.kwargs:
        return
    # Not in 0.23, which does not know the new word yet.
    if ini(metafunc.config, "asyncio_default_fixture_loop_scope", UNKNOWN) is not UNKNOWN:
        warnings.warn(
            pytest.PytestDeprecationWarning(
                f'{metafunc.definition.nodeid}: mark.asyncio\'s argument "scope" is deprecated. '
                'Use "loop_scope" instead.'
            ),
            stacklevel=1,
        )


@pytest.fixture(scope="session")
def event_loop_policy() -> Any:
    """The policy that makes the loops, for a suite to override."""
    import asyncio

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return asyncio.get_event_loop_policy()


@pytest.fixture
@gives_loop
def _opened_loop() -> None:
    """A loop that opens; looptime and its like find it by the module of this function."""


@pytest.fixture
@gives_loop
def event_loop() -> None:
    """The loop that the test runs on, which versions before 1.0 let a test ask for."""


@pytest.fixture(scope="session")
def unused_tcp_port_factory() -> FreePorts:
    """Hands out TCP ports that nobody uses, each of them once."""
    import socket

    from loopscope.dialects.ports import FreePorts

    return FreePorts(socket.SOCK_STREAM, (socket.AF_INET,))


@pytest.fixture(scope="session")
def unused_udp_port_factory() -> FreePorts:
    """Hands out UDP ports that nobody uses, each of them once."""
    import socket

    from loopscope.dialects.ports import FreePorts

    return FreePorts(socket.SOCK_DGRAM, (socket.AF_INET,))


@pytest.fixture
def unused_tcp_port(unused_tcp_port_factory: FreePorts) -> int:
    """A TCP port that nobody uses."""
    return unused_tcp_port_factory()


@pytest.fixture
def unused_udp_port(unused_udp_port_factory: FreePorts) -> int:
    """A UDP port that nobody uses."""
    return unused_udp_port_factory()
