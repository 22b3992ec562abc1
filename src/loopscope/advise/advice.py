"""Advice on one suite: the five steps, the matrix, the recommendation, and what to paste."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from loopscope.advise.apis import TRIO
from loopscope.advise.backends import backends
from loopscope.advise.evidence import ANYIO, LOOPSCOPE, PYTEST_ASYNCIO, PYTEST_TRIO
from loopscope.advise.in_anyio import in_anyio
from loopscope.advise.in_asyncio import in_asyncio
from loopscope.advise.in_trio import in_trio
from loopscope.advise.lifetimes import lifetimes
from loopscope.advise.matrix import matrix
from loopscope.advise.recommendation import is_about_loops, recommend

if TYPE_CHECKING:
    from loopscope.advise.backends import Backends
    from loopscope.advise.evidence import Evidence
    from loopscope.advise.in_anyio import InAnyio
    from loopscope.advise.in_asyncio import InAsyncio
    from loopscope.advise.in_trio import InTrio
    from loopscope.advise.lifetimes import Lifetime
    from loopscope.advise.matrix import Row
    from loopscope.advise.recommendation import Recommendation
    from loopscope.advise.words import Declaration

VERSION = 1


@dataclass(frozen=True, slots=True)
class Paste:
    """Something ready to be pasted into a file."""

    path: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A command, and what it proves."""

    command: str
    proves: str


@dataclass(frozen=True, slots=True)
class Advice:
    """All that there is to say."""

    tests: int
    vocabularies: dict[str, int]
    versions: dict[str, str]
    findings: int
    backends: Backends
    fixtures: tuple[Lifetime, ...]
    asyncio: InAsyncio
    anyio: InAnyio
    trio: InTrio | None
    verify: tuple[Proof, ...]
    matrix: tuple[Row, ...]
    recommendation: Recommendation
    configuration: tuple[Paste, ...]
    declarations: tuple[Declaration, ...]

    def as_plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"format": "loopscope advice", "version": VERSION, **asdict(self)}


def advise(evidence: Evidence) -> Advice:
    """Return the advice that `evidence` gives."""
    needed = backends(evidence)
    fixtures = lifetimes(evidence)
    in_full, anyio = in_asyncio(evidence, needed), in_anyio(evidence, needed)
    is_of_trio = TRIO in needed.needed or PYTEST_TRIO in evidence.vocabularies
    trio = in_trio(evidence) if is_of_trio else None
    rows = matrix(evidence, needed, fixtures, in_full, anyio, trio)
    mend = in_asyncio(evidence, needed, only_its_own=True) if _is_theirs(evidence) else None
    recommendation = recommend(
        evidence, needed, fixtures, rows, fails=(*in_full.fails, *anyio.fails), mend=mend
    )
    asyncio, engine = in_full, recommendation.engines[0] if recommendation.engines else ""
    if len(recommendation.engines) > 1:
        asyncio, engine = mend or in_full, PYTEST_ASYNCIO if mend else ""
    declarations = {PYTEST_ASYNCIO: asyncio.declarations, ANYIO: anyio.declarations}
    return Advice(
        evidence.document.tests,
        evidence.vocabularies,
        _versions(evidence),
        len(evidence.document.findings),
        needed,
        tuple(fixtures),
        in_full,
        anyio,
        trio,
        _verify(evidence),
        rows,
        recommendation,
        tuple(_configuration(evidence, engine, needed, asyncio, anyio, trio)),
        declarations.get(engine, ()),
    )


def _is_theirs(evidence: Evidence) -> bool:
    """Say whether several plugins run the suite, and all that is found is pytest-asyncio's."""
    vertices = evidence.plan.suite.vertices
    loops = [one for one in evidence.document.findings if is_about_loops(one)]
    found = [vertices.get(one.concerns or "") for one in loops]
    return (
        len(evidence.vocabularies) > 1
        and bool(found)
        and all(one is not None and one.vocabulary == PYTEST_ASYNCIO for one in found)
    )


def _versions(evidence: Evidence) -> dict[str, str]:
    versions = evidence.document.versions
    names = (PYTEST_ASYNCIO, ANYIO, PYTEST_TRIO, TRIO, "uvloop")
    there = {name: evidence.installed[name] for name in names if name in evidence.installed}
    return {
        "python": versions["python"],
        "pytest": versions["pytest"],
        LOOPSCOPE: versions["loopscope"],
        **there,
    }


def _verify(evidence: Evidence) -> tuple[Proof, ...]:
    paths = [one for one in evidence.arguments if not one.startswith("-")]
    is_plain = len(paths) == len(evidence.arguments)
    python = [] if evidence.python is None else ["--python", evidence.python]
    ours = ["loopscope", "verify", "--against", "installed", *python, *([] if is_plain else ["--"])]
    theirs = ["pytest"] if evidence.python is None else [evidence.python, "-m", "pytest"]
    return (
        Proof(
            shlex.join([*ours, *evidence.arguments]),
            "as it is: every test ends on loopscope as it does on the plugins that run it today",
        ),
        Proof(
            shlex.join([*theirs, "-p", "no:loopscope", *evidence.arguments]),
            "with what is advised pasted in: the plugins alone run it",
        ),
    )


def _configuration(
    evidence: Evidence,
    engine: str,
    needed: Backends,
    asyncio: InAsyncio,
    anyio: InAnyio,
    trio: InTrio | None,
) -> list[Paste]:
    settings: dict[str, str] = {}
    pasted = []
    if engine == PYTEST_ASYNCIO:
        settings = asyncio.settings
    elif engine == PYTEST_TRIO and trio is not None:
        settings = trio.settings
    elif engine == ANYIO:
        settings = anyio.settings
        if anyio.fixture is not None:
            source = f"import pytest\n\n\n{anyio.fixture}"
            pasted.append(Paste(anyio.conftest, "python", source))
    elif engine == LOOPSCOPE and needed.untested:
        settings = {"loopscope_backends": " ".join(needed.needed)}
    if settings:
        ini = evidence.project.ini
        language = "toml" if ini.is_toml else "ini"
        pasted.insert(0, Paste(ini.path, language, "\n".join(ini.lines(settings)) + "\n"))
    return pasted
