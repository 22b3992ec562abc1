"""Ini options and command line options, read once."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import NamedTuple

import pytest

from loopscope.backends import registry
from loopscope.core.policy import Policy
from loopscope.dialects.native import LEAK_POLICIES
from loopscope.errors import LoopscopeError, UnknownName
from loopscope.plugin import silence
from loopscope.plugin.silence import Silence

MODES = ("auto", "strict")
ENGINES = ("on", "observe", "off")
POLICIES = tuple(policy.value for policy in Policy)
XDIST_GROUPS = ("off", "loop")


class Settings(NamedTuple):
    """What the user set."""

    mode: str
    engine: str
    policy: Policy
    backends: tuple[str, ...]
    ladder: bool
    leaks: str | None
    leaks_allow: tuple[str, ...]
    timeout: float | None
    blocked: float | None
    progress: float | None
    xdist_group: str
    silence: Silence
    plan: Path | None
    trace: Path | None
    report: Path | None
    witness: bool


def add_options(parser: pytest.Parser) -> None:
    """Declare the options to pytest."""
    group = parser.getgroup("loopscope", "async tests and fixtures on planned loops")
    options = (
        (
            "mode",
            "which async tests and fixtures we claim of those that nobody else does: "
            f"{', '.join(MODES)} (default auto)",
        ),
        ("engine", f"whether loopscope executes them: {', '.join(ENGINES)} (default on)"),
        ("loops", f"how undeclared loops are found: {', '.join(POLICIES)} (default planned)"),
        (
            "backends",
            "comma-separated; every async test runs on each: "
            f"{', '.join(registry.names())} (default asyncio)",
        ),
        (
            "leaks",
            "what to do about tasks, timers, child processes and the like that a test or fixture "
            f"leaves behind: {', '.join(LEAK_POLICIES)} "
            "(default: warn of those on a loop that tests share); they are ended in any case",
        ),
        (
            "timeout",
            "seconds that an async test may take, its fixtures included, 0 for no limit "
            "(default: what pytest-timeout says, if it is installed)",
        ),
        (
            "blocked",
            "seconds that a call may keep a loop from turning before there is a warning, 0 for "
            "no limit (default 0)",
        ),
        (
            "progress",
            "seconds after which it is said what the run waits for, 0 for never (default 10; with "
            "-s or -qq, never)",
        ),
        (
            "xdist_group",
            "what pytest-xdist keeps on one worker with --dist loadscope, loadfile or loadgroup: "
            f"{', '.join(XDIST_GROUPS)} (default off); loop: tests that share a loop, or what "
            "lives on one, of a scope below the session's",
        ),
    )
    for name, text in options:
        flag = f"--loopscope-{name.replace('_', '-')}"
        group.addoption(flag, metavar=name.upper(), help=text)
        parser.addini(f"loopscope_{name}", text, default="")
    parser.addini(
        "loopscope_leaks_allow",
        "names, with wildcards, of tasks and of coroutine functions that may be left behind",
        type="linelist",
        default=[],
    )
    parser.addini(
        silence.OPTION,
        "what is not to be told: a code (LS304) or a family of codes (LS3) on each line, and "
        "after it, if it is not to hold everywhere, paths, globs or node ids",
        type="linelist",
        default=[],
    )
    group.addoption(
        "--loopscope-ladder",
        action="store_true",
        help="show the loops of the suite from session to function, what lives on each and why it "
        "is that wide (needs rich: pip install 'pytest-loopscope[cli]'); -v names the loops",
    )
    for name, text in (
        (
            "plan",
            "write what was collected, on which loops it runs and what is wrong with that into a "
            "JSON file",
        ),
        ("trace", "record the run in a file for `loopscope report`, Perfetto and chrome://tracing"),
        ("report", "write the timeline of the run into an HTML file"),
    ):
        group.addoption(f"--loopscope-{name}", metavar="PATH", type=Path, help=text)
    group.addoption(
        "--loopscope-witness",
        action="store_true",
        help="have the trace tell the loops that tests and fixtures were seen to run on, and not "
        "those that loopscope has put them on; `loopscope verify` asks for it",
    )


def read(config: pytest.Config) -> Settings:
    """Return the settings; the command line wins over the ini file.

    Raises:
        pytest.UsageError: a value that is not valid; the message lists the valid ones.
    """
    names = _words(config, "backends", "asyncio")
    try:
        for name in names:
            registry.get(name).require()
    except LoopscopeError as exc:
        raise pytest.UsageError(f"loopscope_backends: {exc}") from None
    return Settings(
        mode=_choice(config, "mode", MODES),
        engine=_choice(config, "engine", ENGINES),
        policy=Policy(_choice(config, "loops", POLICIES)),
        backends=names,
        ladder=_ladder(config),
        leaks=_choice(config, "leaks", LEAK_POLICIES) if _words(config, "leaks", "") else None,
        leaks_allow=tuple(config.getini("loopscope_leaks_allow")),
        timeout=_seconds(config, "timeout"),
        blocked=_seconds(config, "blocked") or None,
        progress=_seconds(config, "progress"),
        xdist_group=_choice(config, "xdist_group", XDIST_GROUPS),
        silence=Silence.of(config),
        plan=_path(config, "plan"),
        trace=_path(config, "trace"),
        report=_report(config),
        witness=config.getoption("loopscope_witness"),
    )


def engine(early_config: pytest.Config) -> str:
    """Return the engine that is set, while options are still being collected."""
    given = getattr(early_config.known_args_namespace, "loopscope_engine", None)
    return str(given or early_config.getini("loopscope_engine") or ENGINES[0])


def _words(config: pytest.Config, name: str, default: str) -> tuple[str, ...]:
    given = config.getoption(f"loopscope_{name}")
    text = config.getini(f"loopscope_{name}") if given is None else given
    words = (text or default).replace(",", " ").split()
    return tuple(dict.fromkeys(words))


def _ladder(config: pytest.Config) -> bool:
    wanted: bool = config.getoption("loopscope_ladder")
    if wanted:
        _require(config, "ladder", "rich")
    return wanted


def _report(config: pytest.Config) -> Path | None:
    path = _path(config, "report")
    if path is not None:
        _require(config, "report", "bokeh", "jinja2")
        if path.is_dir():
            raise pytest.UsageError(f"--loopscope-report: {path} is a directory")
    return path


def _require(config: pytest.Config, name: str, *libraries: str) -> None:
    """Refuse an option that needs a library which is not there; a worker draws nothing."""
    from loopscope.plugin.workers import is_worker

    for library in libraries:
        if not is_worker(config) and importlib.util.find_spec(library) is None:
            raise pytest.UsageError(
                f"--loopscope-{name} is drawn with {library}, which is not installed: "
                "pip install 'pytest-loopscope[cli]'"
            )


def _choice(config: pytest.Config, name: str, valid: tuple[str, ...]) -> str:
    words = _words(config, name, valid[0])
    if len(words) == 1 and words[0] in valid:
        return words[0]
    raise pytest.UsageError(str(UnknownName(f"loopscope_{name}", " ".join(words), valid)))


def _path(config: pytest.Config, name: str) -> Path | None:
    given: Path | None = config.getoption(f"loopscope_{name}")
    return None if given is None else config.invocation_params.dir / given


def _seconds(config: pytest.Config, name: str) -> float | None:
    words = _words(config, name, "")
    if not words:
        return None
    try:
        seconds = float(words[0]) if len(words) == 1 else -1.0
    except ValueError:
        seconds = -1.0
    if 0 <= seconds < float("inf"):
        return seconds
    raise pytest.UsageError(
        f"loopscope_{name} is a number of seconds, 0 for no limit, not {' '.join(words)!r}"
    )
