"""A mistake that led to an error after all explains it."""

from __future__ import annotations

import asyncio
import sys

import pytest

from loopscope.core.rules import BackendMismatch, LoopMismatch
from loopscope.core.scope import Scope
from loopscope.diagnose.catalog import Finding, bad_declaration, finding_for
from loopscope.diagnose.notes import note_for
from tests.core.literals import FUNCTION, MODULE, a_fixture, a_test, on
from tests.diagnose.written import written_in

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup, ExceptionGroup

DB = a_fixture("db", MODULE)
TEST = written_in("pytest-asyncio", a_test("test_it", DB, at=FUNCTION, declared=Scope.FUNCTION))
MISMATCH = finding_for(LoopMismatch(TEST, DB, on(FUNCTION), on(MODULE)), "do this")

WORDS = {
    "future": "Task <Task> got Future <Future> attached to a different loop",
    "lock": "<asyncio.locks.Lock object> is bound to a different event loop",
    "closed": "Event loop is closed",
    "argument": "The future belongs to a different loop than the one specified as the argument",
}


def raised(error: Exception, cause: Exception) -> Exception:
    """Return `error` as it is after it was raised from `cause`."""
    error.__cause__ = cause
    return error


def while_handling(error: BaseException) -> BaseException:
    """Return another error that was raised while `error` was handled."""
    try:
        try:
            raise error
        except BaseException:
            raise KeyError("cleaning up") from None
    except KeyError as caught:
        return caught


@pytest.mark.parametrize("kind", [RuntimeError, ValueError])
@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_an_error_of_a_mismatch_is_explained_by_the_finding(
    kind: type[Exception], words: str
) -> None:
    assert note_for(kind(words), [MISMATCH]) == str(MISMATCH)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(raised(OSError(), RuntimeError(WORDS["closed"])), id="cause"),
        pytest.param(while_handling(RuntimeError(WORDS["closed"])), id="context"),
        pytest.param(
            ExceptionGroup("two", [OSError(), ValueError(WORDS["argument"])]), id="in-a-group"
        ),
        pytest.param(
            BaseExceptionGroup("", [ExceptionGroup("", [RuntimeError(WORDS["future"])])]),
            id="in-a-group-in-a-group",
        ),
        pytest.param(
            ExceptionGroup("", [raised(OSError(), RuntimeError(WORDS["lock"]))]),
            id="cause-in-a-group",
        ),
    ],
)
def test_the_error_is_found_wherever_it_is(error: BaseException) -> None:
    assert note_for(error, [MISMATCH]) == str(MISMATCH)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(RuntimeError("no"), id="another-text"),
        pytest.param(OSError("Event loop is closed"), id="another-kind"),
        pytest.param(AssertionError("assert 'Event loop is closed' in text"), id="assertion"),
        pytest.param(ExceptionGroup("Event loop is closed", [OSError()]), id="another-group"),
    ],
)
def test_another_error_is_not_explained(error: BaseException) -> None:
    assert note_for(error, [MISMATCH]) is None


def test_errors_that_came_of_one_another_in_a_circle_end() -> None:
    first, second = RuntimeError(), RuntimeError()
    first.__cause__, second.__cause__ = second, first
    assert note_for(first, [MISMATCH]) is None


def test_all_that_explains_it_is_told_and_nothing_else() -> None:
    other = finding_for(LoopMismatch(TEST, DB, on(FUNCTION), on(MODULE)), "do that")
    backend = finding_for(BackendMismatch(TEST, DB))
    mark = bad_declaration("id", "test_it", TEST.origin, "no")
    findings: list[Finding] = [MISMATCH, backend, mark, other]
    assert note_for(RuntimeError(WORDS["closed"]), findings) == f"{MISMATCH}\n{other}"
    assert note_for(RuntimeError(WORDS["closed"]), [backend, mark]) is None
    assert note_for(RuntimeError(WORDS["closed"]), []) is None


def test_what_asyncio_says_today_is_recognised() -> None:
    loop, other = asyncio.new_event_loop(), asyncio.new_event_loop()
    errors: list[BaseException] = []

    async def wait(for_: asyncio.Future[None]) -> None:
        await for_

    try:
        for attempt in (
            lambda: loop.run_until_complete(wait(other.create_future())),
            lambda: loop.run_until_complete(other.create_future()),
        ):
            with pytest.raises((RuntimeError, ValueError)) as caught:
                attempt()
            errors.append(caught.value)
    finally:
        loop.close()
        other.close()
    with pytest.raises(RuntimeError) as closed:
        loop.call_soon(print)
    assert all(note_for(error, [MISMATCH]) for error in (*errors, closed.value))
