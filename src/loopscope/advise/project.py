"""What a project says of itself: what it depends on, what it promises, where pytest is set up."""

from __future__ import annotations

import configparser
import re
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from loopscope.diagnose.settings_files import SETTINGS_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# pytest itself needs tomli where Python has no tomllib.
_TOML: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

FILES = (*SETTINGS_FILES, "setup.py")
"""The files that are read, those in which pytest looks for its options in its order."""

_FRAMEWORK = re.compile(r"Framework :: (AsyncIO|AnyIO|Trio)\b")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, slots=True)
class Dependency:
    """A distribution that is declared to be needed; `group` is the extra or group, if any."""

    name: str
    where: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Classifier:
    """A promise that is published: the framework that it names."""

    framework: str
    where: str


@dataclass(frozen=True, slots=True)
class IniFile:
    """Where pytest finds its options, and how one is written there."""

    path: str
    section: str
    is_toml: bool = False

    def lines(self, options: Mapping[str, str]) -> list[str]:
        """Return `options` as they are written there, under the head of their section."""
        written = (
            f'{name} = "{value}"' if self.is_toml else f"{name} = {value}"
            for name, value in options.items()
        )
        return [f"[{self.section}]", *written]


@dataclass(frozen=True, slots=True)
class Project:
    """What the files of a project say."""

    dependencies: tuple[Dependency, ...] = ()
    classifiers: tuple[Classifier, ...] = ()
    ini: IniFile = IniFile("pytest.ini", "pytest")


def project_of(files: Mapping[str, str]) -> Project:
    """Return what `files`, some of `FILES` with their text, say.

    A file that cannot be read as what it should be says nothing.
    """
    return Project(
        tuple(_dependencies(files)),
        tuple(one for path, text in files.items() for one in _classifiers(path, text)),
        _ini(files),
    )


def normalised(name: str) -> str:
    """Return the name of a distribution as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _classifiers(path: str, text: str) -> Iterator[Classifier]:
    for number, line in enumerate(text.splitlines(), 1):
        found = _FRAMEWORK.search(line.partition("#")[0])
        if found is not None:
            yield Classifier(found[1], f"{path}:{number}")


def _dependencies(files: Mapping[str, str]) -> Iterator[Dependency]:
    for path in ("pyproject.toml", "setup.cfg"):
        text = files.get(path, "")
        declared = (
            _in_pyproject(_toml(text)) if path.endswith("toml") else _in_setup_cfg(_cfg(text))
        )
        for requirement, group in declared:
            found = _REQUIREMENT.match(requirement)
            if found is not None:
                quoted = (f'"{requirement}"', f"'{requirement}'")
                where = f"{path}:{_line_of(text, *quoted, requirement, found[1])}"
                yield Dependency(normalised(found[1]), where, group)


def _line_of(text: str, *words: str) -> int:
    lines = text.splitlines()
    return next(
        (number for word in words for number, line in enumerate(lines, 1) if word in line), 1
    )


def _in_pyproject(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    project = _table(document, "project")
    groups = {
        "": project.get("dependencies"),
        **_table(project, "optional-dependencies"),
        **_table(document, "dependency-groups"),
    }
    for group, requirements in groups.items():
        for requirement in requirements if isinstance(requirements, list) else ():
            if isinstance(requirement, str):
                yield requirement, group
    poetry = _table(document, "tool", "poetry")
    for name in _table(poetry, "dependencies"):
        yield name, ""
    for group in _table(poetry, "group"):
        for name in _table(poetry, "group", group, "dependencies"):
            yield name, group


def _in_setup_cfg(config: configparser.ConfigParser) -> Iterator[tuple[str, str]]:
    declared = [(config.get("options", "install_requires", fallback=""), "")]
    if config.has_section("options.extras_require"):
        declared += [(text, extra) for extra, text in config.items("options.extras_require")]
    for text, group in declared:
        for requirement in text.splitlines():
            if requirement.strip():
                yield requirement.strip(), group


def _ini(files: Mapping[str, str]) -> IniFile:
    for path in FILES:
        if path not in files:
            continue
        if path.endswith("pytest.toml"):
            return IniFile(path, "pytest", is_toml=True)
        if path.endswith("pytest.ini"):
            return IniFile(path, "pytest")
        if path == "pyproject.toml":
            tool = _table(_toml(files[path]), "tool", "pytest")
            if set(tool) - {"ini_options"}:
                return IniFile(path, "tool.pytest", is_toml=True)
            if tool:
                return IniFile(path, "tool.pytest.ini_options", is_toml=True)
        section = {"tox.ini": "pytest", "setup.cfg": "tool:pytest"}.get(path)
        if section is not None and _cfg(files[path]).has_section(section):
            return IniFile(path, section)
    if "pyproject.toml" in files:
        return IniFile("pyproject.toml", "tool.pytest.ini_options", is_toml=True)
    return IniFile("pytest.ini", "pytest")


def _toml(text: str) -> Mapping[str, Any]:
    try:
        found: dict[str, Any] = _TOML.loads(text)
    except ValueError:
        return {}
    return found


def _cfg(text: str) -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None)
    try:
        config.read_string(text)
    except configparser.Error:
        return configparser.ConfigParser()
    return config


def _table(document: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return the table that is found at `path`, an empty one if there is none."""
    found: Any = document
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
