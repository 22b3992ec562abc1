"""Suites in the words of one vocabulary, run with every plugin installed, and what came of them."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from tests.pytest_features.inner import Inner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


# Imported out here once: a run in this process forgets what it imports, and would import it again.
PEERS = {
    "asyncio": "pytest_asyncio.plugin",
    "anyio": "anyio.pytest_plugin",
    "trio": "pytest_trio.plugin",
}
for _module in (
    *PEERS.values(),
    "pytest_trio.enable_trio_mode",
    "hypothesis",
    "loopscope.backends.trio",
):
    importlib.import_module(_module)

# By the names of their entry points: those that have nothing to do with whose test a test is.
BESIDE = (
    "cacheprovider",
    "html",
    "html_fixtures",
    "hypothesispytest",
    "metadata",
    "pytest_cov",
    "randomly",
    "rerunfailures",
    "timeout",
)

# Loaded with `-p`: writes down what each test came to, wherever it ran, and what each test was.
RECORDER = """
import json
from pathlib import Path

FILE = Path(__file__).with_name("recorded.jsonl")

def pytest_configure(config):
    if hasattr(config, "workerinput"):
        # The process that xdist's workers report to hears of it all.
        config.pluginmanager.unregister(name="recorder")

def pytest_runtest_logreport(report):
    told = {
        "id": report.nodeid.partition("::")[2] or report.nodeid,
        "when": report.when,
        "outcome": report.outcome,
        "text": report.longreprtext,
        "xfail": hasattr(report, "wasxfail"),
    }
    with FILE.open("a") as file:
        file.write(json.dumps(told) + "\\n")
"""

# A loop, of whatever library, by asking the libraries themselves.
HERE = """
import asyncio, sys
import pytest
from events import event

def running():
    trio = sys.modules.get("trio")
    if trio is not None:
        try:
            return "trio", trio.lowlevel.current_trio_token()
        except RuntimeError:
            pass
    return "asyncio", asyncio.get_running_loop()

def here():
    return running()[1]

def library():
    return running()[0]
"""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How an async test and an async fixture are written: as `@async_test` and `@fixture(...)`.

    A synchronous test that is given async fixtures is written `@sync_test`, where there is a word
    for it.
    """

    name: str
    backend: str
    words: str
    arguments: tuple[str, ...] = ()
    has_sync_tests: bool = True

    def __str__(self) -> str:
        return self.name

    @property
    def prelude(self) -> str:
        """The start of a module in this vocabulary."""
        return f"{HERE}\n{NOTHING}\n{dedent(self.words)}\nBACKEND = {self.backend!r}\n"


NOTHING = """
def as_it_is(function):
    return function

fixture, async_test, sync_test = pytest.fixture, as_it_is, as_it_is
"""

ANYIO = """
fixture, async_test = pytest.fixture, pytest.mark.anyio
sync_test = pytest.mark.usefixtures("anyio_backend")

@pytest.fixture(scope="session")
def anyio_backend():
    return {backend!r}
"""

ANYIO_AUTO = """
sync_test = pytest.mark.usefixtures("anyio_backend")

@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"
"""

OWN = (
    Vocabulary("own-asyncio", "asyncio", ""),
    Vocabulary("own-trio", "trio", "", ("--loopscope-backends=trio",)),
    # On a sync test the mark says nothing: its fixtures are on the usual backend.
    Vocabulary(
        "own-marked",
        "trio",
        "async_test = pytest.mark.loopscope(backend='trio')",
        has_sync_tests=False,
    ),
)
ASYNCIO = (
    Vocabulary(
        "asyncio-strict",
        "asyncio",
        "import pytest_asyncio\nfixture, async_test = pytest_asyncio.fixture, pytest.mark.asyncio",
        ("--loopscope-mode=strict",),
    ),
    Vocabulary("asyncio-auto", "asyncio", "", ("--asyncio-mode=auto",)),
)
FROM_ANYIO = (
    Vocabulary("anyio-asyncio", "asyncio", ANYIO.format(backend="asyncio")),
    Vocabulary("anyio-trio", "trio", ANYIO.format(backend="trio")),
    Vocabulary("anyio-auto", "asyncio", ANYIO_AUTO, ("--anyio-mode=auto",)),
)
TRIO = (
    Vocabulary("trio-marked", "trio", "async_test = pytest.mark.trio", has_sync_tests=False),
    Vocabulary("trio-mode", "trio", "", ("-otrio_mode=true",), has_sync_tests=False),
)
ALL = (*OWN, *ASYNCIO, *FROM_ANYIO, *TRIO)


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run."""

    code: int
    lines: Sequence[str]
    outcomes: Mapping[str, str]
    """By the id of the test without its file: passed, failed, error, skipped, xfailed; what its
    teardown came to is added if that failed."""
    texts: Mapping[str, str]

    @property
    def out(self) -> str:
        """Everything that the run wrote."""
        return "\n".join(self.lines)

    def all_passed(self, *names: str) -> None:
        """Assert that these are the tests that ran, and that all of them passed."""
        assert self.outcomes == dict.fromkeys(names, "passed"), self.out
        assert self.code == 0, self.out


class Suite(Inner):
    """A suite that is run with loopscope and all of the plugins that it stands in for.

    `without` names the plugins that are not loaded.
    """

    without: Sequence[str] = BESIDE

    def __post_init__(self) -> None:
        super().__post_init__()
        self.write({"recorder.py": RECORDER})

    def module(self, vocabulary: Vocabulary, source: str, name: str = "test_it") -> None:
        """Write a test module in the words of `vocabulary`."""
        self.write({f"{name}.py": vocabulary.prelude + dedent(source)})

    def ran(self, *arguments: str, apart: bool = False, beside: Sequence[str] = ()) -> Ran:
        """Run the suite that is there, with warnings as errors, and read what was recorded.

        `beside` names plugins of `without` that take part all the same.
        """
        record = self.root / "recorded.jsonl"
        record.unlink(missing_ok=True)
        self.forget()
        absent = [name for name in self.without if name not in beside]
        arguments = (*_without(absent), "-precorder", "-Werror", "-rA", *arguments)
        if apart:
            result = self.pytester.runpytest_subprocess(*arguments, timeout=120)
        else:
            if not any(one.startswith("-n") for one in arguments):
                arguments = ("-pno:xdist", *arguments)
            result = self.pytester.runpytest_inprocess(*arguments)
        outcomes, texts = read(record)
        return Ran(int(result.ret), [*result.outlines, *result.errlines], outcomes, texts)


def engine(how: str) -> tuple[str, ...]:
    """Return the arguments that set our engine, and that let pytest-asyncio do without it.

    Under `-W error` it does not start while its option is unset.
    """
    if how == "on":
        return ()
    switch = "-pno:loopscope" if how == "not loaded" else f"--loopscope-engine={how}"
    return switch, "-oasyncio_default_fixture_loop_scope=fixture-scope"


def _without(plugins: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"-pno:{name}" for name in plugins)


def read(record: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the outcome and the text of each test that `RECORDER` wrote down."""
    outcomes: dict[str, str] = {}
    texts: dict[str, str] = {}
    lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    for report in map(json.loads, lines):
        name, outcome = report["id"], _outcome(report)
        if outcome is not None:
            before = outcomes.get(name)
            outcomes[name] = outcome if before is None else f"{before}+{outcome}"
        texts[name] = texts.get(name, "") + report["text"]
    return outcomes, texts


def _outcome(report: Mapping[str, Any]) -> str | None:
    if report["xfail"]:
        return "xfailed" if report["outcome"] == "skipped" else "xpassed"
    if report["when"] == "call" or report["outcome"] == "skipped":
        return str(report["outcome"])
    return "error" if report["outcome"] == "failed" else None
