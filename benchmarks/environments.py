"""An environment for each idiom, with pinned versions; loopscope is that of this checkout."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.idioms import LOOPSCOPE
from benchmarks.progress import say

CHECKOUT = Path(__file__).parents[1]
VERSIONS = Path(__file__).with_name("versions.txt")
ALWAYS = ("pytest", "pytest-xdist")
_ABOUT = """
import json, platform, sys
from importlib.metadata import distributions
print(json.dumps({
    "python": f"{platform.python_implementation()} {platform.python_version()}",
    "versions": {each.name: each.version for each in distributions()},
}))
"""


def default_work() -> Path:
    """Return a folder outside the checkout, and of this checkout alone."""
    caches = os.environ.get("XDG_CACHE_HOME")
    folder = Path(caches) if caches else Path.home() / ".cache"
    return folder / "loopscope-benchmarks" / hashlib.sha256(bytes(CHECKOUT)).hexdigest()[:8]


def pinned() -> dict[str, str]:
    """Return the version of each distribution that is pinned."""
    lines = (line.partition("#")[0].strip() for line in VERSIONS.read_text("utf-8").splitlines())
    return dict(line.split("==") for line in lines if line)


class Environments:
    """The environments of one interpreter, made when they are first asked for."""

    def __init__(self, work: Path, python: str) -> None:
        self._uv = _uv()
        self._base = self._call("python", "find", "--no-python-downloads", python).strip()
        digest = hashlib.sha256(self._base.encode()).hexdigest()[:8]
        self._folder = work / f"{Path(self._base).name}-{digest}"

    def python(self, requires: tuple[str, ...]) -> Path:
        """Return the interpreter of the environment in which these are installed."""
        folder = self._folder / ("-".join(requires) or "pytest")
        python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        stamp = folder / "made-of"
        ours = (CHECKOUT / "pyproject.toml").read_text("utf-8") if LOOPSCOPE in requires else ""
        wanted = "\n".join([self._base, *requires, VERSIONS.read_text("utf-8"), ours])
        if python.exists() and stamp.exists() and stamp.read_text("utf-8") == wanted:
            return python
        say(f"making an environment of {' '.join((*ALWAYS, *requires))}")
        shutil.rmtree(folder, ignore_errors=True)
        self._call("venv", "--python", self._base, str(folder))
        packages = [
            f"--editable={CHECKOUT}" if name == LOOPSCOPE else name for name in (*ALWAYS, *requires)
        ]
        self._call(
            *("pip", "install", "--python", str(python)),
            *("--constraints", str(VERSIONS), *packages),
        )
        stamp.write_text(wanted, encoding="utf-8")
        return python

    def about(self, requires: tuple[str, ...]) -> tuple[str, dict[str, str]]:
        """Return the version of Python and those of the distributions of an environment."""
        command = [str(self.python(requires)), "-c", _ABOUT]
        told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        return told["python"], told["versions"]

    def _call(self, *words: str) -> str:
        done = subprocess.run([self._uv, *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchmarkError(f"uv {' '.join(words)}\n{done.stderr.strip()}")
        return done.stdout


def _uv() -> str:
    beside = shutil.which("uv", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("uv")
    if found is None:
        raise BenchmarkError("uv is not here: pip install uv")
    return found
