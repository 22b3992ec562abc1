"""The differences that are known, as `differences.toml` lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from downstream.plugins.downstream_record import RANK, matches
from downstream.tables import load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from downstream.catalogue import Project
    from downstream.tables import Entry

MISSING = "missing"
ANY_SETTING = "*"


@dataclass(frozen=True, slots=True)
class Known:
    """A difference that is meant."""

    project: str
    setting: str
    test: str
    theirs: str
    ours: str
    reason: str

    def concerns(self, project: str, setting: str) -> bool:
        """Say whether it is about this run."""
        return self.project == project and self.setting in (ANY_SETTING, setting)

    def matches(self, test: str, theirs: str, ours: str) -> bool:
        """Say whether it is this difference."""
        return (theirs, ours) == (self.theirs, self.ours) and matches(self.test, test)


def read_differences(path: Path, projects: dict[str, Project]) -> list[Known]:
    """Return the known differences, each about a project and a setting that exist."""
    file = load(path)
    known = [_known(entry, projects) for entry in file.entries("differences")]
    file.nothing_else()
    return known


def concerning(known: Iterable[Known], project: str, setting: str) -> list[Known]:
    """Return those that are about one run."""
    return [each for each in known if each.concerns(project, setting)]


def _known(entry: Entry, projects: dict[str, Project]) -> Known:
    name = entry.choice("project", projects)
    settings = [setting.name for setting in projects[name].settings]
    known = Known(
        project=name,
        setting=entry.choice("setting", [*settings, ANY_SETTING]),
        test=entry.text("test"),
        theirs=entry.choice("theirs", (*RANK, MISSING)),
        ours=entry.choice("ours", (*RANK, MISSING)),
        reason=entry.text("reason"),
    )
    if known.theirs == known.ours:
        raise entry.complaint("theirs and ours are the same")
    entry.nothing_else()
    return known
