"""Nothing of ours keeps a session longer than pytest keeps it.

What is there when the interpreter ends is searched for garbage once more, and of a large suite that
takes as long as a tenth of its collection. Our modules come from pytest's loader, which knows the
session: so whoever keeps one of our functions, somewhere outside of all modules, keeps every test.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

PROGRAM = """
import os, sys, pytest

class Held:
    def __del__(self, write=os.write, names=vars(sys)):
        write(2, b"in time" if names.get("version") else b"too late")

class Keeps:
    def pytest_configure(self, config):
        config.held = Held()

pytest.main(sys.argv[1:], plugins=[Keeps()])
"""
OTHERS = sorted({one.name for one in entry_points(group="pytest11")} - {"loopscope"})


@pytest.mark.parametrize("option", ["loopscope_engine=off", "loopscope_engine=on"])
@pytest.mark.parametrize("more", [[], ["--collect-only"]], ids=["run", "collect-only"])
def test_a_session_is_gone_before_the_interpreter_takes_itself_apart(
    pytester: pytest.Pytester, option: str, more: list[str]
) -> None:
    path = pytester.makepyfile("async def test_it(): ...")
    alone = [word for name in OTHERS for word in ("-p", f"no:{name}")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "-o", option, *alone, *more, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "in time", done.stdout
