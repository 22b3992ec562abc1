"""The thread that looks on: it comes, goes, and gets in nobody's way."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref

import pytest

from loopscope.plugin.lookout import Lookout

LIMIT = 30.0


def threads() -> set[int]:
    """Return all threads, known to the `threading` module or not."""
    return set(sys._current_frames())


def test_it_looks_until_it_ends() -> None:
    before, looked = threads(), threading.Event()
    lookout = Lookout(0.001, looked.set)
    assert not lookout.is_settled
    lookout.begin()
    lookout.begin()
    assert lookout.is_settled
    assert looked.wait(LIMIT)
    assert len(threads() - before) == 1
    lookout.end()
    looked.clear()
    assert threads() <= before
    lookout.begin()
    assert threads() <= before
    assert not looked.wait(0.01)


def test_no_other_thread_is_counted_by_who_counts_threads() -> None:
    before, looked = threading.active_count(), threading.Event()
    lookout = Lookout(0.001, looked.set)
    lookout.begin()
    assert looked.wait(LIMIT)
    assert threading.active_count() == before
    lookout.end()


def test_it_ends_at_once_however_seldom_it_looks() -> None:
    lookout = Lookout(3600.0, lambda: None)
    lookout.begin()
    lookout.end()
    lookout.end()


def test_to_end_what_has_not_begun_is_nothing() -> None:
    Lookout(3600.0, lambda: None).end()


def test_what_raises_is_not_called_again() -> None:
    calls: list[int] = []
    raised = threading.Event()

    def look() -> None:
        calls.append(1)
        raised.set()
        raise ValueError

    lookout = Lookout(0.001, look)
    lookout.begin()
    assert raised.wait(LIMIT)
    lookout.end()
    assert calls == [1]
    lookout.begin()
    lookout.end()
    assert calls == [1]


def test_what_has_ended_is_not_kept_alive() -> None:
    lookout = Lookout(3600.0, lambda: None)
    lookout.begin()
    lookout.end()
    reference = weakref.ref(lookout)
    del lookout
    gc.collect()
    assert reference() is None


FORK = """
import os, sys, threading
from loopscope.plugin.lookout import Lookout

looked = threading.Event()
lookout = Lookout(0.001, looked.set)
lookout.begin()
assert looked.wait(30)
pid = os.fork()
if not pid:
    os._exit(len(sys._current_frames()))
_, status = os.waitpid(pid, 0)
looked.clear()
rests = not looked.wait(0.01)
lookout.begin()
goes_on = looked.wait(30)
lookout.end()
pid = os.fork()
if not pid:
    os._exit(0)
os.waitpid(pid, 0)
looked.clear()
print(os.waitstatus_to_exitcode(status), rests, goes_on, looked.wait(0.01))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing to fork with")
def test_a_process_that_forks_has_no_such_thread_meanwhile() -> None:
    # Python 3.12 warns of it, but drops the warning if it is to be an error.
    done = subprocess.run(
        [sys.executable, "-Walways", "-c", FORK], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("1 True True False\n", "")
