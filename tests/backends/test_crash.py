"""When a scope that a fixture holds open is cancelled, what needs it is cancelled, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.backends.crashing import Fixtures
from tests.backends.place import Boom, Place, leaf, value
from tests.backends.words import in_structured_words

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from loopscope.backends.base import Crash, Entry, Host, Outcome
    from tests.backends.words import Words

pytestmark = in_structured_words


@pytest.fixture
def fixtures(words: Words) -> Fixtures:
    return Fixtures(words)


@pytest.fixture
def module(host: Host) -> Place:
    return Place(host, "module")


@pytest.fixture
def test(host: Host) -> Place:
    return Place(host, "test", hidden=False)


def owner_of(crash: Crash | None) -> str | None:
    assert crash is not None
    return crash.owner.key if crash.owner is not None else None


def assert_crashed(outcome: Outcome[Any], owner: str = "pool") -> None:
    """Check that a step was cut short by the crash of `owner`, and by that alone."""
    assert outcome.error is not None
    assert outcome.cause is not None
    assert owner_of(outcome.cause) == owner
    assert isinstance(leaf(outcome.cause.error), Boom)
    assert str(leaf(outcome.cause.error)) == owner
    assert outcome.crashes == (outcome.cause,)


def test_a_step_that_needs_it_is_cancelled_at_once(
    module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    pool = module.enter(fixtures.pool())
    assert_crashed(test.run(fixtures.waits, pool.set))
    assert fixtures.events == ["step ended", "pool crashed"]
    assert module.open == []
    # What is gone is gone: its teardown does nothing, and the next test works.
    assert value(module.leave("pool")) is None
    value(test.run(words.checkpoint))
    module.enter(fixtures.pool())
    value(test.run(words.checkpoint))
    value(module.leave("pool"))


def test_innermost_fixtures_are_unwound_first_and_those_further_out_are_untouched(
    module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    module.enter(fixtures.plain("outer"))
    pool = module.enter(fixtures.pool())
    module.enter(fixtures.plain("inner"))
    module.enter(fixtures.pool("innermost"))
    outcome = test.run(fixtures.waits, pool.set)
    assert_crashed(outcome)
    assert outcome.cause is not None
    assert [entry.key for entry in outcome.cause.unwound] == ["innermost", "inner", "pool"]
    assert fixtures.events == [
        "step ended",
        "innermost crashed",
        "inner cancelled",
        "pool crashed",
    ]
    assert module.open == ["outer"]
    value(test.run(words.checkpoint))
    for name in ("innermost", "inner", "pool", "outer"):
        value(module.leave(name))
    assert fixtures.events[4:] == ["outer left"]


def test_a_step_that_does_not_need_it_goes_on(
    module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    pool = module.enter(fixtures.pool())

    async def body() -> str:
        pool.set()
        while "pool crashed" not in fixtures.events:
            await words.checkpoint()
        fixtures.events.append("step goes on")
        return "value"

    outcome = test.run(body, needs=lambda entry: entry.key != "pool")
    assert outcome.value == "value"
    assert (outcome.error, outcome.cause) == (None, None)
    assert [owner_of(crash) for crash in outcome.crashes] == ["pool"]
    assert fixtures.events == ["pool crashed", "step goes on"]
    value(test.run(words.checkpoint))


def test_a_step_that_needs_what_lies_above_it_is_cancelled_too(
    module: Place, test: Place, fixtures: Fixtures
) -> None:
    pool = module.enter(fixtures.pool())
    module.enter(fixtures.plain("inner"))
    outcome = test.run(fixtures.waits, pool.set, needs=lambda entry: entry.key == "inner")
    assert_crashed(outcome)
    assert fixtures.events == ["step ended", "inner cancelled", "pool crashed"]


def test_a_step_of_the_task_that_holds_the_fixture_is_cut_short(
    test: Place, fixtures: Fixtures, words: Words
) -> None:
    test.enter(fixtures.plain("outer"))
    pool = test.enter(fixtures.pool())
    test.enter(fixtures.plain("inner"))
    assert_crashed(test.run(fixtures.waits, pool.set))
    assert fixtures.events == ["step ended", "inner cancelled", "pool crashed"]
    assert test.open == ["outer"]
    value(test.run(words.checkpoint))
    value(test.leave("outer"))


def test_a_setup_above_it_is_cut_short(module: Place, fixtures: Fixtures, words: Words) -> None:
    pool = module.enter(fixtures.pool())

    async def slow() -> AsyncGenerator[None, None]:
        await fixtures.waits(pool.set, "setup")
        yield

    assert_crashed(module.try_enter(slow))
    assert fixtures.events == ["setup ended", "pool crashed"]
    assert module.open == []
    value(module.run(words.checkpoint))


def test_a_setup_in_a_narrower_scope_is_cut_short(
    module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    pool = module.enter(fixtures.pool())

    async def slow() -> AsyncGenerator[None, None]:
        async with words.task_group():
            await fixtures.waits(pool.set, "setup")
            yield

    assert_crashed(test.try_enter(slow))
    assert fixtures.events == ["setup ended", "pool crashed"]
    assert test.open == []
    value(test.run(words.checkpoint))


def test_a_setup_that_does_not_need_it_goes_on(
    module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    pool = module.enter(fixtures.pool())

    async def slow() -> AsyncGenerator[str, None]:
        pool.set()
        while module.open:
            await words.checkpoint()
        yield "value"

    outcome = test.try_enter(slow, needs=lambda entry: False)
    assert outcome.value == "value"
    assert [owner_of(crash) for crash in outcome.crashes] == ["pool"]
    assert test.open == ["slow"]
    value(test.leave("slow"))


def test_a_teardown_above_it_is_cut_short(module: Place, fixtures: Fixtures, words: Words) -> None:
    pool = module.enter(fixtures.pool())

    async def slow() -> AsyncGenerator[None, None]:
        yield
        await fixtures.waits(pool.set, "teardown")

    module.enter(slow)
    assert_crashed(module.leave("slow"))
    assert fixtures.events == ["teardown ended", "pool crashed"]
    assert module.open == []
    value(module.run(words.checkpoint))


@pytest.mark.parametrize("needed", [True, False])
def test_a_teardown_in_a_narrower_scope_is_cut_short_if_it_needs_it(
    host: Host, module: Place, test: Place, fixtures: Fixtures, words: Words, needed: bool
) -> None:
    pool = module.enter(fixtures.pool())

    async def slow() -> AsyncGenerator[None, None]:
        yield
        pool.set()
        while needed or "pool crashed" not in fixtures.events:
            await words.checkpoint()
        fixtures.events.append("teardown ended")

    test.enter(slow)
    outcome = host.leave(test.task, test.entries["slow"], lambda entry: needed)
    if needed:
        assert_crashed(outcome)
        assert fixtures.events == ["pool crashed"]
    else:
        assert (outcome.error, outcome.cause) == (None, None)
        assert fixtures.events == ["pool crashed", "teardown ended"]
    assert test.open == []
    value(test.run(words.checkpoint))


def test_its_own_teardown_raises_what_its_task_raises(module: Place, words: Words) -> None:
    async def pool() -> AsyncGenerator[None, None]:
        async def work() -> None:
            await crash.wait()
            raise Boom

        async with words.task_group() as group:
            crash = words.event()
            group.start_soon(work)
            yield
            crash.set()

    module.enter(pool)
    outcome = module.leave("pool")
    assert isinstance(leaf(outcome.error), Boom)
    assert outcome.cause is None
    assert outcome.crashes == ()


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("same_task", [True, False], ids=["same task", "other task"])
def test_a_crash_between_two_steps_is_found_by_one_of_them(
    module: Place, test: Place, fixtures: Fixtures, words: Words, turns: int, same_task: bool
) -> None:
    holder = test if same_task else module
    pool = holder.enter(fixtures.pool())

    async def first() -> None:
        pool.set()
        for _ in range(turns):
            await words.checkpoint()

    outcome = test.run(first)
    if not outcome.crashes:
        outcome = test.run(fixtures.waits)
        assert_crashed(outcome)
    assert [owner_of(crash) for crash in outcome.crashes] == ["pool"]
    assert holder.open == []
    value(test.run(words.checkpoint))


@pytest.mark.parametrize("turns", range(6))
def test_a_crash_that_comes_with_the_next_setup_cuts_it_short(
    module: Place, test: Place, fixtures: Fixtures, words: Words, turns: int
) -> None:
    pool = module.enter(fixtures.pool())
    test.enter(fixtures.plain("innocent"))

    async def first() -> None:
        pool.set()
        for _ in range(turns):
            await words.checkpoint()

    async def slow() -> AsyncGenerator[None, None]:
        await words.forever()
        yield

    outcome = test.run(first)
    if not outcome.crashes:
        outcome = test.try_enter(slow)
        assert_crashed(outcome)
        assert "slow" not in test.open
    assert [owner_of(crash) for crash in outcome.crashes][-1:] == ["pool"]
    value(test.run(words.checkpoint))
    value(test.leave("innocent"))


def test_a_timeout_turns_into_its_error(module: Place, test: Place, fixtures: Fixtures) -> None:
    expire = module.enter(fixtures.limit())
    outcome = test.run(fixtures.waits, expire)
    assert outcome.cause is not None
    assert owner_of(outcome.cause) == "limit"
    assert isinstance(outcome.cause.error, fixtures.words.too_slow)
    assert fixtures.events == ["step ended", "limit expired"]


def test_a_scope_that_absorbs_owns_it_without_an_error(
    module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    module.enter(fixtures.plain("outer"))
    cancel = module.enter(fixtures.absorber())
    outcome = test.run(fixtures.waits, cancel)
    assert outcome.error is not None
    assert outcome.cause is not None
    assert owner_of(outcome.cause) == "absorber"
    assert outcome.cause.error is None
    assert fixtures.events == ["step ended", "absorber absorbed"]
    assert module.open == ["outer"]
    value(test.run(words.checkpoint))
    value(module.leave("outer"))


def test_a_scope_that_absorbs_in_the_task_of_the_step(
    test: Place, fixtures: Fixtures, words: Words
) -> None:
    cancel = test.enter(fixtures.absorber())
    outcome = test.run(fixtures.waits, cancel)
    assert owner_of(outcome.cause) == "absorber"
    assert fixtures.events == ["step ended", "absorber absorbed"]
    value(test.run(words.checkpoint))


def test_a_fixture_that_makes_another_error_of_it_is_the_owner_and_the_crash_goes_on(
    module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    module.enter(fixtures.plain("outer"))
    pool = module.enter(fixtures.pool())
    module.enter(fixtures.plain("converter", raises=ValueError("mine")))
    outcome = test.run(fixtures.waits, pool.set)
    assert [owner_of(crash) for crash in outcome.crashes] == ["converter", "pool"]
    converted, crashed = outcome.crashes
    assert outcome.cause is converted
    assert isinstance(converted.error, ValueError)
    assert isinstance(leaf(crashed.error), Boom)
    assert fixtures.events == ["step ended", "converter cancelled", "pool crashed"]
    assert module.open == ["outer"]
    value(module.leave("outer"))


def test_a_fixture_that_swallows_it_does_not_hide_whose_it_was(
    module: Place, test: Place, fixtures: Fixtures
) -> None:
    pool = module.enter(fixtures.pool())
    module.enter(fixtures.plain("swallower", swallows=True))
    outcome = test.run(fixtures.waits, pool.set)
    assert [owner_of(crash) for crash in outcome.crashes] == ["swallower", "pool"]
    assert outcome.cause is outcome.crashes[1]
    assert module.open == []


def test_a_fixture_that_fails_in_its_finally_while_cancelled_is_the_owner_of_that(
    module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    pool = module.enter(fixtures.pool())

    async def clumsy() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            raise LookupError("clumsy")

    module.enter(clumsy)
    outcome = test.run(fixtures.waits, pool.set)
    assert [owner_of(crash) for crash in outcome.crashes] == ["clumsy", "pool"]
    error = outcome.crashes[0].error
    assert isinstance(error, LookupError)
    assert isinstance(error.__context__, module.host.cancelled_type)
    value(test.run(words.checkpoint))


def test_two_scopes_of_one_task_that_are_cancelled_at_once_are_both_found(
    module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    outer = module.enter(fixtures.pool("outer"))
    module.enter(fixtures.plain())
    inner = module.enter(fixtures.pool("inner"))

    def both() -> None:
        inner.set()
        outer.set()

    outcome = test.run(fixtures.waits, both)
    # On trio the outer scope covers the inner one: there the inner group passes the cancellation
    # on, and its own error, if it got so far, comes out where it is left.
    found = [crash.error for crash in outcome.crashes] + [module.leave("inner").error]
    assert {str(leaf(error)) for error in found if error is not None} == fixtures.raised
    if words.backend != "trio":
        assert fixtures.raised == {"inner", "outer"}
    assert outcome.cause is not None
    assert module.open == []
    assert fixtures.events == ["step ended", "inner crashed", "plain cancelled", "outer crashed"]
    value(test.run(words.checkpoint))


def test_scopes_of_two_tasks_that_are_cancelled_at_once_are_both_found(
    host: Host, module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    session = Place(host, "session")
    outer = session.enter(fixtures.pool("outer"))
    inner = module.enter(fixtures.pool("inner"))

    def both() -> None:
        outer.set()
        inner.set()

    outcome = test.run(fixtures.waits, both)
    assert {owner_of(crash) for crash in outcome.crashes} == {"outer", "inner"}
    assert outcome.cause in outcome.crashes
    assert fixtures.events[0] == "step ended"
    assert session.open == module.open == []
    value(test.run(words.checkpoint))


def test_a_crash_that_is_under_way_when_the_step_ends_is_finished_first(
    module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    pool = module.enter(fixtures.pool())

    async def slow_to_leave() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            fixtures.events.append("slow begins")

    module.enter(slow_to_leave)

    async def body() -> None:
        pool.set()
        while not fixtures.events:
            await words.checkpoint()
        fixtures.events.append("step ends")

    outcome = test.run(body, needs=lambda entry: False)
    assert [owner_of(crash) for crash in outcome.crashes] == ["pool"]
    assert fixtures.events[0] == "slow begins"
    assert {"step ends", "pool crashed"} == set(fixtures.events[1:])


def test_a_step_of_another_task_that_swallows_the_cancellation_is_told(
    module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    pool = module.enter(fixtures.pool())

    async def stubborn() -> str:
        try:
            await fixtures.waits(pool.set)
        except BaseException:
            return "swallowed"
        return "not cancelled"

    outcome = test.run(stubborn)
    assert outcome.value == "swallowed"
    assert owner_of(outcome.cause) == "pool"
    assert fixtures.events == ["step ended", "pool crashed"]
    value(test.run(words.checkpoint))


def test_a_step_of_the_same_task_that_swallows_the_cancellation_is_told(
    test: Place, fixtures: Fixtures, words: Words
) -> None:
    test.enter(fixtures.plain("outer"))
    pool = test.enter(fixtures.pool())

    async def stubborn() -> str:
        try:
            await fixtures.waits(pool.set)
        except BaseException:
            return "swallowed"
        return "not cancelled"

    outcome = test.run(stubborn)
    assert outcome.value == "swallowed"
    assert owner_of(outcome.cause) == "pool"
    assert fixtures.events == ["step ended", "pool crashed"]
    assert test.open == ["outer"]
    value(test.run(words.checkpoint))
    value(test.leave("outer"))


def test_a_step_that_takes_its_time_to_end_is_waited_for(
    module: Place, test: Place, fixtures: Fixtures, words: Words
) -> None:
    pool = module.enter(fixtures.pool())

    async def careful() -> None:
        try:
            await fixtures.waits(pool.set)
        finally:
            if words.backend == "trio":
                import trio

                with trio.CancelScope(shield=True):
                    await words.sleep(0.001)
            else:
                await words.sleep(0.001)
            fixtures.events.append("cleaned up")

    assert_crashed(test.run(careful))
    assert fixtures.events == ["step ended", "cleaned up", "pool crashed"]


def test_needs_is_asked_of_each_fixture_that_goes(
    module: Place, test: Place, fixtures: Fixtures
) -> None:
    asked: list[str] = []

    def needs(entry: Entry) -> bool:
        asked.append(entry.key)
        return False

    module.enter(fixtures.plain("outer"))
    pool = module.enter(fixtures.pool())
    module.enter(fixtures.plain("inner"))

    async def body() -> None:
        pool.set()
        while "pool" in module.open:
            await fixtures.words.checkpoint()

    test.run(body, needs=needs)
    assert asked == ["inner", "pool"]
    module.leave("outer")
