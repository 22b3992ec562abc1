"""The example in examples/shared_client passes on every backend, and only with loopscope."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.suites import LOOPSCOPE_ALONE, run_suite

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "shared_client"
BACKENDS = ("asyncio", "uvloop", "trio")

for library in ("aiosqlite", "anyio", "httpx", "hypercorn", "sniffio", "starlette"):
    pytest.importorskip(library, reason=f"the example needs {library}")


def written_tests() -> set[str]:
    """Return the "module::name" of every test in the example's source."""
    return {
        f"{path.stem}::{node.name}"
        for path in (EXAMPLE / "tests").glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
    }


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_test_passes_once_on(backend: str, tmp_path: Path) -> None:
    pytest.importorskip(backend)
    outcome = run_suite(
        EXAMPLE, *LOOPSCOPE_ALONE, f"--loopscope-backends={backend}", report=tmp_path / "junit.xml"
    )
    assert outcome.code == 0, outcome.output
    assert outcome.tests == {name: {"passed": 1} for name in written_tests()}, outcome.output


def test_every_test_passes_once_on_each_of_all_backends(tmp_path: Path) -> None:
    for backend in BACKENDS:
        pytest.importorskip(backend)
    option = f"--loopscope-backends={','.join(BACKENDS)}"
    outcome = run_suite(EXAMPLE, *LOOPSCOPE_ALONE, option, report=tmp_path / "junit.xml")
    assert outcome.code == 0, outcome.output
    assert outcome.tests == {name: {"passed": 3} for name in written_tests()}, outcome.output


@pytest.mark.skipif(
    importlib.util.find_spec("pytest_asyncio") is None, reason="pytest-asyncio is not installed"
)
def test_the_demo_s_first_half_explodes_as_it_says() -> None:
    demo = subprocess.run(
        [sys.executable, EXAMPLE / "demo.py", "--only", "today"],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    assert demo.returncode == 0, demo.stdout
    assert "is bound to a different event loop" in demo.stdout
