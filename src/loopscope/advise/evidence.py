"""Everything that advice is drawn from: the plan of a suite, its source, and its project."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from loopscope.advise.project import Project
from loopscope.advise.scanning import CODE, SUITE
from loopscope.core.graph import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from loopscope.advise.scanning import Definition, Mark, Scan, Sighting
    from loopscope.core.graph import Vertex
    from loopscope.core.origin import Origin
    from loopscope.core.plan import Plan
    from loopscope.core.scope import Scope
    from loopscope.diagnose.plan_file import Document

PYTEST_ASYNCIO = "pytest-asyncio"
ANYIO = "anyio"
PYTEST_TRIO = "pytest-trio"
LOOPSCOPE = "loopscope"

LOOP_FIXTURE = "event_loop"
"""The fixture of pytest-asyncio that was the loop before 0.23; 1.0 has no such fixture."""

Key = tuple[Kind, str, "Origin"]


@dataclass(frozen=True, slots=True)
class Written:
    """A test or a fixture as it is written, and all that pytest makes of it."""

    vertices: tuple[Vertex, ...]

    @property
    def first(self) -> Vertex:
        """One of its vertices; what is written is the same for all of them."""
        return self.vertices[0]

    @property
    def name(self) -> str:
        """Its name, without parameters."""
        return base_name(self.first)

    @property
    def scope(self) -> Scope:
        """The scope that it has."""
        return max(vertex.anchor.scope for vertex in self.vertices)

    @property
    def where(self) -> str:
        """Path and line."""
        return str(self.first.origin)

    @property
    def place(self) -> tuple[str, int]:
        """Path and line, to be sorted by: a plugin may shuffle what is collected."""
        return self.first.origin.path, self.first.origin.line

    @property
    def is_of_the_suite(self) -> bool:
        """Whether it stands in a file of the suite, and not in an installed plugin."""
        return is_path(self.first.origin)


@dataclass(frozen=True)
class Evidence:
    """What is known of a suite, as it was judged: `document` is of what it declares."""

    document: Document
    scans: Sequence[Scan] = ()
    project: Project = field(default_factory=Project)
    arguments: Sequence[str] = ()
    """What pytest was given: paths, and whatever else."""
    python: str | None = None
    """The interpreter that pytest was run by, if it was another one than that of the command."""

    @property
    def plan(self) -> Plan:
        """The loops that the suite has on the engines that run it."""
        return self.document.plan

    @cached_property
    def written(self) -> dict[Key, Written]:
        """All that is async in the suite: tests and fixtures, in its order.

        A fixture that is the loop itself, as before pytest-asyncio 0.23, is none of them.
        """
        found = written(self.plan.suite.vertices.values())
        return {key: one for key, one in found.items() if one.name != LOOP_FIXTURE}

    def tests(self) -> list[Written]:
        """Return the async tests."""
        return [one for one in self.written.values() if one.first.kind is Kind.TEST]

    def fixtures(self) -> list[Written]:
        """Return the async fixtures."""
        return [one for one in self.written.values() if one.first.kind is Kind.FIXTURE]

    @cached_property
    def installed(self) -> dict[str, str]:
        """The versions of plugins and backends in the environment of the suite."""
        versions = self.document.versions
        found = [*versions["plugins"], *versions.get("libraries", ())]
        return {one["name"]: one["version"] for one in found}

    @cached_property
    def options(self) -> dict[str, str | None]:
        """The options of other plugins that are known there, and their values."""
        return {one["name"]: one["value"] for one in self.document.settings.get("options", ())}

    @cached_property
    def vocabularies(self) -> dict[str, int]:
        """How many async tests are written in each vocabulary, most first."""
        counted = {
            one["vocabulary"]: one["tests"] for one in self.document.async_tests if one["tests"]
        }
        return {name: counted[name] for name in counted if name is not None}

    @cached_property
    def on_backends(self) -> dict[str, int]:
        """How many async tests run on each backend, most first.

        Those that pytest-trio runs by itself, each in a run with its fixtures, have no vertices.
        """
        tests = [vertex for test in self.tests() for vertex in test.vertices]
        counted = Counter(family(backend_of(test)) for test in tests)
        planned = sum(test.vocabulary == PYTEST_TRIO for test in tests)
        counted["trio"] += self.vocabularies.get(PYTEST_TRIO, 0) - planned
        return {name: number for name, number in counted.most_common() if number > 0}

    @cached_property
    def own_packages(self) -> set[str]:
        """The names of what the project itself consists of, which it depends on anyway."""
        paths = (one.path.removeprefix("src/") for one in self.scans if one.part == CODE)
        return {path.removesuffix(".py").partition("/")[0] for path in paths}

    def sightings(self, *parts: str) -> list[Sighting]:
        """Return what was seen in the code, in the suite, or in both."""
        own = {f"import {name}" for name in self.own_packages}
        return [
            seen
            for one in self.scans
            if one.part in parts
            for seen in one.sightings
            if seen.what not in own
        ]

    def marks(self, *names: str) -> list[Mark]:
        """Return the marks with one of these names, wherever they stand."""
        return [mark for one in self.scans for mark in one.marks if mark.name in names]

    @cached_property
    def _definitions(self) -> dict[tuple[str, int], Definition]:
        return {
            (one.path, definition.line): definition
            for one in self.scans
            for definition in one.definitions
        }

    def definition(self, vertex: Vertex) -> Definition | None:
        """Return how a test or a fixture is written, if its source was read."""
        return self._definitions.get((vertex.origin.path, vertex.origin.line))


def written(vertices: Iterable[Vertex]) -> dict[Key, Written]:
    """Return what is async among `vertices`, by where it is written."""
    found: dict[Key, list[Vertex]] = {}
    for vertex in vertices:
        if has_loop_scope(vertex):
            found.setdefault(key(vertex), []).append(vertex)
    return {key: Written(tuple(same)) for key, same in found.items()}


def has_loop_scope(vertex: Vertex) -> bool:
    """Say whether a loop scope means anything for a vertex: what is synchronous may ask for one."""
    return vertex.needs_loop or vertex.declared is not None


def key(vertex: Vertex) -> Key:
    """Return what all instances and variants of a test or a fixture have in common."""
    return (vertex.kind, base_name(vertex), vertex.origin)


def base_name(vertex: Vertex) -> str:
    """Return the name of a test without its parameters, or that of a fixture."""
    return vertex.name.partition("[")[0] if vertex.kind is Kind.TEST else vertex.name


def is_path(origin: Origin) -> bool:
    """Say whether a place is in the root directory: elsewhere it is told by a module's name."""
    return origin.path.endswith(".py")


def backend_of(vertex: Vertex) -> str:
    """Return the name of the backend of a vertex: what it is opened with does not matter here."""
    return re.split(r"[^\w-]", vertex.backend, maxsplit=1)[0]


def family(backend: str) -> str:
    """Return the library that a backend is one of."""
    return "asyncio" if backend == "uvloop" else backend


_OF_A_SUITE = re.compile(r"(^|/)(conftest|test_[^/]*|[^/]*_test)\.py$|(^|/)tests?/")
_OF_NEITHER = re.compile(
    r"^(docs?|examples?|benchmarks?|scripts?|tools?|build|dist|setup\.py|noxfile\.py|tasks\.py)\b"
)


def part_of(path: str, of_the_suite: Iterable[str] = ()) -> str | None:
    """Say whether the file at `path` is of the code or of the suite; None if of neither.

    Args:
        path: relative to the root directory.
        of_the_suite: files in which tests and fixtures are known to be.
    """
    if path in of_the_suite or _OF_A_SUITE.search(path):
        return SUITE
    return None if _OF_NEITHER.match(path) else CODE
