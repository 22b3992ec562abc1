"""Words and hosts, and a deadline, since a rule that is broken here tends to hang."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.backends.words import OWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopscope.backends.base import Host
    from tests.backends.words import Words

DEADLINE = 20.0  # seconds


@pytest.fixture(autouse=True)
def _deadline() -> Iterator[None]:
    def too_late(*args: object) -> NoReturn:
        pytest.fail("this test hangs")

    before = signal.signal(signal.SIGALRM, too_late)
    # Again and again: code that is cancelled but does not end hangs as well.
    signal.setitimer(signal.ITIMER_REAL, DEADLINE, 1.0)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(params=OWN, ids=lambda words: words.id)
def words(request: pytest.FixtureRequest) -> Words:
    """Each backend, in the words of its library."""
    found: Words = request.param
    return found


@pytest.fixture
def host(words: Words) -> Iterator[Host]:
    """A host for each backend."""
    host = words.open()
    yield host
    host.close()
