"""Imports only go down."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.architecture.source import HEIGHT, PACKAGE, Import, Module, layer_of, modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MODULES = modules()
STANDARD_LIBRARY_ONLY = frozenset({"errors", "core"})
BLIND_TO_PYTEST = frozenset({"errors", "core", "backends"})
PYTEST = frozenset({"pytest", "_pytest", "pluggy"})
PRIVATE_SEAM = f"{PACKAGE}.plugin._compat"


def each_module(of: frozenset[str] | None = None) -> pytest.MarkDecorator:
    """Parametrise a test by module: all of them, or those of some layers."""
    chosen = [module for module in MODULES if of is None or module.layer in of]
    return pytest.mark.parametrize("module", chosen, ids=lambda module: module.name)


def upward_imports(module: Module) -> Iterator[str]:
    """Yield each import of ours that does not go to a lower layer or stay in its own."""
    if module.layer is None:
        return  # The front door shows what the layers hold; nothing stands above it.
    if module.layer not in HEIGHT:
        yield f"{module.path}: {module.layer} stands in no layer"
        return
    for imported in module.imports():
        if imported.root != PACKAGE:
            continue
        target = layer_of(imported.target)
        if target == module.layer:
            continue
        if target not in HEIGHT:
            yield complain(module, imported, "which is no layer but the front door")
        elif HEIGHT[target] > HEIGHT[module.layer]:
            yield complain(module, imported, f"and {target} is above {module.layer}")
        elif HEIGHT[target] == HEIGHT[module.layer]:
            yield complain(module, imported, f"and {target} is beside {module.layer}")


def foreign_imports(module: Module) -> Iterator[str]:
    """Yield each import from outside the standard library by a layer that may have none."""
    if module.layer in STANDARD_LIBRARY_ONLY:
        for imported in module.imports():
            if imported.root != PACKAGE and imported.root not in sys.stdlib_module_names:
                yield complain(module, imported, "which is not in the standard library")


def pytest_imports(module: Module) -> Iterator[str]:
    """Yield each import of pytest by a layer that must work without it."""
    if module.layer in BLIND_TO_PYTEST:
        for imported in module.imports():
            if imported.root in PYTEST:
                yield complain(module, imported, f"and {module.layer} knows no pytest")


def private_imports(module: Module) -> Iterator[str]:
    """Yield each import of pytest's private modules outside the one seam for them."""
    if module.name != PRIVATE_SEAM:
        for imported in module.imports():
            if imported.root == "_pytest":
                yield complain(module, imported, f"and only {PRIVATE_SEAM} may")


def complain(module: Module, imported: Import, why: str) -> str:
    return f"{module.path}:{imported.line}: {module.name} imports {imported.target}, {why}"


def test_there_are_modules_to_check() -> None:
    assert PACKAGE in [module.name for module in MODULES]


@each_module()
def test_imports_only_go_down(module: Module) -> None:
    assert list(upward_imports(module)) == []


@each_module(STANDARD_LIBRARY_ONLY)
def test_the_model_imports_only_the_standard_library(module: Module) -> None:
    assert list(foreign_imports(module)) == []


@each_module(BLIND_TO_PYTEST)
def test_the_engine_knows_no_pytest(module: Module) -> None:
    assert list(pytest_imports(module)) == []


@each_module()
def test_only_one_module_imports_private_pytest(module: Module) -> None:
    assert list(private_imports(module)) == []


UNDER_TYPE_CHECKING = (
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..trace import x"
)

FORBIDDEN = {
    upward_imports: [
        ("absolute", "core/a.py", "import loopscope.plugin.entry", "plugin.entry"),
        ("from-module", "core/a.py", "from loopscope.trace.events import Event", "trace.events"),
        ("from-package", "core/a.py", "from loopscope import diagnose", "diagnose"),
        ("relative", "core/a.py", "from ..plugin import entry", "plugin.entry"),
        ("relative-from-init", "core/__init__.py", "from ..cli import x", "cli.x"),
        ("relative-from-deep", "core/a/b.py", "from ... import plugin", "plugin"),
        ("relative-from-file", "errors.py", "from .core import plan", "core.plan"),
        ("type-checking", "core/a.py", UNDER_TYPE_CHECKING, "trace.x"),
        ("in-function", "core/a.py", "def f():\n    from ..trace import x", "trace.x"),
        ("dynamic", "core/a.py", "importlib.import_module('loopscope.trace')", "trace"),
        ("dynamic-relative", "core/a.py", "import_module('..trace', __package__)", "trace"),
        ("beside", "dialects/a.py", "import loopscope.backends", "beside dialects"),
        ("faces", "cli/a.py", "from loopscope.plugin import entry", "beside cli"),
        ("front-door", "core/a.py", "from loopscope import fixture", "front door"),
        ("whole-package", "core/a.py", "import loopscope", "front door"),
        ("no-layer", "misc/a.py", "", "misc stands in no layer"),
    ],
    foreign_imports: [
        ("library", "core/a.py", "import attrs", "attrs"),
        ("pytest", "errors.py", "import pytest", "pytest"),
    ],
    pytest_imports: [
        ("pytest", "backends/a.py", "import pytest", "pytest"),
        ("pluggy", "backends/a.py", "from pluggy import HookimplMarker", "pluggy.HookimplMarker"),
    ],
    private_imports: [
        ("plugin", "plugin/a.py", "from _pytest.fixtures import x", "_pytest.fixtures.x"),
        ("another-seam", "cli/_compat.py", "import _pytest", "_pytest"),
    ],
}


@pytest.mark.parametrize(
    ("check", "path", "source", "complaint"),
    [
        pytest.param(check, *row, id=f"{check.__name__}-{rule}")
        for check, rows in FORBIDDEN.items()
        for rule, *row in rows
    ],
)
def test_a_forbidden_import_is_found(
    tmp_path: Path,
    check: Callable[[Module], Iterator[str]],
    path: str,
    source: str,
    complaint: str,
) -> None:
    [found] = check(made_up(tmp_path, path, source))
    assert found.startswith(str(tmp_path / PACKAGE / path))
    assert complaint in found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        pytest.param("plugin/a.py", "from ..core.plan import Plan", id="relative-down"),
        pytest.param("plugin/a.py", "import loopscope.errors", id="absolute-down"),
        pytest.param("core/a.py", "from . import scope", id="own-package"),
        pytest.param("core/__init__.py", "from .plan import Plan", id="own-package-from-init"),
        pytest.param("core/a/b.py", "from ..scope import Scope", id="own-package-from-deep"),
        pytest.param("core/a.py", "import dataclasses, os.path", id="standard-library"),
        pytest.param("backends/a.py", "import trio", id="library-in-backend"),
        pytest.param("plugin/_compat.py", "from _pytest.fixtures import x", id="the-seam"),
        pytest.param("plugin/a.py", "import pytest, pluggy", id="pytest-in-plugin"),
        pytest.param("__init__.py", "from .plugin.entry import x", id="front-door"),
    ],
)
def test_a_permitted_import_passes(tmp_path: Path, path: str, source: str) -> None:
    module = made_up(tmp_path, path, source)
    for check in (upward_imports, foreign_imports, pytest_imports, private_imports):
        assert list(check(module)) == []


def test_every_file_of_the_tree_is_a_module(tmp_path: Path) -> None:
    for path in ("__init__.py", "errors.py", "core/__init__.py", "core/deep/plan.py"):
        made_up(tmp_path, path, "")
    assert [module.name for module in modules(tmp_path)] == [
        "loopscope",
        "loopscope.core",
        "loopscope.core.deep.plan",
        "loopscope.errors",
    ]


def made_up(src: Path, path: str, source: str) -> Module:
    """Write one file of a made-up package under `src` and return it as a module."""
    file = src / PACKAGE / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, encoding="utf-8")
    [module] = [module for module in modules(src) if module.path == file]
    return module
