"""What is spelled is understood again, and what a vocabulary has no words for is not spelled."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import loopscope
from loopscope.core.declared import Declared
from loopscope.core.graph import Kind
from loopscope.core.scope import Scope
from loopscope.dialects import NATIVE, PEERS, native, pytest_asyncio, spelling
from loopscope.dialects.anyio import backend_and_options
from loopscope.dialects.loop_factories import parse_names
from loopscope.dialects.pytest_trio import RUNS
from loopscope.dialects.spelling import quoted
from tests.dialects import stubs
from tests.dialects.stubs import BACKENDS, called, collected, mark

if TYPE_CHECKING:
    from loopscope.dialects.vocabulary import Dialect

OURS, ASYNCIO, ANYIO, TRIO = (
    spelling(name) for name in ("loopscope", "pytest-asyncio", "anyio", "pytest-trio")
)
ALL: tuple[type[Dialect], ...] = (NATIVE, *PEERS)
MODULE = Declared(Scope.MODULE)
ON_TRIO = Declared(backends=("trio",))
ON_BOTH = Declared(backends=("trio", "uvloop"))

SPELLED = [
    (OURS.mark(MODULE), '@pytest.mark.loopscope(scope="module")'),
    (OURS.mark(ON_TRIO), '@pytest.mark.loopscope(backend="trio")'),
    (
        OURS.mark(Declared(Scope.CLASS, ("trio", "uvloop"))),
        '@pytest.mark.loopscope(scope="class", backend=["trio", "uvloop"])',
    ),
    (OURS.argument(Kind.TEST, Scope.MODULE), 'scope="module"'),
    (OURS.argument(Kind.FIXTURE, Scope.MODULE), 'loop_scope="module"'),
    (OURS.decorator(Declared()), "@loopscope.fixture"),
    (
        OURS.decorator(MODULE, Scope.CLASS),
        '@loopscope.fixture(loop_scope="module", scope="class")',
    ),
    (ASYNCIO.mark(MODULE), '@pytest.mark.asyncio(loop_scope="module")'),
    (
        ASYNCIO.mark(MODULE, loop_factories=["fast", 'the "slow" one']),
        '@pytest.mark.asyncio(loop_scope="module", loop_factories=["fast", \'the "slow" one\'])',
    ),
    (ASYNCIO.argument(Kind.FIXTURE, Scope.SESSION), 'loop_scope="session"'),
    (
        ASYNCIO.decorator(MODULE, Scope.MODULE),
        '@pytest_asyncio.fixture(loop_scope="module", scope="module")',
    ),
    (ASYNCIO.default(Kind.TEST, Scope.SESSION), "asyncio_default_test_loop_scope = session"),
    (
        ASYNCIO.default(Kind.FIXTURE, Scope.CLASS),
        "asyncio_default_fixture_loop_scope = class",
    ),
    (
        ASYNCIO.default(Kind.FIXTURE, None),
        "asyncio_default_fixture_loop_scope = fixture-scope",
    ),
    (
        ANYIO.mark(ON_BOTH),
        '@pytest.mark.parametrize("anyio_backend", ["trio", ("asyncio", {"use_uvloop": True})])',
    ),
    (ANYIO.decorator(Declared()), "@pytest.fixture"),
    (ANYIO.decorator(Declared(), Scope.SESSION), '@pytest.fixture(scope="session")'),
    (TRIO.mark(Declared(), run="qtrio"), "@pytest.mark.trio(run=qtrio.run)"),
    (TRIO.decorator(Declared()), "@pytest_trio.trio_fixture"),
]

scopes = st.sampled_from(Scope)
some_scope = st.none() | scopes
some_backends = st.lists(st.sampled_from(BACKENDS), unique=True).map(tuple)
some_names = st.lists(st.text(min_size=1), min_size=1)


async def body() -> None: ...


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
def test_each_vocabulary_has_its_words_by_its_name(dialect: type[Dialect]) -> None:
    assert spelling(dialect.name) is dialect.spelling
    assert spelling(dialect.name).mark(Declared()) == f"@pytest.mark.{dialect.mark}"


@pytest.mark.parametrize(("words", "text"), SPELLED, ids=[text for _, text in SPELLED])
def test_every_construct_is_spelled_as_a_suite_would_write_it(words: str, text: str) -> None:
    assert words == text


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(OURS.mark(Declared(), loop_factories=["fast"]), id="ours-factories"),
        pytest.param(OURS.mark(Declared(), run="trio"), id="ours-run"),
        pytest.param(OURS.mark(Declared(backends=("asyncio by f",))), id="ours-options"),
        pytest.param(OURS.decorator(ON_TRIO), id="ours-backend-of-a-fixture"),
        pytest.param(OURS.default(Kind.TEST, Scope.MODULE), id="ours-default"),
        pytest.param(ASYNCIO.mark(ON_TRIO), id="asyncio-backend"),
        pytest.param(ASYNCIO.mark(Declared(Scope.MODULE, ("asyncio",))), id="asyncio-both"),
        pytest.param(ASYNCIO.mark(MODULE, run="trio"), id="asyncio-run"),
        pytest.param(ASYNCIO.default(Kind.TEST, None), id="asyncio-no-default-of-tests"),
        pytest.param(ANYIO.mark(MODULE), id="anyio-scope"),
        pytest.param(ANYIO.mark(Declared(Scope.MODULE, ("trio",))), id="anyio-both"),
        pytest.param(ANYIO.mark(Declared(backends=("asyncio {}",))), id="anyio-options"),
        pytest.param(ANYIO.mark(ON_TRIO, run="trio"), id="anyio-run"),
        pytest.param(ANYIO.argument(Kind.FIXTURE, Scope.MODULE), id="anyio-fixture-scope"),
        pytest.param(ANYIO.decorator(MODULE), id="anyio-decorator"),
        pytest.param(TRIO.mark(MODULE), id="trio-scope"),
        pytest.param(TRIO.mark(ON_TRIO), id="trio-backend"),
        pytest.param(TRIO.mark(Declared(), run="curio"), id="trio-unknown-run"),
        pytest.param(TRIO.decorator(Declared(), Scope.MODULE), id="trio-wider-fixture"),
        pytest.param(TRIO.default(Kind.FIXTURE, Scope.MODULE), id="trio-default"),
    ],
)
def test_what_a_vocabulary_has_no_words_for_is_not_spelled(words: str | None) -> None:
    assert words is None


@given(st.builds(Declared, some_scope, some_backends))
def test_a_mark_of_ours_means_what_was_spelled(declared: Declared) -> None:
    name, args, kwargs = called(said(OURS.mark(declared)))
    assert name == "pytest.mark.loopscope"
    assert native.declared_in(native.parse_arguments(args, kwargs, BACKENDS)) == declared


@given(some_scope, st.just([]) | some_names)
def test_a_mark_of_pytest_asyncio_means_what_was_spelled(
    scope: Scope | None, factories: list[str]
) -> None:
    words = said(ASYNCIO.mark(Declared(scope), loop_factories=factories))
    name, args, kwargs = called(words)
    assert name == "pytest.mark.asyncio"
    assert pytest_asyncio.parse_mark(args, kwargs) is scope
    assert (parse_names(kwargs) or []) == factories


@given(some_backends.filter(bool))
def test_a_parameter_of_anyio_means_what_was_spelled(backends: tuple[str, ...]) -> None:
    name, (fixture, values), kwargs = called(said(ANYIO.mark(Declared(backends=backends))))
    assert (name, fixture, kwargs) == ("pytest.mark.parametrize", "anyio_backend", {})
    assert tuple(backend_and_options(value)[0] for value in values) == backends


@pytest.mark.parametrize("library", RUNS)
def test_a_mark_of_pytest_trio_means_what_was_spelled(library: str) -> None:
    pytest.importorskip("trio")
    _, _, kwargs = called(said(TRIO.mark(Declared(), run=library)))
    test = collected(body, [mark("trio", **kwargs)])
    run: object = stubs.trio().run_for(test.item)
    assert run == f"{library}.run"


@given(some_scope, scopes)
def test_a_decorator_of_ours_means_what_was_spelled(loop_scope: Scope | None, scope: Scope) -> None:
    name, options = decorator(OURS.decorator(Declared(loop_scope), scope), scope)
    function = fresh()
    assert name == "loopscope.fixture"
    loopscope.fixture(**options)(function)
    assert native.declared_on(function) == Declared(loop_scope)


@given(some_scope, scopes)
def test_a_decorator_of_pytest_asyncio_means_what_was_spelled(
    loop_scope: Scope | None, scope: Scope
) -> None:
    decorate = pytest.importorskip("pytest_asyncio").fixture
    name, options = decorator(ASYNCIO.decorator(Declared(loop_scope), scope), scope)
    function = fresh()
    assert name == "pytest_asyncio.fixture"
    decorate(**options)(function)
    assert stubs.asyncio().declared_on(function) == Declared(loop_scope)


@given(scopes)
def test_a_decorator_of_anyio_is_pytests_own(scope: Scope) -> None:
    name, options = decorator(ANYIO.decorator(Declared(), scope), scope)
    assert (name, set(options) - {"scope"}) == ("pytest.fixture", set())


def test_a_decorator_of_pytest_trio_means_what_was_spelled() -> None:
    module, _, attribute = called(said(TRIO.decorator(Declared())))[0].partition(".")
    pytest.importorskip(module)
    function = fresh()
    getattr(importlib.import_module(module), attribute)(function)
    assert stubs.trio().declared_on(function) == Declared()


@given(scopes)
def test_a_default_of_tests_means_what_was_spelled(scope: Scope) -> None:
    assert stubs.asyncio(**ini(ASYNCIO.default(Kind.TEST, scope))).test_default is scope


@given(some_scope)
def test_a_default_of_fixtures_means_what_was_spelled(scope: Scope | None) -> None:
    assert stubs.asyncio(**ini(ASYNCIO.default(Kind.FIXTURE, scope))).fixture_default is scope


@given(st.text())
def test_a_quoted_name_is_that_name(name: str) -> None:
    assert called(f"name({quoted(name)})") == ("name", (name,), {})


def said(words: str | None) -> str:
    assert words is not None
    return words


def decorator(words: str | None, scope: Scope) -> tuple[str, dict[str, Any]]:
    """Return the decorator that is spelled, and its options, among them the fixture's scope."""
    name, args, kwargs = called(said(words))
    assert args == ()
    assert kwargs.get("scope", "function") == scope.word
    return name, kwargs


def ini(line: str | None) -> dict[str, str]:
    option, _, value = said(line).partition(" = ")
    return {option: value}


def fresh() -> Any:
    """Return a fixture function that bears no decorator."""

    async def fixture() -> None: ...

    return fixture
