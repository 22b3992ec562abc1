"""What a project says of itself, from the files that say it."""

from __future__ import annotations

import pytest

from loopscope.advise.project import Classifier, Dependency, IniFile, project_of

PYPROJECT = """\
[project]
classifiers = [
    "Framework :: AsyncIO",
    # "Framework :: Trio",
]
dependencies = ["anyio>=4", "Typing_Extensions; python_version < '3.11'"]

[project.optional-dependencies]
trio = ["trio>=0.26"]

[dependency-groups]
test = ["asyncpg", { include-group = "other" }]
"""
POETRY = """\
[tool.poetry.dependencies]
python = "^3.10"
trio = { version = "*", optional = true }

[tool.poetry.group.dev.dependencies]
anyio = "*"
"""
SETUP_CFG = """\
[metadata]
classifiers =
    Framework :: Trio
[options]
install_requires =
    async-timeout; python_version<"3.11"
    aiohttp >= 3
[options.extras_require]
fast = uvloop
"""


def test_pyproject_says_what_is_needed_and_promised() -> None:
    project = project_of({"pyproject.toml": PYPROJECT})
    assert project.classifiers == (Classifier("AsyncIO", "pyproject.toml:3"),)
    assert project.dependencies == (
        Dependency("anyio", "pyproject.toml:6"),
        Dependency("typing-extensions", "pyproject.toml:6"),
        Dependency("trio", "pyproject.toml:9", "trio"),
        Dependency("asyncpg", "pyproject.toml:12", "test"),
    )


def test_poetry_s_tables_are_read_as_well() -> None:
    found = {(one.name, one.group) for one in project_of({"pyproject.toml": POETRY}).dependencies}
    assert found == {("python", ""), ("trio", ""), ("anyio", "dev")}


def test_setup_cfg_says_it_too() -> None:
    project = project_of({"setup.cfg": SETUP_CFG})
    assert project.classifiers == (Classifier("Trio", "setup.cfg:3"),)
    assert project.dependencies == (
        Dependency("async-timeout", "setup.cfg:6"),
        Dependency("aiohttp", "setup.cfg:7"),
        Dependency("uvloop", "setup.cfg:9", "fast"),
    )


def test_a_classifier_in_setup_py_is_found() -> None:
    project = project_of({"setup.py": 'setup(classifiers=["Framework :: AnyIO"])'})
    assert project.classifiers == (Classifier("AnyIO", "setup.py:1"),)


@pytest.mark.parametrize(
    ("files", "ini"),
    [
        pytest.param({}, IniFile("pytest.ini", "pytest"), id="nothing"),
        pytest.param(
            {"pytest.ini": "", "tox.ini": "[pytest]"}, IniFile("pytest.ini", "pytest"), id="ini"
        ),
        pytest.param(
            {"pyproject.toml": "[tool.pytest.ini_options]\na = 1", "setup.cfg": "[tool:pytest]"},
            IniFile("pyproject.toml", "tool.pytest.ini_options", is_toml=True),
            id="ini-options",
        ),
        pytest.param(
            {"pyproject.toml": "[tool.pytest]\na = 1"},
            IniFile("pyproject.toml", "tool.pytest", is_toml=True),
            id="native-toml",
        ),
        pytest.param(
            {"pyproject.toml": "", "tox.ini": "[pytest]"}, IniFile("tox.ini", "pytest"), id="tox"
        ),
        pytest.param(
            {"pyproject.toml": "", "setup.cfg": "[tool:pytest]"},
            IniFile("setup.cfg", "tool:pytest"),
            id="setup-cfg",
        ),
        pytest.param(
            {"pyproject.toml": "[project]", "tox.ini": "[tox]"},
            IniFile("pyproject.toml", "tool.pytest.ini_options", is_toml=True),
            id="none-of-them-yet",
        ),
    ],
)
def test_options_go_where_pytest_reads_them(files: dict[str, str], ini: IniFile) -> None:
    assert project_of(files).ini == ini


def test_options_are_written_as_the_file_wants_them() -> None:
    options = {"asyncio_mode": "auto"}
    assert IniFile("tox.ini", "pytest").lines(options) == ["[pytest]", "asyncio_mode = auto"]
    assert IniFile("a.toml", "tool.pytest", is_toml=True).lines(options) == [
        "[tool.pytest]",
        'asyncio_mode = "auto"',
    ]


@pytest.mark.parametrize("text", ["[", "\x00", "a = 1\na = 2", "[project]\ndependencies = 3"])
@pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg", "tox.ini"])
def test_a_file_that_is_broken_says_nothing(name: str, text: str) -> None:
    project = project_of({name: text})
    assert (project.dependencies, project.classifiers) == ((), ())
