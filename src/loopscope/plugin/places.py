"""Where tests and fixtures live in the collection tree, and where they are written down."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.origin import Origin
from loopscope.core.scope import Anchor, Scope
from loopscope.plugin import _compat

if TYPE_CHECKING:
    from loopscope.plugin._compat import AnyFixtureDef, Node

# A package is a directory to pytest, a module is not: what comes first wins.
_COLLECTORS: tuple[tuple[type[Node], Scope], ...] = (
    (pytest.Package, Scope.PACKAGE),
    (pytest.Class, Scope.CLASS),
    (pytest.Module, Scope.MODULE),
)


@dataclass(eq=False, slots=True)
class Places:
    """The nodes of the collection tree as anchors, and the way back."""

    _nodes: dict[str, Node] = field(default_factory=dict)
    _names: dict[pytest.Item, str] = field(default_factory=dict)
    _tests: dict[pytest.Item, Anchor] = field(default_factory=dict)
    _around: dict[Node, tuple[Anchor, bool]] = field(default_factory=dict)
    _anchors: dict[Node, Anchor] = field(default_factory=dict)

    def of(self, item: pytest.Item) -> Anchor:
        """Return the place of one test, in its chain of places up to the session."""
        anchor = self._tests.get(item)
        if anchor is None:
            name = self._names.get(item) or self.name(item)
            around, in_class = self.around(item)
            if not in_class:
                # pytest gives a class-scoped fixture outside of any class the life of its test.
                around = Anchor(Scope.CLASS, name, around)
            anchor = self._tests[item] = Anchor(Scope.FUNCTION, name, around)
        return anchor

    def name(self, item: pytest.Item) -> str:
        """Name the place of a test, which is among those that are planned."""
        name = item.nodeid
        while name in self._nodes:
            name += "'"  # the same test once more, by --keep-duplicates
        self._nodes[name] = item
        if item in self._names:
            self._tests.pop(item, None)
        self._names[item] = name
        return name

    def around(self, item: pytest.Item) -> tuple[Anchor, bool]:
        """Return the place that a test is in, and whether it is in a class there."""
        parent = item.parent
        assert parent is not None
        if parent not in self._around:
            in_class = parent.getparent(pytest.Class) is not None
            self._around[parent] = self._collector_anchor(parent), in_class
        return self._around[parent]

    def named(self, name: str) -> Node:
        """Return the node that has this name."""
        return self._nodes[name]

    def node(self, anchor: Anchor) -> Node:
        """Return the node of a place."""
        return self._nodes[anchor.node]

    def _collector_anchor(self, node: Node) -> Anchor:
        anchor = self._anchors.get(node)
        if anchor is None:
            if isinstance(node, pytest.Session) or node.parent is None:
                # pytest gives a package-scoped fixture outside of any package the session's life.
                session = self._known(Anchor(Scope.SESSION, ""), node)
                anchor = self._known(Anchor(Scope.PACKAGE, "", session), node)
            else:
                # The root directory may be a package itself. pytest gives the fixtures of its
                # conftest the session's life, and so the package has that here.
                anchor = self._collector_anchor(node.parent)
                for kind, scope in _COLLECTORS:
                    if isinstance(node, kind) and node.nodeid != ".":
                        anchor = self._known(Anchor(scope, node.nodeid, anchor), node)
                        break
            self._anchors[node] = anchor
        return anchor

    def _known(self, anchor: Anchor, node: Node) -> Anchor:
        self._nodes[anchor.node] = node
        return anchor

    def of_fixture(self, item: pytest.Item, definition: AnyFixtureDef) -> Anchor:
        """Return the place at whose end pytest tears `definition` down."""
        anchor = self.of(item)
        scope = Scope.parse(definition.scope)
        if scope is Scope.PACKAGE:
            node = _compat.package_of(item, definition)
            return self._collector_anchor(item.session if node is None else node)
        return anchor.at(scope)


@dataclass(eq=False, slots=True)
class Origins:
    """Places in the source, relative to the root directory of a run."""

    root: Path
    _of_fixtures: dict[AnyFixtureDef, Origin] = field(default_factory=dict)
    _paths: dict[str, str | None] = field(default_factory=dict)

    def of_fixture(self, definition: AnyFixtureDef) -> Origin:
        """Return where a fixture is defined."""
        origin = self._of_fixtures.get(definition)
        if origin is None:
            origin = self._of_fixtures[definition] = self.of(definition.func)
        return origin

    def of_line(self, path: str, line: int) -> Origin:
        """Return a line of a file, which may be outside of the root directory."""
        return Origin(self._inside_root(path) or path, line)

    def of(self, function: Any) -> Origin:
        """Return where a function is written down."""
        while isinstance(function, partial):
            function = function.func
        code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
        module = getattr(function, "__module__", None) or "?"
        if code is None:
            return Origin(module, 1)
        return Origin(self._inside_root(code.co_filename) or module, code.co_firstlineno)

    def of_test(self, item: pytest.Function) -> Origin:
        """Return where a test is written down."""
        return self.of(item.function)

    def of_class(self, node: pytest.Class) -> Origin:
        """Return where a test class is written down."""
        path, line, _ = node.reportinfo()
        return Origin(self._inside_root(str(path)) or node.name, (line or 0) + 1)

    def is_users(self, filename: str) -> bool:
        """Say whether a file is of the suite and what it tests: in the root directory, and no
        library that is installed there."""
        inside = self._inside_root(filename)
        return inside is not None and "site-packages" not in inside

    def _inside_root(self, filename: str) -> str | None:
        """Return the path of a file relative to the root directory, or None if it is outside."""
        if filename not in self._paths:
            path = Path(filename)
            inside = path.is_relative_to(self.root)
            self._paths[filename] = path.relative_to(self.root).as_posix() if inside else None
        return self._paths[filename]
