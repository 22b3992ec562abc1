"""pytest-trio's words: what runs a test, on which clock, and what goes with it."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.declared import Declared
from loopscope.core.placeholders import NURSERY
from loopscope.core.policy import Policy
from loopscope.dialects.pytest_trio import PytestTrio
from tests.dialects import stubs
from tests.dialects.stubs import Mark, collected, definition, mark

if TYPE_CHECKING:
    from collections.abc import Callable

trio = pytest.importorskip("trio")
MockClock = pytest.importorskip("trio.testing").MockClock


async def body() -> None: ...


async def client() -> None: ...


async def server() -> Any:
    yield


def settings() -> None: ...


def generator() -> Any:
    yield


def forced() -> Callable[..., Any]:
    def fixture() -> None: ...

    fixture._force_trio_fixture = True  # type: ignore[attr-defined]
    return fixture


def my_run(function: object) -> None: ...


def another_run(function: object) -> None: ...


@pytest.mark.parametrize(
    ("levels", "run"),
    [
        pytest.param([[]], None, id="unmarked"),
        pytest.param([[mark("trio")]], None, id="no-run"),
        pytest.param([[mark("trio", run=my_run)]], my_run, id="of-the-function"),
        pytest.param([[mark("trio")], [mark("trio", run=my_run)]], my_run, id="of-the-class"),
        pytest.param(
            [[mark("trio", run=my_run)], [mark("trio", run=another_run)]], my_run, id="nearer"
        ),
    ],
)
def test_the_nearest_run_of_a_mark_runs_the_test_and_else_that_of_the_suite(
    levels: list[list[Mark]], run: object
) -> None:
    assert stubs.trio().run_for(collected(body, *levels).item) is (run or trio.run)


def test_the_suite_may_have_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "qtrio", SimpleNamespace(run=my_run))
    dialect = stubs.trio(trio_run="qtrio")
    assert dialect.run_for(collected(body).item) is my_run
    marked = collected(body, [mark("trio", run=another_run)])
    assert dialect.run_for(marked.item) is another_run


def test_a_run_that_the_suite_cannot_have_is_refused_with_those_it_can() -> None:
    with pytest.raises(pytest.UsageError) as caught:
        stubs.trio(trio_run="asyncio")
    assert str(caught.value) == "'asyncio' is not a valid trio_run. Valid: trio, qtrio."


def test_a_test_by_hypothesis_is_run_by_trio() -> None:
    async def given() -> None: ...

    given.hypothesis = object()  # type: ignore[attr-defined]
    test = collected(given, [mark("trio", run=my_run)])
    assert stubs.trio().run_for(test.item) is trio.run


def clock_for(*fixtures: Any, get: dict[str, object]) -> Any:
    """Return what the run of a test that has these fixtures is opened with."""
    choice = stubs.trio().choice(collected(body, fixtures=fixtures))
    assert (choice.key, choice.backend) == ("trio", "trio")
    assert choice.resolve(unasked) == ("trio", {})
    assert choice.own_options is not None
    return choice.own_options(get.__getitem__)


def test_what_exists_before_the_run_is_there_for_it_to_find_a_clock_in() -> None:
    clock = MockClock()
    options = clock_for(
        definition(settings, name="clock"), definition(client), get={"clock": clock}
    )
    assert options == {"arguments": {"clock": clock}}


def test_what_runs_in_the_run_cannot_give_its_clock() -> None:
    uses_client = definition(settings, uses=["client"])
    assert clock_for(uses_client, definition(client), get={}) == {"arguments": {}}


def test_a_parameter_of_the_test_exists_before_the_run() -> None:
    choice = stubs.trio().choice(collected(body, names=["number"]))
    assert choice.own_options is not None
    assert choice.own_options({"number": 3}.__getitem__) == {"arguments": {"number": 3}}


@pytest.mark.parametrize(
    ("shares_loop", "with_clock", "objects"),
    [(True, True, True), (True, False, False), (False, True, False)],
    ids=["shared-with-a-clock", "shared-without", "of-its-own"],
)
def test_a_clock_is_refused_where_the_run_is_shared(
    shares_loop: bool, with_clock: bool, objects: bool
) -> None:
    arguments = {"number": 3, "clock": MockClock() if with_clock else None}
    problem = stubs.trio().objects_to(arguments, shares_loop=shares_loop)
    assert problem == (
        "asks for a clock, and runs in a trio run that is wider than the test: a run has one "
        "clock from the start to the end"
        if objects
        else None
    )


@pytest.mark.parametrize(
    ("fixture", "others", "runs"),
    [
        pytest.param(definition(client), [], True, id="async"),
        pytest.param(definition(server), [], True, id="async-generator"),
        pytest.param(definition(forced(), name="forced"), [], True, id="trio-fixture"),
        pytest.param(definition(settings), [], False, id="sync"),
        pytest.param(definition(settings, uses=["client"]), [definition(client)], True, id="uses"),
        pytest.param(
            definition(settings, uses=["generator"]),
            [definition(generator, uses=["client"]), definition(client)],
            True,
            id="uses-indirectly",
        ),
        pytest.param(
            definition(settings, uses=["generator", "request"]),
            [definition(generator)],
            False,
            id="uses-sync",
        ),
        pytest.param(
            definition(settings, uses=["settings"]), [], False, id="overrides-its-own-name"
        ),
    ],
)
def test_whatever_uses_trio_runs_in_the_run_of_the_test(
    fixture: Any, others: list[Any], runs: bool
) -> None:
    test = collected(body, fixtures=[fixture, *others])
    assert stubs.trio().runs_on_loop(fixture, test) is runs


@pytest.mark.parametrize(
    ("function", "declared"),
    [
        (forced(), Declared()),
        (SimpleNamespace(__func__=forced()), Declared()),
        (settings, None),
        (client, None),
    ],
    ids=["forced", "method", "sync", "async"],
)
def test_a_decorator_says_no_more_than_that_it_is_there(
    function: Any, declared: Declared | None
) -> None:
    assert stubs.trio().declared_on(function) == declared


@pytest.mark.parametrize(
    ("policy", "marks", "scope", "side_by_side"),
    [
        pytest.param(Policy.PLANNED, [], "function", True, id="no-wider-than-the-test"),
        pytest.param(Policy.PLANNED, [], "module", False, id="wider"),
        pytest.param(Policy.DECLARED, [], "module", True, id="to-the-letter"),
        pytest.param(Policy.PLANNED, [mark("trio", run=my_run)], "module", True, id="own-run"),
    ],
)
def test_a_test_that_pytest_trio_can_run_is_run_with_its_fixtures_side_by_side(
    policy: Policy, marks: list[Mark], scope: str, side_by_side: bool
) -> None:
    test = collected(body, marks, fixtures=[definition(client, scope=scope)])
    assert stubs.trio(policy).executes_side_by_side(test) is side_by_side


@pytest.mark.parametrize(
    ("fixture", "marks", "ini", "taken"),
    [
        pytest.param(definition(forced()), [], {}, True, id="trio-fixture"),
        pytest.param(definition(client), [mark("trio")], {}, True, id="async-of-a-marked-test"),
        pytest.param(definition(client), [], {"trio_mode": True}, True, id="async-in-trio-mode"),
        pytest.param(definition(client), [], {}, False, id="async-of-nobody"),
        pytest.param(definition(settings), [mark("trio")], {}, False, id="sync"),
        pytest.param(
            definition(client, scope="module"), [mark("trio")], {}, True, id="wider-outside-of-all"
        ),
    ],
)
def test_a_fixture_is_run_side_by_side_where_the_mark_or_the_mode_reaches_it(
    fixture: Any, marks: list[Mark], ini: dict[str, Any], taken: bool
) -> None:
    item = collected(body, marks).item
    assert stubs.trio(**ini).takes_side_by_side(fixture, item) is taken


@pytest.mark.parametrize("mode", [True, False])
def test_trio_mode_claims_tests_and_bare_fixtures(mode: bool) -> None:
    dialect = stubs.trio(trio_mode=mode)
    assert (dialect.is_auto, dialect.takes_bare_fixtures) == (mode, mode)


def test_pytest_hands_over_what_a_suite_says(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ntrio_mode = true\n")
    config = pytester.parseconfig()
    assert PytestTrio(config, Policy.PLANNED).is_auto


@pytest.mark.parametrize(
    ("function", "arguments", "value"),
    [
        pytest.param(lambda one: one + 1, {"one": 1}, 2, id="sync"),
        pytest.param(body, {}, None, id="async"),
    ],
)
def test_a_fixture_of_any_kind_becomes_a_coroutine(
    function: Callable[..., Any], arguments: dict[str, Any], value: object
) -> None:
    async def run() -> object:
        return await stubs.trio().adapt(function, arguments)

    assert trio.run(run) == value


def test_a_generator_becomes_an_asynchronous_one() -> None:
    events: list[str] = []

    def fixture() -> Any:
        events.append("set up")
        yield "value"
        events.append("torn down")

    async def run() -> None:
        async for value in stubs.trio().adapt(fixture, {}):
            events.append(value)

    trio.run(run)
    assert events == ["set up", "value", "torn down"]


async def in_a_nursery(nursery: Any) -> Any:
    nursery.start_soon(trio.sleep_forever)
    yield nursery.cancel_scope


async def awaits_in_a_nursery(nursery: Any) -> Any:
    nursery.start_soon(trio.sleep_forever)
    return nursery.cancel_scope


def sync_in_a_nursery(nursery: Any) -> Any:
    nursery.start_soon(trio.sleep_forever)
    yield nursery.cancel_scope


@pytest.mark.parametrize("function", [in_a_nursery, awaits_in_a_nursery, sync_in_a_nursery])
def test_a_nursery_is_open_as_long_as_the_fixture_and_cancelled_after(
    function: Callable[..., Any],
) -> None:
    seen: list[bool] = []

    async def run() -> None:
        async for scope in stubs.trio().adapt(function, {"nursery": NURSERY}):
            seen.append(scope.cancel_called)
        seen.append(scope.cancel_called)

    trio.run(run)
    assert seen == [False, True]


def test_a_test_has_a_nursery_of_its_own() -> None:
    scopes: list[Any] = []

    async def test_it(nursery: Any, number: int) -> None:
        nursery.start_soon(trio.sleep_forever)
        scopes.extend([nursery.cancel_scope, number])

    async def run() -> None:
        await stubs.trio().adapt_test(test_it, {"nursery": NURSERY, "number": 3})

    trio.run(run)
    scope, number = scopes
    assert (scope.cancel_called, number) == (True, 3)


def unasked(name: str) -> object:
    raise AssertionError(f"{name} is asked for")
