"""The file of a plan: what was collected, on which loops it runs, and what is wrong with that.

It is one JSON object, and the only way in which the command learns of a suite. Its fields are those
of the types here and in `core.plain`; `plan_schema` makes the published schema of them.
"""

from __future__ import annotations

import json
import types
from dataclasses import dataclass
from functools import cached_property
from typing import (
    TYPE_CHECKING,
    Any,
    TypedDict,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from loopscope.core.origin import Origin
from loopscope.core.plain import PlainPlan, from_plain
from loopscope.diagnose.catalog import CODES, Finding
from loopscope.errors import LoopscopeError

if TYPE_CHECKING:
    from pathlib import Path

    from loopscope.core.plan import Plan

FORMAT = "loopscope plan"
VERSION = 1
"""Raised when a reader of older files would misunderstand what is written. What is only new
(another field) does not raise it."""


class PlanFileError(LoopscopeError):
    """A file that cannot be read as a plan; the message says which, and why."""


class PlainWhere(TypedDict):
    """A place in the source, a name for what is there, and what there is to say of it."""

    path: str
    line: int
    name: str
    text: str


class PlainFinding(TypedDict):
    """A mistake: its code and the title of that, and a line that says what it is in this suite.

    `why` and `fix` may have several lines, and may be empty. `concerns` is the id of the vertex
    that it is about, and `refuses` says whether loopscope refuses to run that.
    """

    code: str
    title: str
    text: str
    where: list[PlainWhere]
    why: str
    fix: str
    concerns: str | None
    refuses: bool


class PlainPlugin(TypedDict):
    """An installed distribution that brings a plugin of pytest."""

    name: str
    version: str


class PlainLibrary(TypedDict):
    """An installed distribution that is a backend."""

    name: str
    version: str


class _Versions(TypedDict):
    loopscope: str
    pytest: str
    python: str
    plugins: list[PlainPlugin]


class Versions(_Versions, total=False):
    """What has made the plan, and which backends it could have been made for."""

    libraries: list[PlainLibrary]


class PlainOption(TypedDict):
    """An option of another plugin that pytest knows in that run, and its value if it has one."""

    name: str
    value: str | None


class _Settings(TypedDict):
    engine: str
    mode: str
    loops: str
    backends: list[str]


class PlainSettings(_Settings, total=False):
    """What was set, by the ini file and on the command line.

    `options` are those of the plugins whose vocabularies loopscope speaks.
    """

    options: list[PlainOption]


class AsyncTests(TypedDict):
    """How many async tests are written in a vocabulary; null is of those that nobody claims."""

    vocabulary: str | None
    tests: int


class PlainDocument(TypedDict):
    """A plan of one suite, as it was collected; paths in it are relative to `root`.

    `tests` counts all that was collected, synchronous tests too, most of which are not planned.
    """

    format: str
    version: int
    versions: Versions
    root: str
    settings: PlainSettings
    tests: int
    async_tests: list[AsyncTests]
    plan: PlainPlan
    findings: list[PlainFinding]


@dataclass(frozen=True)
class Document:
    """What the file of a plan says.

    The plan of a large suite is most of it, and who asks what is wrong does not need it. So it is
    kept as it is in the file, and made when it is asked for.
    """

    versions: Versions
    root: str
    settings: PlainSettings
    tests: int
    async_tests: tuple[AsyncTests, ...]
    plain_plan: PlainPlan
    findings: tuple[Finding, ...]

    @cached_property
    def plan(self) -> Plan:
        """The plan.

        Raises:
            PlanFileError: what the file has of it makes no sense.
        """
        problem = _problem(self.plain_plan, PlainPlan, ".plan")
        try:
            if problem is not None:
                raise ValueError(problem)
            return from_plain(self.plain_plan)
        except (ValueError, LoopscopeError) as exc:
            raise PlanFileError(f"the plan cannot be read: {exc}") from None

    @property
    def number_of_async_tests(self) -> int:
        """How many async tests there are, in whatever vocabulary."""
        return sum(one["tests"] for one in self.async_tests)


def encode(document: Document) -> str:
    """Return `document` as JSON."""
    plain: PlainDocument = {
        "format": FORMAT,
        "version": VERSION,
        "versions": document.versions,
        "root": document.root,
        "settings": document.settings,
        "tests": document.tests,
        "async_tests": list(document.async_tests),
        "plan": document.plain_plan,
        "findings": [plain_finding(finding) for finding in document.findings],
    }
    return json.dumps(plain, separators=(",", ":")) + "\n"


def plain_finding(finding: Finding) -> PlainFinding:
    """Return `finding` as plain values."""
    return {
        "code": finding.code,
        "title": CODES[finding.code].title,
        "text": finding.title,
        "where": [
            {"path": origin.path, "line": origin.line, "name": name, "text": text}
            for origin, name, text in finding.where
        ],
        "why": finding.why,
        "fix": finding.fix,
        "concerns": finding.concerns,
        "refuses": finding.refuses,
    }


def read(path: Path) -> Document:
    """Read the file of a plan.

    Raises:
        PlanFileError: it is no plan, or one of a version that is not known here.
        OSError: the file cannot be read.
    """
    try:
        return decode(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as exc:
        raise PlanFileError(f"{path} is not a plan that can be read: {exc}") from None


def decode(text: str) -> Document:
    """Return the document that `encode` has told.

    Raises:
        ValueError: it is no plan, or one of a version that is not known here.
    """
    given = json.loads(text)
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise ValueError("pytest --loopscope-plan=PATH writes one")
    if given.get("version") != VERSION:
        raise ValueError(
            f"it is of version {given.get('version')!r}, and this loopscope reads version "
            f"{VERSION}: read it with the release that wrote it"
        )
    for field, kind in _fields(PlainDocument).items():
        if field not in given:
            raise ValueError(f".{field} is missing")
        problem = None if kind is PlainPlan else _problem(given[field], kind, f".{field}")
        if problem is not None:
            raise ValueError(problem)
    plain = cast("PlainDocument", given)
    return Document(
        plain["versions"],
        plain["root"],
        plain["settings"],
        plain["tests"],
        tuple(plain["async_tests"]),
        plain["plan"],
        tuple(map(_finding, plain["findings"])),
    )


def _finding(plain: PlainFinding) -> Finding:
    where = tuple(
        (Origin(row["path"], row["line"]), row["name"], row["text"]) for row in plain["where"]
    )
    return Finding(
        plain["code"],
        plain["text"],
        where,
        plain["why"],
        plain["fix"],
        plain["concerns"],
        plain["refuses"],
    )


def _problem(value: Any, hint: Any, at: str) -> str | None:
    """Say what of `value` is not as the type `hint` says; None if all of it is."""
    if is_typeddict(hint):
        if not isinstance(value, dict):
            return f"{at} is no object"
        for name, kind in _fields(hint).items():
            if name not in value:
                if name not in hint.__required_keys__:
                    continue
                return f"{at}.{name} is missing"
            problem = _problem(value[name], kind, f"{at}.{name}")
            if problem is not None:
                return problem
        return None
    if get_origin(hint) is list:
        if not isinstance(value, list):
            return f"{at} is no array"
        (kind,) = get_args(hint)
        problems = (_problem(one, kind, f"{at}[{number}]") for number, one in enumerate(value))
        return next((problem for problem in problems if problem is not None), None)
    valid = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return None if type(value) in valid else f"{at} cannot be {value!r}"


_FIELDS: dict[Any, dict[str, Any]] = {}


def _fields(record: Any) -> dict[str, Any]:
    if record not in _FIELDS:
        _FIELDS[record] = get_type_hints(record)
    return _FIELDS[record]
