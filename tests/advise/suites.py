"""What is known of small suites, as literals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loopscope.advise.evidence import Evidence
from loopscope.advise.project import Project
from loopscope.advise.scanning import scan
from loopscope.core.graph import Kind
from loopscope.core.plain import as_plain
from loopscope.core.plan import plan
from loopscope.core.policy import Policy
from loopscope.core.scope import Scope
from loopscope.diagnose.fixes import findings
from loopscope.diagnose.plan_file import AsyncTests, Document
from tests.core.literals import suite_of

if TYPE_CHECKING:
    from loopscope.core.graph import Vertex

PLUGINS = {"pytest-asyncio": "1.5.0", "anyio": "4.16.0", "pytest-trio": "0.8.0"}
OPTIONS: dict[str, str | None] = {
    "asyncio_mode": "strict",
    "asyncio_default_fixture_loop_scope": "fixture-scope",
    "asyncio_default_test_loop_scope": "function",
    "anyio_mode": "strict",
    "trio_mode": "false",
}


def in_the_words_of(vocabulary: str, *vertices: Vertex) -> list[Vertex]:
    """Return `vertices` as they are if they are written in a vocabulary."""
    has_scopes = vocabulary == "pytest-asyncio"
    return [
        replace(
            vertex,
            vocabulary=vocabulary,
            always_planned=not has_scopes,
            default=Scope.FUNCTION
            if has_scopes and vertex.kind is Kind.TEST and vertex.needs_loop
            else None,
        )
        for vertex in vertices
    ]


def evidence(
    *vertices: Vertex,
    code: str = "",
    suite: dict[str, str] | None = None,
    project: Project | None = None,
    plugins: dict[str, str] | None = None,
    options: dict[str, str | None] | None = None,
    libraries: dict[str, str] | None = None,
    beside: dict[str, int] | None = None,
) -> Evidence:
    """Return the evidence on a suite.

    Args:
        vertices: what is planned, as it is declared.
        code: the source of the code under test.
        suite: the sources of its files, by path.
        project: what the project says of itself.
        plugins: those that are installed, with their versions.
        options: those that are known, with their values.
        libraries: the backends that are installed.
        beside: how many tests of a vocabulary there are that are not planned.
    """
    planned = plan(suite_of(*vertices), Policy.DECLARED)
    counted = dict(beside or {})
    for vertex in vertices:
        if vertex.kind is Kind.TEST and vertex.needs_loop:
            counted[vertex.vocabulary] = counted.get(vertex.vocabulary, 0) + 1
    async_tests: list[AsyncTests] = [
        {"vocabulary": name, "tests": tests} for name, tests in counted.items()
    ]
    document = Document(
        {
            "loopscope": "0.1.0",
            "pytest": "9.2.0",
            "python": "3.13.0",
            "plugins": listed(PLUGINS if plugins is None else plugins),  # type: ignore[typeddict-item]
            "libraries": listed({"trio": "0.35.0"} if libraries is None else libraries),  # type: ignore[typeddict-item]
        },
        "/suite",
        {
            "engine": "observe",
            "mode": "auto",
            "loops": "declared",
            "backends": ["asyncio"],
            "options": [
                {"name": name, "value": value}
                for name, value in (OPTIONS if options is None else options).items()
            ],
        },
        sum(counted.values()),
        tuple(async_tests),
        as_plain(planned),
        tuple(findings(planned, executes=False)),
    )
    scans = [scan("app.py", code, "code")]
    scans += [scan(path, source, "suite") for path, source in (suite or {}).items()]
    return Evidence(document, scans, project or Project())


def listed(versions: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "version": version} for name, version in versions.items()]
