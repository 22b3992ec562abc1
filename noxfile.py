"""The matrix: every Python we support, on the oldest and the newest pytest we support."""

from __future__ import annotations

from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "typing", "tests", "minimal"]

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]

SMOKE = """
import asyncio

import pytest


@pytest.fixture(scope="session")
async def answer():
    await asyncio.sleep(0)
    yield 42


async def test_uses_a_session_fixture(answer):
    await asyncio.sleep(0)
    assert answer == 42
"""


@nox.session(python=PYTHONS)
@nox.parametrize("pytest", ["8.2", "newest"])
def tests(session: nox.Session, pytest: str) -> None:
    """Run the tests."""
    if pytest == "newest":
        session.install(
            "--upgrade", "-e.[test]", "pytest", "pytest-asyncio>=1.5", "pytest-trio>=0.8"
        )
    else:
        # pytest-asyncio 1.5 needs pytest 8.4, so this half of the matrix goes without it.
        session.install("-e.[test]", f"pytest~={pytest}.0")
    session.run("pytest", "--timeout=300", *session.posargs)


@nox.session(python=PYTHONS)
def minimal(session: nox.Session) -> None:
    """Run with pytest and nothing else: no trio, no uvloop, no other plugin."""
    session.install(".")
    session.run("pytest", "tests/architecture", *session.posargs)
    suite = Path(session.create_tmp()) / "smoke"
    suite.mkdir(exist_ok=True)
    (suite / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (suite / "test_smoke.py").write_text(SMOKE, encoding="utf-8")
    with session.chdir(suite):
        session.run("pytest", "-W", "error")
    # Says what it needs.
    session.run("loopscope", "--version", success_codes=[2])


# A release of each plugin that we stand in for, and a pytest that it was made for.
VERSIONS = [
    nox.param(folder, peer, version, id=f"{peer.replace('==', ' ')}, pytest {version}")
    for folder, peer, version in [
        ("pytest_asyncio", "pytest-asyncio==0.23.8", "8.2"),
        ("pytest_asyncio", "pytest-asyncio==0.24.0", "8.3"),
        ("pytest_asyncio", "pytest-asyncio==0.26.0", "8.3"),
        ("pytest_asyncio", "pytest-asyncio==1.0.0", "8.4"),
        ("pytest_asyncio", "pytest-asyncio", "newest"),
        ("anyio", "anyio==4.0.0", "8.2"),
        ("anyio", "anyio==4.4.0", "8.4"),
        ("anyio", "anyio", "newest"),
        ("pytest_trio", "pytest-trio==0.8.0", "8.2"),
        ("pytest_trio", "pytest-trio", "newest"),
        ("pytest_django", "pytest-django", "newest"),
        ("pytest_playwright", "pytest-playwright-asyncio", "newest"),
    ]
]
# What the suites need besides: plugins that build on another one, or stand beside it.
NEEDED = {
    "pytest_django": ("django", "pytest-asyncio"),
    "pytest_playwright": ("pytest-asyncio",),
}
# The modes in which each suite is run: some files are for one of them only.
MODES = {
    "pytest_asyncio": ((), ("--asyncio-mode=auto",)),
    "anyio": ((),),
    "pytest_trio": ((), ("-otrio_mode=true",)),
    "pytest_django": ((),),
    # Some of its own fixtures are of a kind that pytest is about to drop.
    "pytest_playwright": (("-Wdefault::pytest.PytestRemovedIn10Warning",),),
}


@nox.session(python="3.12")
@nox.parametrize(("folder", "peer", "pytest"), VERSIONS)
def versions(session: nox.Session, folder: str, peer: str, pytest: str) -> None:
    """Run a small suite in the words of each release of a plugin: on its engine, and on ours."""
    wanted = "pytest" if pytest == "newest" else f"pytest~={pytest}.0"
    session.install("--upgrade", ".", peer, wanted, "trio", "sniffio", *NEEDED.get(folder, ()))
    suite = f"tests/matrix/{folder}"
    for mode in MODES[folder]:
        # First without us: a suite that its own plugin cannot run says nothing about us.
        for whose in ("-pno:loopscope",), ("-Werror",):
            session.run("pytest", f"--config-file={suite}/pytest.ini", *whose, *mode, suite)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install("-e.[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
@nox.parametrize("target", [PYTHONS[0], PYTHONS[-1]])
def typing(session: nox.Session, target: str) -> None:
    """Check types as the oldest and as the newest Python see them."""
    session.install("-e.[dev]")
    session.run("mypy", "--python-version", target)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests under coverage, subprocesses included, and report."""
    session.install("-e.[dev]")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "--timeout=300", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session
def downstream(session: nox.Session) -> None:
    """Run other projects' suites on their own engine and on ours, and compare."""
    session.install("pip", "uv", "tomli; python_version < '3.11'")
    session.run("python", "-m", "downstream", *(session.posargs or ["--ci"]))
