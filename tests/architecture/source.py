"""The package's sources as the architecture tests see them: modules, and what each one imports.

Sources are parsed, never imported: an import that only runs on another Python, inside a function or
under `TYPE_CHECKING` is an import all the same.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "loopscope"
SRC = Path(__file__).parents[2] / "src"

# From the bottom up. Those on one line are mutually blind.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("core",),
    ("trace",),
    ("dialects", "backends"),
    ("diagnose",),
    ("advise", "migrate", "report"),
    ("plugin", "cli"),
)
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}


@dataclass(frozen=True)
class Import:
    """One imported name, fully qualified, and the line it is imported on."""

    target: str
    line: int

    @property
    def root(self) -> str:
        """Return the distribution's top-level name, such as `asyncio`."""
        return self.target.partition(".")[0]


@dataclass(frozen=True)
class Module:
    """One source file of the package."""

    name: str
    path: Path

    @property
    def layer(self) -> str | None:
        """Return the layer's name, or `None` for the package's front door."""
        return layer_of(self.name)

    @property
    def package(self) -> str:
        """Return the name that relative imports of this module start from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    def imports(self) -> Iterator[Import]:
        """Yield everything this module imports, wherever in the file."""
        for node in ast.walk(ast.parse(self.path.read_bytes(), str(self.path))):
            match node:
                case ast.Import(names=names):
                    yield from (Import(alias.name, node.lineno) for alias in names)
                case ast.ImportFrom(names=names, module=source, level=level):
                    base = self._absolute("." * level + (source or ""))
                    yield from (Import(f"{base}.{alias.name}", node.lineno) for alias in names)
                case ast.Call(
                    func=ast.Name(id="__import__" | "import_module")
                    | ast.Attribute(attr="import_module"),
                    args=[ast.Constant(value=str(source)), *_],
                ):
                    yield Import(self._absolute(source), node.lineno)

    def _absolute(self, source: str) -> str:
        relative = source.lstrip(".")
        level = len(source) - len(relative)
        if not level:
            return source
        parts = self.package.split(".")
        base = ".".join(parts[: len(parts) - level + 1])
        return f"{base}.{relative}" if relative else base


def layer_of(name: str) -> str | None:
    """Return the layer of a dotted name of ours, or `None` for the package's front door.

    The front door is `loopscope` itself and `python -m loopscope`. A part that stands in no layer
    is returned by its name, for the checks to complain about.
    """
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] != "__main__" else None


def modules(src: Path = SRC) -> list[Module]:
    """Return all modules of the package under `src`, sorted by name."""
    found = []
    for path in (src / PACKAGE).rglob("*.py"):
        parts = path.relative_to(src).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name, path))
    return sorted(found, key=lambda module: module.name)
