"""Our own words, and what they mean."""

from __future__ import annotations

import pytest

from loopscope.core.declared import Declared
from loopscope.core.scope import Scope
from loopscope.dialects import native
from loopscope.errors import DeclarationError, LoopscopeError, UnknownName
from tests.dialects.stubs import collected, mark
from tests.dialects.stubs import native as dialect

BACKENDS = ("asyncio", "uvloop", "trio")
VALID_ARGUMENTS = "scope, backend, timeout, leaks, fresh_fixtures"
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
    found = native.parse_arguments((), arguments, BACKENDS)
    assert native.declared_in(found) == declared


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
        *(
            pytest.param(
                (),
                {"timeout": seconds},
                DeclarationError,
                f"timeout is a number of seconds, 0 for no limit, not {seconds!r}",
                id=f"timeout-{seconds!r}",
            )
            for seconds in ("1", -1, None, True, float("nan"))
        ),
        pytest.param(
            (),
            {"leaks": "warning"},
            UnknownName,
            "'warning' is not a valid leaks. Valid: ignore, warn, error.",
            id="leaks",
        ),
        pytest.param(
            (),
            {"fresh_fixtures": 1},
            DeclarationError,
            "fresh_fixtures is True or False, not 1",
            id="fresh-fixtures",
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
        native.parse_arguments(args, kwargs, BACKENDS)
    assert str(caught.value) == message


def test_of_each_argument_the_nearest_mark_counts() -> None:
    test = collected(
        body, [mark("loopscope", timeout=1), mark("loopscope", timeout=2.5, leaks="error")]
    )
    assert native.argument_of(test.item, "timeout", BACKENDS) == 1.0
    assert native.argument_of(test.item, "leaks", BACKENDS) == "error"
    assert native.argument_of(test.item, "scope", BACKENDS) is None


def test_a_mark_that_says_nothing_of_the_loop_hides_none_that_does() -> None:
    test = collected(body, [mark("loopscope", timeout=1)], [mark("loopscope", scope="class")])
    assert dialect().declared_by(test) == Declared(Scope.CLASS)


def test_what_is_declared_on_a_function_is_found_there() -> None:
    def fixture() -> None: ...

    assert native.declared_on(fixture) is None
    native.declare(fixture, Declared(Scope.MODULE))
    assert native.declared_on(fixture) == Declared(Scope.MODULE)


async def body() -> None: ...


@pytest.mark.parametrize(
    ("arguments", "parameters", "backend"),
    [
        pytest.param({}, {}, "asyncio", id="the-first-of-the-suite"),
        pytest.param({"backend": "trio"}, {}, "trio", id="the-one-of-the-mark"),
        pytest.param({"backend": ["uvloop", "trio"]}, {}, "uvloop", id="the-first-of-the-mark"),
        pytest.param(
            {"backend": ["uvloop", "trio"]}, {"loopscope_backend": "trio"}, "trio", id="variant"
        ),
    ],
)
def test_a_test_runs_on_the_backend_that_its_parameter_its_mark_or_the_suite_names(
    arguments: dict[str, object], parameters: dict[str, object], backend: str
) -> None:
    test = collected(body, [mark("loopscope", **arguments)], parameters=parameters)
    choice = dialect().choice(test)
    assert (choice.backend, choice.key) == (backend, backend)


@pytest.mark.parametrize(
    ("marks", "variants"),
    [
        ([], []),
        ([mark("loopscope", backend="trio")], []),
        ([mark("loopscope", backend=["trio", "asyncio"])], ["trio", "asyncio"]),
    ],
    ids=["unmarked", "one", "two"],
)
def test_a_test_has_a_variant_for_each_of_several_backends(
    marks: list[object], variants: list[str]
) -> None:
    test = collected(body, marks)  # type: ignore[arg-type]
    assert [variant.id for variant in dialect().variants(test)] == variants


def test_the_nearest_mark_is_the_one_that_declares() -> None:
    test = collected(body, [mark("loopscope", scope="module")], [mark("loopscope", backend="trio")])
    assert dialect().declared_by(test) == Declared(Scope.MODULE)
    assert dialect().declared_by(collected(body)) == Declared()
