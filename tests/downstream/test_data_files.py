"""A mistake in a data file is answered with the file, the entry and the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from downstream.catalogue import read_projects, select
from downstream.cli import DIFFERENCES, PROJECTS
from downstream.differences import read_differences
from downstream.errors import DownstreamError

if TYPE_CHECKING:
    from tests.downstream.conftest import Write

SETTINGS = """
constraints = ["pytest-asyncio==1.5.0"]
[settings.declared]
loopscope_loops = "declared"
loopscope_mode = "strict"
[settings.default]
"""
PROJECT = """
[projects.one]
version = "1.0"
why = "an example"
settings = ["declared", "default"]
"""
DIFFERENCE = """
[[differences]]
project = "one"
setting = "declared"
test = "tests/test_it.py::test_it"
theirs = "passed"
ours = "failed"
reason = "it looks into a private attribute"
"""


@pytest.mark.usefixtures("write")
def test_our_own_files_are_right() -> None:
    projects = read_projects(PROJECTS)
    read_differences(DIFFERENCES, projects)
    assert any(project.ci for project in projects.values())


def test_a_project_carries_its_settings_and_the_shared_constraints(write: Write) -> None:
    (project,) = read_projects(write("projects.toml", SETTINGS + PROJECT)).values()
    declared, default = project.settings
    assert declared.arguments == ("--loopscope-loops=declared", "--loopscope-mode=strict")
    assert default.arguments == ()
    assert project.constraints == ("pytest-asyncio==1.5.0",)
    assert (project.package, project.python) == ("one", (3, 10))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (SETTINGS, "projects.toml: lists no project"),
        ("[projects", "projects.toml: "),
        (
            SETTINGS + PROJECT.replace("version", "verison"),
            "projects.toml, projects.one: version is missing",
        ),
        (
            SETTINGS + PROJECT + "extra = ['trio']",
            "projects.toml, projects.one: unknown key extra; did you mean extras?",
        ),
        (
            SETTINGS + PROJECT + "requires = 'trio'",
            "projects.toml, projects.one: requires must be a list of strings, not 'trio'",
        ),
        (
            SETTINGS + PROJECT + "ci = 1",
            "projects.toml, projects.one: ci must be true or false, not 1",
        ),
        (
            SETTINGS + PROJECT + "timeout = 0",
            "projects.toml, projects.one: timeout must be a whole number above zero, not 0",
        ),
        (
            SETTINGS + PROJECT + "python = '3'",
            "projects.toml, projects.one: python must be the oldest version",
        ),
        (
            SETTINGS + PROJECT.replace('"default"', '"other"'),
            "projects.toml, projects.one: no setting 'other'; there are: declared, default",
        ),
        (
            SETTINGS + "loopscope-mode = 'auto'" + PROJECT,
            "projects.toml, settings.default: loopscope-mode is not an option of loopscope",
        ),
        (
            SETTINGS + PROJECT + "own_failures = [{test = 'a', outcome = 'bad', reason = 'b'}]",
            "projects.toml, projects.one, own_failures 1: outcome = 'bad' is none of passed,",
        ),
        (
            SETTINGS + PROJECT + "left_out = [{test = 'a'}]",
            "projects.toml, projects.one, left_out 1: reason is missing",
        ),
        (SETTINGS + PROJECT + "[other]", "projects.toml: unknown key other"),
    ],
)
def test_a_mistake_in_the_projects_is_pointed_at(write: Write, text: str, complaint: str) -> None:
    with pytest.raises(DownstreamError) as caught:
        read_projects(write("projects.toml", text))
    assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"one"', '"two"', "differences 1: project = 'two' is none of one"),
        ('"declared"', '"x"', "differences 1: setting = 'x' is none of declared, default, *"),
        ('"failed"', '"broken"', "differences 1: ours = 'broken' is none of passed,"),
        ('"failed"', '"passed"', "differences 1: theirs and ours are the same"),
        ("reason", "reasons", "differences 1: reason is missing"),
        ("reason", "note = ''\nreason", "differences 1: unknown key note"),
    ],
)
def test_a_mistake_in_the_differences_is_pointed_at(
    write: Write, old: str, new: str, complaint: str
) -> None:
    projects = read_projects(write("projects.toml", SETTINGS + PROJECT))
    path = write("differences.toml", DIFFERENCE.replace(old, new))
    with pytest.raises(DownstreamError) as caught:
        read_differences(path, projects)
    assert str(caught.value).startswith(f"differences.toml, {complaint}")


def test_a_star_stands_for_every_setting(write: Write) -> None:
    projects = read_projects(write("projects.toml", SETTINGS + PROJECT))
    path = write("differences.toml", DIFFERENCE.replace('"declared"', '"*"'))
    (known,) = read_differences(path, projects)
    assert known.concerns("one", "declared")
    assert known.concerns("one", "default")
    assert not known.concerns("other", "default")


def test_a_file_that_is_not_there_is_pointed_at(write: Write) -> None:
    with pytest.raises(DownstreamError, match=r"nowhere\.toml: No such file"):
        read_projects(write("projects.toml", "").with_name("nowhere.toml"))


def test_projects_are_selected_by_name_or_for_the_quick_run(write: Write) -> None:
    two = PROJECT.replace("projects.one", "projects.two") + "ci = true"
    projects = read_projects(write("projects.toml", SETTINGS + PROJECT + two))
    assert [each.name for each in select(projects, [], ci=False)] == ["one", "two"]
    assert [each.name for each in select(projects, [], ci=True)] == ["two"]
    assert [each.name for each in select(projects, ["one"], ci=False)] == ["one"]
    with pytest.raises(DownstreamError, match="no project 'three'; there are: one, two"):
        select(projects, ["three"], ci=False)
