"""Our own words: what they mean, and how a meaning is spelled."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.core.declared import Declared
from loopscope.core.graph import Kind
from loopscope.core.scope import Scope
from loopscope.dialects import native
from loopscope.errors import DeclarationError, LoopscopeError, UnknownName

BACKENDS = ("asyncio", "uvloop", "trio")
VALID_ARGUMENTS = "scope, backend"
VALID_SCOPES = "function, class, module, package, session"
VALID_BACKENDS = "asyncio, uvloop, trio"


@pytest.mark.parametrize(
    ("arguments", "declared"),
    [
        pytest.param({}, Declared(), id="nothing"),
        pytest.param({"scope": "module"}, Declared(Scope.MODULE), id="scope"),
        pytest.param({"scope": None}, Declared(), id="no-scope"),
        pytest.param({"backend": "trio"}, Declared(backends=("trio",)), id="backend"),
        pytest.param(
            {"backend": ["trio", "asyncio"]}, Declared(backends=("trio", "asyncio")), id="backends"
        ),
        pytest.param({"backend": ()}, Declared(), id="no-backend"),
        pytest.param(
            {"scope": "session", "backend": "uvloop"},
            Declared(Scope.SESSION, ("uvloop",)),
            id="both",
        ),
    ],
)
def test_a_mark_declares_what_it_says(arguments: dict[str, object], declared: Declared) -> None:
    assert native.parse_mark((), arguments, BACKENDS) == declared


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "message"),
    [
        pytest.param(
            ("module",),
            {},
            DeclarationError,
            f"mark.loopscope takes keyword arguments only ({VALID_ARGUMENTS}), not 'module'",
            id="positional",
        ),
        pytest.param(
            (),
            {"loop_scope": "module"},
            DeclarationError,
            f"mark.loopscope has no argument 'loop_scope'. Valid: {VALID_ARGUMENTS}.",
            id="unknown-argument",
        ),
        *(
            pytest.param(
                (),
                {"scope": scope},
                UnknownName,
                f"{scope!r} is not a valid scope. Valid: {VALID_SCOPES}.",
                id=f"scope-{scope!r}",
            )
            for scope in ("Module", "test", "", 3, ["module"])
        ),
        *(
            pytest.param(
                (),
                {"backend": backend},
                UnknownName,
                f"{named!r} is not a valid backend. Valid: {VALID_BACKENDS}.",
                id=f"backend-{backend!r}",
            )
            for backend, named in [
                ("curio", "curio"),
                ("", ""),
                (None, None),
                (3, 3),
                (["trio", "curio"], "curio"),
                ([["trio"]], ["trio"]),
            ]
        ),
    ],
)
def test_a_bad_argument_is_refused_with_the_valid_ones(
    args: tuple[object, ...],
    kwargs: dict[str, object],
    error: type[LoopscopeError],
    message: str,
) -> None:
    with pytest.raises(error) as caught:
        native.parse_mark(args, kwargs, BACKENDS)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (Declared(), "@pytest.mark.loopscope()"),
        (Declared(Scope.MODULE), '@pytest.mark.loopscope(scope="module")'),
        (Declared(backends=("trio",)), '@pytest.mark.loopscope(backend="trio")'),
        (
            Declared(Scope.CLASS, ("trio", "uvloop")),
            '@pytest.mark.loopscope(scope="class", backend=["trio", "uvloop"])',
        ),
    ],
    ids=["nothing", "scope", "backend", "both"],
)
def test_a_declaration_is_spelled_as_a_mark(declared: Declared, words: str) -> None:
    assert native.spell_mark(declared) == words


@given(
    st.builds(
        Declared,
        st.none() | st.sampled_from(Scope),
        st.lists(st.sampled_from(BACKENDS), unique=True).map(tuple),
    )
)
def test_what_is_spelled_is_parsed_again(declared: Declared) -> None:
    marks = SimpleNamespace(loopscope=lambda *args, **kwargs: (args, kwargs))
    words = native.spell_mark(declared).removeprefix("@")
    args, kwargs = eval(words, {"pytest": SimpleNamespace(mark=marks)})
    assert native.parse_mark(args, kwargs, BACKENDS) == declared


@pytest.mark.parametrize(
    ("kind", "words"), [(Kind.TEST, 'scope="module"'), (Kind.FIXTURE, 'loop_scope="module"')]
)
def test_a_scope_is_spelled_as_the_argument_of_mark_or_decorator(kind: Kind, words: str) -> None:
    assert native.spell_scope(kind, Scope.MODULE) == words


def test_what_is_declared_on_a_function_is_found_there() -> None:
    def fixture() -> None: ...

    assert native.declared_on(fixture) is None
    native.declare(fixture, Declared(Scope.MODULE))
    assert native.declared_on(fixture) == Declared(Scope.MODULE)
