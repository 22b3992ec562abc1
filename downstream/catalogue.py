"""The projects, as `projects.toml` lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from downstream.errors import DownstreamError
from downstream.plugins.downstream_record import RANK
from downstream.tables import load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from downstream.tables import Entry

NAME = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
OPTION = re.compile(r"loopscope_[a-z_]+\Z")
PYTHON = re.compile(r"3\.\d+\Z")
DEFAULT_TIMEOUT = 150


@dataclass(frozen=True, slots=True)
class Setting:
    """What loopscope is told in one run on ours."""

    name: str
    options: tuple[tuple[str, str], ...]

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the options as the command line spells them."""
        return tuple(f"--{name.replace('_', '-')}={value}" for name, value in self.options)


@dataclass(frozen=True, slots=True)
class Exempt:
    """Tests that are left out, fail on their own engine too or may be tried again, and why."""

    test: str
    reason: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Shared:
    """What the file says once for all projects."""

    constraints: tuple[str, ...]
    settings: dict[str, Setting]


@dataclass(frozen=True, slots=True)
class Project:
    """A released project, and how its suite is run."""

    name: str
    package: str
    version: str
    why: str
    ci: bool
    extras: tuple[str, ...]
    requires: tuple[str, ...]
    constraints: tuple[str, ...]
    arguments: tuple[str, ...]
    python: tuple[int, int]
    config: str
    timeout: int
    settings: tuple[Setting, ...]
    left_out: tuple[Exempt, ...]
    own_failures: tuple[Exempt, ...]
    unsteady: tuple[Exempt, ...]


def read_projects(path: Path) -> dict[str, Project]:
    """Return the projects by name, in the order of the file."""
    file = load(path)
    settings = {name: _setting(name, entry) for name, entry in file.tables("settings").items()}
    shared = Shared(file.texts("constraints"), settings)
    projects = {
        name: _project(name, entry, shared) for name, entry in file.tables("projects").items()
    }
    file.nothing_else()
    if not projects:
        raise file.complaint("lists no project")
    return projects


def select(projects: dict[str, Project], names: Iterable[str], *, ci: bool) -> list[Project]:
    """Return the projects with these names, or all of them, or those of the quick selection."""
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in projects:
            raise DownstreamError(f"no project {name!r}; there are: {', '.join(projects)}")
    return [
        project
        for name, project in projects.items()
        if (name in wanted if wanted else project.ci or not ci)
    ]


def _project(name: str, entry: Entry, shared: Shared) -> Project:
    if not NAME.match(name):
        raise entry.complaint("the name must be lower case letters, digits and dashes")
    project = Project(
        name=name,
        package=entry.text("package", name),
        version=entry.text("version"),
        why=entry.text("why"),
        ci=entry.flag("ci"),
        extras=entry.texts("extras"),
        requires=entry.texts("requires"),
        constraints=shared.constraints,
        arguments=entry.texts("arguments"),
        python=_python(entry),
        config=entry.text("config", ""),
        timeout=entry.number("timeout", DEFAULT_TIMEOUT),
        settings=_settings(entry, shared.settings),
        left_out=tuple(_exempt(part) for part in entry.entries("left_out")),
        own_failures=tuple(_exempt(part, outcome=True) for part in entry.entries("own_failures")),
        unsteady=tuple(_exempt(part) for part in entry.entries("unsteady")),
    )
    entry.nothing_else()
    return project


def _python(entry: Entry) -> tuple[int, int]:
    text = entry.text("python", "3.10")
    if not PYTHON.match(text):
        raise entry.complaint(f"python must be the oldest version, as in 3.12, not {text!r}")
    major, minor = text.split(".")
    return int(major), int(minor)


def _setting(name: str, entry: Entry) -> Setting:
    options = {option: entry.text(option) for option in entry}
    for option in options:
        if not OPTION.match(option):
            raise entry.complaint(f"{option} is not an option of loopscope")
    return Setting(name, tuple(options.items()))


def _settings(entry: Entry, known: dict[str, Setting]) -> tuple[Setting, ...]:
    names = dict.fromkeys(entry.texts("settings"))
    for name in names:
        if name not in known:
            raise entry.complaint(f"no setting {name!r}; there are: {', '.join(known)}")
    if not names:
        raise entry.complaint("settings is missing: name at least one")
    return tuple(known[name] for name in names)


def _exempt(entry: Entry, *, outcome: bool = False) -> Exempt:
    exempt = Exempt(
        test=entry.text("test"),
        reason=entry.text("reason"),
        outcome=entry.choice("outcome", RANK) if outcome else "",
    )
    entry.nothing_else()
    return exempt
