"""anyio's words: what the value of `anyio_backend` stands for, and when it can be known."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.policy import Policy
from loopscope.dialects import anyio
from loopscope.dialects.anyio import Anyio, backend_and_options
from tests.dialects import stubs
from tests.dialects.stubs import Config, collected, definition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

UNCLEAR = "anyio_backend must be either a string or tuple of (string, dict)"


async def body() -> None: ...


async def generator() -> Any:
    yield


def synchronous() -> None: ...


def always_trio() -> str:
    return "trio"


def with_options() -> object:
    return ("asyncio", {"debug": True})


def returns_nonsense() -> None: ...


def of_the_parameter(request: Any) -> object:
    return request.param


@pytest.mark.parametrize(
    ("value", "backend", "options"),
    [
        ("asyncio", "asyncio", {}),
        ("trio", "trio", {}),
        (("asyncio", {}), "asyncio", {}),
        (("asyncio", {"debug": True}), "asyncio", {"debug": True}),
        (("asyncio", {"use_uvloop": True}), "uvloop", {}),
        (("asyncio", {"use_uvloop": False}), "asyncio", {}),
        (
            ("trio", {"restrict_keyboard_interrupt_to_checkpoints": True}),
            "trio",
            {"restrict_keyboard_interrupt_to_checkpoints": True},
        ),
    ],
    ids=str,
)
def test_a_value_stands_for_a_backend_and_its_options(
    value: object, backend: str, options: dict[str, object]
) -> None:
    assert backend_and_options(value) == (backend, options)


def test_the_options_of_the_suite_are_left_as_they_are() -> None:
    options = {"use_uvloop": True}
    backend_and_options(("asyncio", options))
    assert options == {"use_uvloop": True}


@pytest.mark.parametrize(
    "value",
    [None, 3, ("asyncio",), ("asyncio", None), ({}, "asyncio"), ("asyncio", {}, {}), b"asyncio"],
    ids=repr,
)
def test_anything_else_is_refused_as_anyio_words_it(value: object) -> None:
    with pytest.raises(TypeError) as caught:
        backend_and_options(value)
    assert str(caught.value) == UNCLEAR


def chosen(
    function: Callable[..., Any] | None = None,
    *,
    params: Sequence[object] | None = None,
    parameter: object = None,
) -> Any:
    """Return what a test with that fixture `anyio_backend` and that parameter runs on."""
    fixtures = [definition(function, name="anyio_backend", params=params)] if function else []
    parameters = {} if parameter is None else {"anyio_backend": parameter}
    test = collected(body, fixtures=fixtures, names=["anyio_backend"], parameters=parameters)
    return stubs.anyio().choice(test)


@pytest.mark.parametrize(
    ("parameter", "key", "backend"),
    [
        ("trio", "trio", "trio"),
        ("asyncio", "asyncio", "asyncio"),
        (("asyncio", {}), "asyncio", "asyncio"),
        (("asyncio", {"use_uvloop": True}), "uvloop", "uvloop"),
        (("asyncio", {"debug": True}), "asyncio {'debug': True}", "asyncio"),
    ],
    ids=str,
)
def test_the_same_backend_with_the_same_options_shares_a_key(
    parameter: object, key: str, backend: str
) -> None:
    choice = chosen(parameter=parameter)
    assert (choice.key, choice.backend) == (key, backend)
    assert choice.resolve(unasked) == backend_and_options(parameter)


def test_a_fixture_that_returns_a_constant_is_known_at_collection() -> None:
    choice = chosen(always_trio)
    assert (choice.key, choice.backend) == ("trio", "trio")
    assert choice.resolve(unasked) == ("trio", {})


def test_the_usual_fixture_hands_on_its_parameter() -> None:
    def anyio_backend(request: Any) -> None: ...

    for module in ("anyio.pytest_plugin", anyio.__name__):
        anyio_backend.__module__ = module
        assert chosen(anyio_backend, params=["trio"], parameter="trio").key == "trio"


@pytest.mark.parametrize("function", [with_options, of_the_parameter, returns_nonsense])
def test_a_fixture_that_may_return_anything_is_asked_once_there_is_a_test(
    function: Callable[..., Any],
) -> None:
    choice = chosen(function)
    line = function.__code__.co_firstlineno
    assert (choice.key, choice.backend) == (f"anyio_backend at {Path(__file__).name}:{line}", None)
    answers = {"anyio_backend": ("asyncio", {"debug": True})}
    assert choice.resolve(answers.__getitem__) == backend_and_options(answers["anyio_backend"])
    with pytest.raises(TypeError) as caught:
        choice.resolve(lambda name: None)
    assert str(caught.value) == UNCLEAR


def test_a_fixture_of_the_suite_may_make_anything_of_its_parameter() -> None:
    first, second = (
        chosen(of_the_parameter, params=["trio", "asyncio"], parameter=one)
        for one in ("trio", "asyncio")
    )
    line = of_the_parameter.__code__.co_firstlineno
    assert first.key == f"anyio_backend at {Path(__file__).name}:{line} [trio]"
    assert second.key == f"anyio_backend at {Path(__file__).name}:{line} [asyncio]"
    assert first.backend is second.backend is None


def test_a_parameter_of_the_test_overrules_a_fixture_that_has_none() -> None:
    assert chosen(always_trio, parameter="asyncio").key == "asyncio"


def test_two_fixtures_without_code_are_told_apart() -> None:
    class Fixture:
        def __call__(self) -> str:
            return "trio"

    one, other = Fixture(), Fixture()
    assert chosen(one).key != chosen(other).key
    assert chosen(one).key == chosen(one).key


@pytest.mark.parametrize(
    ("function", "names", "claims"),
    [
        (body, ["anyio_backend"], True),
        (synchronous, ["anyio_backend"], True),
        (generator, ["anyio_backend"], False),
        (body, ["anyio_backend_name"], False),
        (body, [], False),
    ],
)
def test_whoever_has_the_fixture_in_the_closure_is_claimed(
    function: object, names: list[str], claims: bool
) -> None:
    assert stubs.anyio().claims(collected(function, names=names)) is claims


@pytest.mark.parametrize(
    ("function", "means"), [(body, True), (synchronous, False), (generator, False)]
)
def test_a_mark_means_something_on_a_coroutine_function_only(function: object, means: bool) -> None:
    assert stubs.anyio().marks(collected(function)) is means


@pytest.mark.parametrize(
    ("given", "ini", "is_auto"),
    [
        ({}, {}, False),
        ({}, {"anyio_mode": "auto"}, True),
        ({"anyio_mode": "auto"}, {}, True),
        ({"anyio_mode": "strict"}, {"anyio_mode": "auto"}, True),  # as anyio has it
        ({}, {"anyio_mode": "nonsense"}, False),  # as anyio has it
    ],
    ids=str,
)
def test_either_option_switches_the_mode_on(
    given: dict[str, str], ini: dict[str, str], is_auto: bool
) -> None:
    config: Any = Config(given, ini)
    assert Anyio(config, Policy.PLANNED).is_auto is is_auto


def test_a_version_that_has_no_mode_is_strict() -> None:
    def unknown(name: str) -> object:
        raise ValueError(f"unknown configuration value: {name!r}")

    config: Any = SimpleNamespace(getoption=lambda name, default: default, getini=unknown)
    assert not Anyio(config, Policy.PLANNED).is_auto


def test_pytest_hands_over_what_a_suite_says(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfig("--anyio-mode=auto")
    assert Anyio(config, Policy.PLANNED).is_auto


def test_the_backends_that_can_be_imported_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    for spec, backends in [(object(), ["asyncio", "trio"]), (None, ["asyncio"])]:
        monkeypatch.setattr("importlib.util.find_spec", lambda name, spec=spec: spec)
        assert anyio.available_backends() == backends


def test_it_has_no_words_for_loop_scopes() -> None:
    assert (Anyio.always_planned, Anyio.allows_mismatch) == (True, True)
    assert stubs.anyio().default_for(definition(body)) is None


def unasked(name: str) -> object:
    raise AssertionError(f"{name} is asked for")
