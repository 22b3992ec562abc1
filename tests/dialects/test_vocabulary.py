"""Which dialect a test is written in: by its nearest mark, by a fixture, by a mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.declared import Declared
from loopscope.dialects import native
from loopscope.dialects.vocabulary import (
    GIVEN,
    Choice,
    Dialect,
    Spoken,
    is_async,
    owner,
    owner_of_fixtures,
)
from tests.dialects.stubs import Mark, collected, definition, four, mark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from loopscope.dialects.vocabulary import Test

OURS, TRIO, ANYIO, ASYNCIO = map(mark, ("loopscope", "trio", "anyio", "asyncio"))
ALL_AUTO = ("loopscope", "pytest-trio", "anyio", "pytest-asyncio")


async def asynchronous() -> None: ...


async def generator() -> Any:
    yield


def synchronous() -> None: ...


def anyio_backend() -> str:
    return "asyncio"


def of_asyncio() -> Callable[..., Any]:
    async def fixture() -> None: ...

    fixture._force_asyncio_fixture = True  # type: ignore[attr-defined]
    return fixture


def of_trio() -> Callable[..., Any]:
    def fixture() -> None: ...

    fixture._force_trio_fixture = True  # type: ignore[attr-defined]
    return fixture


def of_ours() -> Callable[..., Any]:
    async def fixture() -> None: ...

    native.declare(fixture, Declared())
    return fixture


def name_of(dialect: Dialect | None) -> str | None:
    return None if dialect is None else dialect.name


def owner_of(test: Test, auto: Sequence[str] = ()) -> str | None:
    return name_of(owner(test, four(auto=auto)))


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        pytest.param([[ASYNCIO]], "pytest-asyncio", id="on-the-function"),
        pytest.param([[], [ANYIO]], "anyio", id="on-the-class"),
        pytest.param([[], [], [TRIO]], "pytest-trio", id="on-the-module"),
        pytest.param([[ASYNCIO], [TRIO]], "pytest-asyncio", id="function-before-class"),
        pytest.param([[TRIO], [ASYNCIO], [OURS]], "pytest-trio", id="function-before-all"),
        pytest.param([[], [ANYIO], [TRIO]], "anyio", id="class-before-module"),
        pytest.param([[mark("slow")], [OURS]], "loopscope", id="others-do-not-count"),
    ],
)
@pytest.mark.parametrize("auto", [(), ALL_AUTO], ids=["strict", "auto"])
def test_the_nearest_mark_decides(
    levels: list[list[Mark]], expected: str, auto: Sequence[str]
) -> None:
    assert owner_of(collected(asynchronous, *levels), auto) == expected


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([ASYNCIO, ANYIO, TRIO, OURS], "loopscope"),
        ([ASYNCIO, ANYIO, TRIO], "pytest-trio"),
        ([ASYNCIO, ANYIO], "anyio"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_of_marks_in_one_place_the_first_dialects_counts(marks: list[Mark], expected: str) -> None:
    assert owner_of(collected(asynchronous, marks)) == expected
    assert owner_of(collected(asynchronous, marks[::-1])) == expected


def test_a_mark_that_a_mode_has_put_there_is_no_nearer_than_one_of_the_author() -> None:
    test = collected(asynchronous, [TRIO, ASYNCIO])
    given: Any = TRIO
    test.item.stash[GIVEN] = given
    assert owner_of(test) == "pytest-asyncio"
    assert owner_of(test, ["pytest-trio"]) == "pytest-asyncio"


@pytest.mark.parametrize("mark", [OURS, TRIO, ANYIO, ASYNCIO], ids=lambda mark: mark.name)
def test_a_mark_on_a_synchronous_test_means_nothing(mark: Mark) -> None:
    assert owner_of(collected(synchronous, [mark]), ALL_AUTO) is None


@pytest.mark.parametrize(
    ("mark", "expected"),
    [(OURS, "loopscope"), (ASYNCIO, "pytest-asyncio"), (TRIO, None), (ANYIO, None)],
    ids=["loopscope", "asyncio", "trio", "anyio"],
)
def test_a_mark_on_an_async_generator_counts_for_whom_it_does_at_home(
    mark: Mark, expected: str | None
) -> None:
    assert owner_of(collected(generator, [mark])) == expected


@pytest.mark.parametrize("body", [asynchronous, synchronous])
@pytest.mark.parametrize("auto", [(), ALL_AUTO], ids=["strict", "auto"])
def test_a_fixture_in_the_closure_claims_before_any_mode(body: object, auto: Sequence[str]) -> None:
    assert owner_of(collected(body, fixtures=[definition(anyio_backend)]), auto) == "anyio"


def test_a_mark_claims_before_any_fixture() -> None:
    test = collected(asynchronous, [], [ASYNCIO], fixtures=[definition(anyio_backend)])
    assert owner_of(test) == "pytest-asyncio"


def test_our_fixture_claims_a_synchronous_test_and_leaves_an_asynchronous_one_to_others() -> None:
    assert owner_of(collected(synchronous, names=["loopscope"])) == "loopscope"
    assert owner_of(collected(asynchronous, names=["loopscope"])) is None


def test_our_fixture_leaves_a_synchronous_test_to_a_fixture_that_says_what_it_runs_on() -> None:
    test = collected(synchronous, names=["loopscope"], fixtures=[definition(anyio_backend)])
    assert owner_of(test) == "anyio"


LIMITS = [mark("loopscope", timeout=5), mark("loopscope", leaks="error", fresh_fixtures=True)]


@pytest.mark.parametrize("limit", LIMITS, ids=["timeout", "leaks and fresh_fixtures"])
@pytest.mark.parametrize("other", [ASYNCIO, ANYIO, TRIO], ids=lambda mark: mark.name)
def test_our_mark_takes_no_test_from_another_while_it_says_nothing_of_the_loop(
    limit: Mark, other: Mark
) -> None:
    expected = owner_of(collected(asynchronous, [other]))
    assert expected != "loopscope"
    assert owner_of(collected(asynchronous, [limit, other])) == expected
    assert owner_of(collected(asynchronous, [limit], [other])) == expected
    assert owner_of(collected(asynchronous, [limit]), ["loopscope", str(expected)]) == expected
    assert (
        owner_of(collected(asynchronous, [mark("loopscope", timeout=5, scope="module")], [other]))
        == "loopscope"
    )


@pytest.mark.parametrize("limit", LIMITS, ids=["timeout", "leaks and fresh_fixtures"])
def test_our_mark_claims_whatever_it_says_what_nobody_else_does(limit: Mark) -> None:
    assert owner_of(collected(asynchronous, [limit])) == "loopscope"
    assert owner_of(collected(asynchronous, [], [limit])) == "loopscope"


@pytest.mark.parametrize(
    ("auto", "expected"),
    [
        ([], None),
        (["loopscope"], "loopscope"),
        (["loopscope", "pytest-trio"], "pytest-trio"),
        (["loopscope", "anyio"], "anyio"),
        (["pytest-trio", "anyio"], "anyio"),
        (["anyio", "pytest-asyncio"], "pytest-asyncio"),
        (ALL_AUTO, "pytest-asyncio"),
    ],
    ids=lambda value: "+".join(value) or "none" if isinstance(value, (list, tuple)) else "",
)
def test_of_several_modes_the_last_claims_what_nobody_else_does(
    auto: Sequence[str], expected: str | None
) -> None:
    assert owner_of(collected(asynchronous), auto) == expected


@pytest.mark.parametrize(
    ("fixtures", "auto", "expected"),
    [
        pytest.param([], ALL_AUTO, None, id="none"),
        pytest.param([synchronous], ALL_AUTO, None, id="synchronous"),
        pytest.param([of_asyncio()], (), "pytest-asyncio", id="pytest-asyncio"),
        pytest.param([of_trio()], (), "pytest-trio", id="pytest-trio"),
        pytest.param([of_ours()], (), "loopscope", id="loopscope"),
        pytest.param([synchronous, of_ours()], (), "loopscope", id="the-first-that-says"),
        pytest.param([asynchronous], (), None, id="bare"),
        pytest.param([generator], ["loopscope"], "loopscope", id="bare-in-auto-mode"),
        pytest.param(
            [asynchronous], ["loopscope", "pytest-trio"], "pytest-trio", id="bare-in-two-modes"
        ),
        pytest.param([asynchronous], ["anyio"], None, id="bare-fixtures-need-an-anyio-test"),
    ],
)
def test_a_synchronous_test_belongs_to_its_first_asynchronous_fixture(
    fixtures: list[Callable[..., Any]], auto: Sequence[str], expected: str | None
) -> None:
    made = [definition(one, name=f"fixture_{i}") for i, one in enumerate(fixtures)]
    test = collected(synchronous, fixtures=made, names=["request"])
    assert owner_of(test, auto) == expected
    assert name_of(owner_of_fixtures(test, four(auto=auto))) == expected


def test_a_decorator_that_cannot_be_understood_claims_all_the_same() -> None:
    fixture = of_asyncio()
    fixture._loop_scope = "test"  # type: ignore[attr-defined]
    test = collected(synchronous, fixtures=[definition(fixture)])
    assert owner_of(test) == "pytest-asyncio"


def test_the_order_of_fixtures_decides_between_two_that_say() -> None:
    fixtures = definition(of_asyncio(), name="a"), definition(of_ours(), name="b")
    assert owner_of(collected(synchronous, fixtures=fixtures)) == "pytest-asyncio"
    assert owner_of(collected(synchronous, fixtures=fixtures[::-1])) == "loopscope"


def test_those_who_are_spoken_are_found_by_name_and_by_test() -> None:
    test = collected(asynchronous, [ASYNCIO])
    spoken = Spoken(four(), lambda item: test, executes=True)
    assert name_of(spoken.owner(test.item)) == "pytest-asyncio"
    assert name_of(spoken.named("anyio")) == "anyio"
    assert spoken.named("curio") is None


@pytest.mark.parametrize(
    ("function", "expected"), [(asynchronous, True), (generator, True), (synchronous, False)]
)
def test_what_has_to_run_on_a_loop_is_known_by_its_kind(function: object, expected: bool) -> None:
    assert is_async(function) is expected
    assert collected(function).is_async is expected


def test_a_choice_that_is_known_needs_no_fixture() -> None:
    def get(name: str) -> object:
        raise AssertionError(name)

    choice = Choice.of("asyncio", "asyncio by fast", debug=True)
    assert (choice.key, choice.backend) == ("asyncio by fast", "asyncio")
    assert choice.resolve(get) == ("asyncio", {"debug": True})
    assert choice.own_options is None
    assert Choice.of("trio").key == "trio"
