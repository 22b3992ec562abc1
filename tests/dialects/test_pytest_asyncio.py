"""pytest-asyncio's words: marks, decorators, options, loop factories, and the fixtures before."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.declared import Declared
from loopscope.core.policy import Policy
from loopscope.core.scope import Scope
from loopscope.dialects import pytest_asyncio
from loopscope.dialects.loop_factories import Factory, parse_names
from loopscope.dialects.pytest_asyncio import PytestAsyncio, parse_mark
from loopscope.dialects.vocabulary import GIVEN, SPOKEN, Spoken
from loopscope.errors import DeclarationError, UnknownName
from tests.dialects import stubs
from tests.dialects.stubs import Config, collected, definition, mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopscope.dialects.vocabulary import Test

SCOPES = "function, class, module, package, session"
ONLY_KEYWORDS = "mark.asyncio accepts only keyword arguments 'loop_scope' and 'loop_factories'."
NOT_NAMES = "mark.asyncio 'loop_factories' must be a non-empty sequence of strings."


async def body() -> None: ...


def make_loop() -> None: ...


@pytest.mark.parametrize(
    ("kwargs", "scope"),
    [
        ({}, None),
        ({"loop_scope": None}, None),
        ({"loop_scope": "module"}, Scope.MODULE),
        ({"scope": "session"}, Scope.SESSION),
        ({"loop_factories": ["fast"]}, None),
        ({"loop_scope": ""}, None),
    ],
    ids=str,
)
def test_a_mark_declares_its_loop_scope(kwargs: dict[str, object], scope: Scope | None) -> None:
    assert parse_mark((), kwargs) is scope


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        pytest.param(("module",), {}, ONLY_KEYWORDS, id="positional"),
        pytest.param((), {"loopscope": "module"}, ONLY_KEYWORDS, id="unknown-argument"),
        pytest.param(
            (),
            {"scope": "module", "loop_scope": "module"},
            'An asyncio pytest marker defines both "scope" and "loop_scope", but it should only '
            'use "loop_scope".',
            id="both",
        ),
        *(
            pytest.param(
                (),
                {name: word},
                f"mark.asyncio got an unexpected loop scope value {word!r}. "
                f"Valid scopes are: {SCOPES}.",
                id=f"{name}-{word!r}",
            )
            for name, word in [("loop_scope", "Module"), ("scope", "test"), ("loop_scope", 3)]
        ),
    ],
)
def test_a_mark_that_is_wrong_is_refused_as_pytest_asyncio_words_it(
    args: tuple[object, ...], kwargs: dict[str, object], message: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_mark(args, kwargs)
    assert str(caught.value) == message


@pytest.mark.parametrize("names", ["fast", [], (), {"fast"}, 3, ["fast", ""], [None]], ids=repr)
def test_loop_factories_that_are_no_names_are_refused(names: object) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_names({"loop_factories": names})
    assert str(caught.value) == NOT_NAMES


@pytest.mark.parametrize(
    ("levels", "scope"),
    [
        pytest.param([[]], None, id="unmarked"),
        pytest.param([[mark("asyncio")]], None, id="bare"),
        pytest.param([[mark("asyncio")], [mark("asyncio", loop_scope="class")]], None, id="nearer"),
        pytest.param([[], [mark("asyncio", loop_scope="class")]], Scope.CLASS, id="of-the-class"),
    ],
)
@pytest.mark.parametrize("policy", Policy)
def test_the_nearest_mark_declares_and_the_suite_has_a_default(
    levels: list[list[stubs.Mark]], scope: Scope | None, policy: Policy
) -> None:
    dialect = stubs.asyncio(policy, asyncio_default_test_loop_scope="module")
    declared = dialect.declared_by(collected(body, *levels))
    assert declared == Declared(scope, default=Scope.MODULE)


def test_a_test_has_the_default_of_tests_and_a_fixture_that_of_fixtures() -> None:
    dialect = stubs.asyncio(
        asyncio_default_test_loop_scope="class", asyncio_default_fixture_loop_scope="session"
    )
    assert dialect.declared_by(collected(body)).default is Scope.CLASS
    assert dialect.default_for(definition(body)) is Scope.SESSION


def fixture(loop_scope: object, *, forced: bool = True) -> Any:
    """Return a fixture function as `pytest_asyncio.fixture` leaves it."""

    async def function() -> None: ...

    function._force_asyncio_fixture = forced  # type: ignore[attr-defined]
    function._loop_scope = loop_scope  # type: ignore[attr-defined]
    return function


@pytest.mark.parametrize(
    ("function", "declared"),
    [
        pytest.param(body, None, id="undecorated"),
        pytest.param(fixture("module", forced=False), None, id="not-forced"),
        pytest.param(fixture(None), Declared(), id="no-scope"),
        pytest.param(fixture("module"), Declared(Scope.MODULE), id="scope"),
        pytest.param(
            SimpleNamespace(__func__=fixture("session")), Declared(Scope.SESSION), id="method"
        ),
    ],
)
@pytest.mark.parametrize("policy", Policy)
def test_a_fixture_declares_what_its_decorator_says(
    function: Any, declared: Declared | None, policy: Policy
) -> None:
    assert stubs.asyncio(policy).declared_on(function) == declared


def test_a_fixture_with_a_loop_scope_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(UnknownName) as caught:
        stubs.asyncio().declared_on(fixture("test"))
    assert str(caught.value) == f"'test' is not a valid loop_scope. Valid: {SCOPES}."


@pytest.mark.parametrize(
    ("given", "ini", "is_auto"),
    [
        ({}, {}, False),
        ({}, {"asyncio_mode": "auto"}, True),
        ({"asyncio_mode": "strict"}, {"asyncio_mode": "auto"}, False),
        ({"asyncio_mode": "auto"}, {}, True),
    ],
    ids=str,
)
def test_the_command_line_decides_on_the_mode_before_the_ini_file(
    given: dict[str, str], ini: dict[str, str], is_auto: bool
) -> None:
    dialect = configured(given, ini)
    assert (dialect.is_auto, dialect.takes_bare_fixtures) == (is_auto, is_auto)


@pytest.mark.parametrize(
    ("given", "ini", "debug"),
    [
        ({}, {}, False),
        ({}, {"asyncio_debug": True}, True),
        ({}, {"asyncio_debug": "true"}, True),
        ({}, {"asyncio_debug": "false"}, False),
        ({"asyncio_debug": True}, {"asyncio_debug": False}, True),
    ],
    ids=str,
)
def test_debug_is_an_option_of_every_loop(
    given: dict[str, object], ini: dict[str, object], debug: bool
) -> None:
    dialect = configured(given, ini)
    choice = dialect.choice(collected(body))
    assert choice.key == "asyncio"
    assert choice.resolve(unasked) == ("asyncio", {"debug": True} if debug else {})


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        (
            "asyncio_mode",
            "legacy",
            "'legacy' is not a valid asyncio_mode. Valid modes: auto, strict.",
        ),
        (
            "asyncio_default_test_loop_scope",
            "test",
            f"'test' is not a valid asyncio_default_test_loop_scope. Valid scopes are: {SCOPES}.",
        ),
        (
            "asyncio_default_test_loop_scope",
            "fixture-scope",
            "'fixture-scope' is not a valid asyncio_default_test_loop_scope. "
            f"Valid scopes are: {SCOPES}.",
        ),
        (
            "asyncio_default_fixture_loop_scope",
            "Module",
            "'Module' is not a valid asyncio_default_fixture_loop_scope. "
            f"Valid scopes are: {SCOPES}.",
        ),
    ],
)
def test_an_option_that_is_wrong_is_refused_with_what_is_right(
    option: str, value: str, message: str
) -> None:
    with pytest.raises(pytest.UsageError) as caught:
        stubs.asyncio(**{option: value})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("word", "scope"),
    [("fixture-scope", None), (None, None), ("", None), ("package", Scope.PACKAGE)],
)
def test_the_default_of_fixtures_may_be_their_own_scope(
    word: str | None, scope: Scope | None
) -> None:
    assert stubs.asyncio(asyncio_default_fixture_loop_scope=word).fixture_default is scope


def test_options_that_pytest_has_not_heard_of_have_their_defaults() -> None:
    config: Any = SimpleNamespace(getoption=lambda name, default: default, getini=unknown)
    dialect = PytestAsyncio(config, Policy.PLANNED)
    assert (dialect.is_auto, dialect.debug) == (False, False)
    assert (dialect.fixture_default, dialect.test_default) == (None, None)


def test_pytest_hands_over_what_a_suite_says(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_test_loop_scope = package\n")
    config = pytester.parseconfig("--asyncio-mode=strict", "--asyncio-debug", "-pno:randomly")
    dialect = PytestAsyncio(config, Policy.PLANNED)
    assert (dialect.is_auto, dialect.debug) == (False, True)
    assert (dialect.test_default, dialect.fixture_default) == (Scope.PACKAGE, None)


def test_a_loop_factory_is_a_choice_of_its_own() -> None:
    parameters = {"_asyncio_loop_factory": Factory("fast", make_loop)}
    choice = stubs.asyncio(asyncio_debug=True).choice(collected(body, parameters=parameters))
    assert (choice.key, choice.backend) == ("asyncio by fast", "asyncio")
    assert choice.resolve(unasked) == ("asyncio", {"debug": True, "loop_factory": make_loop})


def event_loop_policy() -> object:
    return "a policy"


def event_loop() -> object:
    yield "a loop"


def test_a_policy_of_the_suite_is_a_choice_of_its_own_for_each_parameter() -> None:
    fixtures = [definition(event_loop_policy)]
    line = event_loop_policy.__code__.co_firstlineno
    plain = stubs.asyncio().choice(collected(body, fixtures=fixtures))
    first = stubs.asyncio().choice(
        collected(body, fixtures=fixtures, parameters={"event_loop_policy": 1})
    )
    assert plain.key == f"asyncio with event_loop_policy at {Path(__file__).name}:{line}"
    assert first.key == f"{plain.key} [1]"
    assert plain.backend is first.backend is None
    assert plain.resolve(str.upper) == ("asyncio", {"policy": "EVENT_LOOP_POLICY"})


def test_the_policy_that_is_there_anyway_is_no_choice() -> None:
    usual = definition(usual_policy())
    assert stubs.asyncio().choice(collected(body, fixtures=[usual])).key == "asyncio"


def usual_policy() -> Any:
    """Return a function that is defined in our own module."""

    def event_loop_policy() -> None: ...

    event_loop_policy.__module__ = pytest_asyncio.__name__
    return event_loop_policy


def test_a_fixture_that_is_the_loop_decides_alone_and_warns_once() -> None:
    dialect, loop = stubs.asyncio(), definition(event_loop, scope="module")
    test = collected(body, fixtures=[loop, definition(event_loop_policy)])
    line = event_loop.__code__.co_firstlineno
    choice = dialect.choice(test)
    assert dialect.loop_fixture(test) is loop
    assert (choice.key, choice.backend) == (
        f"asyncio by event_loop at {Path(__file__).name}:{line}",
        None,
    )
    with pytest.warns(pytest.PytestDeprecationWarning, match="its scope, module, is read as"):
        assert choice.resolve(str.upper) == ("asyncio", {"loop": "EVENT_LOOP"})
    assert dialect.choice(test).resolve(str.upper) == ("asyncio", {"loop": "EVENT_LOOP"})


def hook(answer: object, *, implemented: bool = True) -> Any:
    """Return what a test calls hooks by, where the one for loop factories returns `answer`."""

    def call(config: object, item: object) -> object:
        return answer

    call.get_hookimpls = lambda: [call] if implemented else []  # type: ignore[attr-defined]
    return SimpleNamespace(pytest_asyncio_loop_factories=call)


def variants(ihook: object, **kwargs: object) -> list[Any]:
    test: Test = collected(body, [mark("asyncio", **kwargs)], ihook=ihook)
    return list(stubs.asyncio().variants(test))


TWO: Mapping[str, Any] = {"fast": make_loop, "slow": make_loop}


def test_a_test_has_a_variant_for_each_factory_of_the_hook_or_of_its_mark() -> None:
    assert [variant.id for variant in variants(hook(TWO))] == ["fast", "slow"]
    chosen = variants(hook({**TWO, "third": make_loop}), loop_factories=["slow", "fast"])
    assert [variant.id for variant in chosen] == ["slow", "fast"]
    assert [variant.values[0].name for variant in chosen] == ["slow", "fast"]


def test_an_unmarked_test_has_the_variants_of_the_hook() -> None:
    test = collected(body, ihook=hook(TWO))
    assert [variant.id for variant in stubs.asyncio().variants(test)] == ["fast", "slow"]


def test_a_factory_that_the_hook_does_not_name_is_skipped() -> None:
    known, unknown = variants(hook(TWO), loop_factories=["fast", "uvloop"])
    assert (known.marks, unknown.values) == ((), (None,))
    assert unknown.marks[0].kwargs["reason"] == (
        "Loop factory 'uvloop' is not available. Available factories: fast, slow."
    )


def test_a_single_factory_leaves_the_name_of_the_test_alone() -> None:
    hidden = getattr(pytest, "HIDDEN_PARAM", "fast")
    [variant] = variants(hook({"fast": make_loop}))
    assert variant.id is hidden


@pytest.mark.parametrize("ihook", [SimpleNamespace(), hook(TWO, implemented=False)])
def test_without_a_hook_there_are_no_variants_and_none_to_choose(ihook: object) -> None:
    assert variants(ihook) == []
    with pytest.raises(pytest.fail.Exception, match="requires at least one"):
        variants(ihook, loop_factories=["fast"])


@pytest.mark.parametrize(
    "answer",
    [None, {}, [make_loop], {"": make_loop}, {"fast": None}, {3: make_loop}],
    ids=["nothing", "empty", "list", "no-name", "no-factory", "number"],
)
def test_a_hook_that_names_no_factories_is_a_mistake_of_the_suite(answer: object) -> None:
    with pytest.raises(pytest.UsageError) as caught:
        variants(hook(answer))
    assert str(caught.value) == (
        "pytest_asyncio_loop_factories must return a non-empty mapping of factory names to "
        f"callables, not {answer!r}."
    )


@pytest.mark.parametrize("kwargs", [{"loop_scope": "test"}, {"loop_factories": "fast"}], ids=str)
def test_a_mark_that_is_wrong_fails_the_collection_of_its_test_with_its_name(
    kwargs: dict[str, object],
) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"^test_it\.py::test_it: mark\.asyncio "):
        variants(hook(TWO), **kwargs)


def test_a_mode_puts_its_mark_on_what_it_claims(pytester: pytest.Pytester) -> None:
    [item] = pytester.getitems("async def test_it(): ...")
    assert item.get_closest_marker("asyncio") is None
    dialect = configured({}, {"asyncio_mode": "auto"})
    spoken = Spoken((dialect,), lambda item: collected(item.obj), executes=True)
    item.config.stash[SPOKEN] = spoken
    module = item.getparent(pytest.Module)
    assert module is not None
    adapting = pytest_asyncio.pytest_pycollect_makeitem(module)
    next(adapting)
    with pytest.raises(StopIteration) as stopped:
        adapting.send([item])
    assert stopped.value.value == [item]
    assert item.stash[GIVEN] is item.get_closest_marker("asyncio")


def configured(given: Mapping[str, Any], ini: Mapping[str, Any]) -> PytestAsyncio:
    config: Any = Config(given, ini)
    return PytestAsyncio(config, Policy.PLANNED)


def unasked(name: str) -> object:
    raise AssertionError(f"{name} is asked for")


def unknown(name: str) -> object:
    raise ValueError(f"unknown configuration value: {name!r}")
