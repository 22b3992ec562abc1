"""Cancellations that nobody asked for, and scopes that are not left as they were entered."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any

import anyio

from tests.faults.cell import ASYNCIO, Phase
from tests.faults.table.register import TOLD, fault

if TYPE_CHECKING:
    from tests.faults.site import Site

IN_THE_TEST = (Phase.BODY,)


def _own_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task


@fault(says="CancelledError", backends=ASYNCIO)
async def cancel_its_own_task(site: Site) -> None:
    _own_task().cancel()
    await asyncio.sleep(0)


@fault(backends=ASYNCIO)
async def cancel_its_own_task_and_await_nothing(site: Site) -> None:
    _own_task().cancel()


@fault(backends=ASYNCIO)
async def cancel_its_own_task_and_swallow_it(site: Site) -> None:
    _own_task().cancel()
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        await asyncio.sleep(0)


@fault(says="CancelledError|LS303", backends=ASYNCIO, phases=IN_THE_TEST)
async def cancel_the_task_of_the_fixture(site: Site) -> None:
    assert site.fixture_task is not None
    site.fixture_task.cancel()
    await asyncio.sleep(0)


@fault(says="CancelledError", backends=ASYNCIO)
async def cancel_all_tasks(site: Site) -> None:
    for task in asyncio.all_tasks():
        task.cancel()
    await asyncio.sleep(0)


@fault(backends=ASYNCIO)
async def cancel_all_other_tasks(site: Site) -> None:
    for task in asyncio.all_tasks() - {_own_task()}:
        task.cancel()
    await asyncio.sleep(0)


@fault(says="CancelledError", backends=ASYNCIO)
async def await_a_task_that_it_has_cancelled(site: Site) -> None:
    sibling = asyncio.ensure_future(asyncio.sleep(60))
    sibling.cancel()
    await sibling


@fault(backends=ASYNCIO, python=(3, 11))
async def take_back_a_cancellation_that_nobody_asked_for(site: Site) -> None:
    task: Any = _own_task()
    task.uncancel()


@fault(says="different loop", backends=ASYNCIO)
async def await_a_future_of_another_loop(site: Site) -> None:
    other = asyncio.new_event_loop()
    try:
        await other.create_future()
    finally:
        other.close()


@fault(says="TimeoutError")
async def run_out_of_its_own_time(site: Site) -> None:
    with anyio.fail_after(0):
        await anyio.sleep_forever()


@fault(says="in the group")
async def raise_in_a_task_group_of_its_own(site: Site) -> None:
    async def fail() -> None:
        raise ValueError("in the group")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fail)
        await anyio.sleep_forever()


@fault()
async def cancel_a_scope_of_its_own(site: Site) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await anyio.sleep_forever()


@fault(says="(?i)cancel scope|never awaited|left|nursery", phases=IN_THE_TEST)
async def leave_scopes_in_the_wrong_order(site: Site) -> None:
    outer, inner = anyio.CancelScope(), anyio.CancelScope()
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    inner.__exit__(None, None, None)


@fault(phases=IN_THE_TEST, backends=ASYNCIO)
async def leave_a_scope_open(site: Site) -> None:
    scope = anyio.CancelScope()
    scope.__enter__()
    site.kept.append(scope)


@fault(says="LS311", at_the_end=True, options=TOLD, phases=IN_THE_TEST, backends=ASYNCIO)
async def leave_a_task_group_open(site: Site) -> None:
    tasks = anyio.create_task_group()
    await tasks.__aenter__()
    tasks.start_soon(anyio.sleep_forever)


@fault(
    says="LS312",
    at_the_end=True,
    options=TOLD,
    phases=IN_THE_TEST,
    backends=("asyncio",),
    python=(3, 11),
)
async def leave_a_timeout_open(site: Site) -> None:
    timeout = vars(asyncio)["timeout"](60)
    await timeout.__aenter__()


@fault(says="(?i)cancel scope|nursery", phases=IN_THE_TEST, backends=("trio",))
async def leave_a_trio_scope_open(site: Site) -> None:
    import trio

    scope = trio.CancelScope()
    scope.__enter__()
    site.kept.append(scope)


@fault(
    phases=IN_THE_TEST,
    backends=("trio",),
    suffers={"TestFault|suite_[bc]": "LS303|is closed|LS304|stack corrupted"},
    costs=frozenset({"teardown"}),
    noise="LS304|is closed",
)
async def leave_a_nursery_open(site: Site) -> None:
    import trio

    manager = trio.open_nursery()
    nursery = await manager.__aenter__()
    nursery.start_soon(trio.sleep_forever)
    site.kept.append(manager)


@fault(says="created in a different Context", like_sync=True)
async def reset_a_variable_in_another_context(site: Site) -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable")
    token = contextvars.copy_context().run(variable.set, 1)
    variable.reset(token)


@fault(says="LS311", at_the_end=True, options=TOLD, backends=ASYNCIO, phases=IN_THE_TEST)
async def leave_a_task_that_ends_when_it_is_cancelled_twice(site: Site) -> None:
    async def refuse() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0)

    asyncio.ensure_future(refuse())
    await asyncio.sleep(0)


def _impatient(site: Site) -> object:
    """Have the engine wait for what refuses to end, but not for seconds."""
    from loopscope.backends import leftovers

    leftovers.GRACE = 0.2
    return object()


@fault(
    says="LS311",
    at_the_end=True,
    options=TOLD,
    plugin=_impatient,
    backends=ASYNCIO,
    phases=IN_THE_TEST,
    noise="was destroyed but it is pending|refuse",
)
async def leave_a_task_that_refuses_to_end(site: Site) -> None:
    async def refuse() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pass

    asyncio.ensure_future(refuse())
    await asyncio.sleep(0)


@fault(
    says="Timeout",
    options=("-ppytest_timeout",),
    seconds=0.4,
    scopes=("function",),
)
async def wait_for_ever(site: Site) -> None:
    await anyio.sleep_forever()


@fault(
    says="Timeout",
    options=("-ppytest_timeout",),
    seconds=0.4,
    phases=IN_THE_TEST,
    scopes=("session", "module"),
)
async def wait_for_ever_on_a_shared_loop(site: Site) -> None:
    await anyio.sleep_forever()
