"""Tests in which nothing happens are recorded at the lower price, whoever executes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopscope.trace.events import LoopClosed, LoopOpened, TestBegan, TestEnded
from tests.plugin.conftest import QUIET

if TYPE_CHECKING:
    from tests.tracing.conftest import Recorded

SUITE = """
import pytest

async def test_first_is_written_at_once():
    pass

@pytest.mark.parametrize("number", range(3))
async def test_has_a_loop_of_its_own(number):
    pass

@pytest.mark.parametrize("number", range(3))
def test_has_none(number):
    pass
"""
# Says how many tests were handed on as one record.
COUNTING = """
import atexit

from loopscope.trace import file, recorder
from loopscope.trace.quiet import QuietTest

recorder.OFTEN = 1e9
write = file.Part.write
quiet = []

def counting(self, records):
    quiet.extend(record for record in records if isinstance(record, QuietTest))
    write(self, records)

file.Part.write = counting

atexit.register(lambda: print("quiet:", len(quiet)))  # the rest is handed on last of all
"""


def check(recorded: Recorded, result: pytest.RunResult) -> None:
    result.assert_outcomes(passed=7)
    assert "quiet: 6" in result.outlines
    assert len(recorded.all(TestBegan)) == len(recorded.all(TestEnded)) == 7
    assert len(recorded.all(LoopOpened)) == len(recorded.all(LoopClosed)) == 4


def test_one_record_says_all_of_a_quiet_test(recorded: Recorded) -> None:
    recorded.pytester.makeconftest(COUNTING)
    check(recorded, recorded.run(SUITE))


def test_one_record_says_all_of_a_quiet_test_of_others(recorded: Recorded) -> None:
    pytest.importorskip("pytest_asyncio")
    recorded.pytester.makeconftest(COUNTING)
    recorded.pytester.makepyfile(test_it=SUITE)
    options = [one for one in QUIET if one != "-pno:asyncio"]
    trace = f"--loopscope-trace={recorded.path}"
    ini = ("-oasyncio_mode=auto", "-oasyncio_default_fixture_loop_scope=function")
    engine = "--loopscope-engine=observe"
    check(recorded, recorded.pytester.runpytest_subprocess(*options, *ini, engine, trace))
