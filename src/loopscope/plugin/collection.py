"""From the items that pytest collected to the suite that is planned."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.backends import registry
from loopscope.core.declared import Declared
from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.origin import Origin
from loopscope.core.scope import Anchor, Scope
from loopscope.diagnose import catalog
from loopscope.dialects import native, peers
from loopscope.errors import LoopscopeError
from loopscope.plugin import _compat

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from loopscope.plugin._compat import AnyFixtureDef, Node
    from loopscope.plugin.options import Settings

BACKEND_PARAM = "loopscope_backend"
RUNNER_FIXTURE = "loopscope"


def is_async(function: object) -> bool:
    """Say whether `function` has to run on a loop."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def hypothesis_handle(function: object) -> Any:
    """Return Hypothesis's handle on a test made by `@given`, or None."""
    return getattr(function, "hypothesis", None)


def test_body(item: pytest.Function) -> object:
    """Return the function that the author of the test wrote."""
    handle = hypothesis_handle(item.obj)
    return item.obj if handle is None else handle.inner_test


@dataclass(eq=False, slots=True)
class Collection:
    """Collected items as vertices, and the way back from vertices to pytest's objects."""

    settings: Settings
    root: Path
    is_installed: Any
    suite: Suite = field(default_factory=Suite)
    findings: list[catalog.Finding] = field(default_factory=list)
    nodes: dict[Anchor, Node] = field(default_factory=dict)
    tests: dict[pytest.Item, Vertex] = field(default_factory=dict)
    instances: dict[tuple[AnyFixtureDef, Anchor, str], Vertex] = field(default_factory=dict)
    _anchors: dict[Node, Anchor] = field(default_factory=dict)
    _origins: dict[AnyFixtureDef, Origin] = field(default_factory=dict)
    _needs_loop: dict[AnyFixtureDef, bool] = field(default_factory=dict)
    _paths: dict[str, str | None] = field(default_factory=dict)

    def owns(self, item: pytest.Function) -> bool:
        """Say whether no other installed plugin runs `item`."""
        marks = {mark.name for mark in item.iter_markers()}
        names = _compat.closure_names(item)
        return peers.owner(marks, names, self.is_installed) is None

    def add(self, item: pytest.Item) -> None:
        """Add `item` to the suite if it, or a fixture of it, needs a loop, and is ours."""
        if _compat.is_test_function(item) and self.concerns(item):
            self._add_test(item)

    def concerns(self, item: pytest.Function) -> bool:
        """Say whether `item`, or a fixture of it, needs a loop, and is ours."""
        return (self._is_ours_and_async(item) or self.reaches_a_loop(item)) and self.owns(item)

    def _is_ours_and_async(self, item: pytest.Function) -> bool:
        return is_async(test_body(item)) and (
            self.settings.mode == "auto" or item.get_closest_marker(native.MARK) is not None
        )

    def adopt(self, item: pytest.Item) -> Vertex | None:
        """Add a test that turned out to need a loop while it was set up, if it may be ours."""
        if _compat.is_test_function(item) and self.owns(item):
            return self._add_test(item)
        return None

    def declared_by(self, item: pytest.Function) -> Declared:
        """Return what the marks of `item` declare.

        Raises:
            LoopscopeError: a mark that loopscope does not understand.
        """
        mark = item.get_closest_marker(native.MARK)
        if mark is None:
            return Declared()
        return native.parse_mark(mark.args, mark.kwargs, registry.names())

    def backends_of(self, item: pytest.Function) -> tuple[str, ...]:
        """Return the backends that `item` is to run on: its own, or those of the run.

        Raises:
            LoopscopeError: a mark that loopscope does not understand.
        """
        return self.declared_by(item).backends or self.settings.backends

    def _add_test(self, item: pytest.Function) -> Vertex:
        anchor = self.anchor(item)
        id = anchor.node
        needs_loop = self._is_ours_and_async(item)
        origin = self._origin(item.function)
        declared, backend = Declared(), self.settings.backends[0]
        try:
            declared = self.declared_by(item)
            backend = self._backend_of(item, declared)
        except LoopscopeError as exc:
            self.findings.append(catalog.bad_declaration(id, item.name, origin, str(exc)))
        if needs_loop and inspect.isasyncgenfunction(test_body(item)):
            self.findings.append(catalog.async_generator_test(id, item.name, origin))
        vertex = Vertex(
            id=id,
            name=item.name,
            kind=Kind.TEST,
            anchor=anchor,
            backend=backend,
            origin=origin,
            needs_loop=needs_loop,
            declared=declared.loop_scope,
            uses=tuple(self._uses(item, self._roots(item), backend)),
        )
        self.suite.vertices[id] = self.tests[item] = vertex
        return vertex

    def _roots(self, item: pytest.Function) -> list[AnyFixtureDef]:
        """Return the definitions that `item` asks for itself, and those added to it late."""
        reached: dict[str, None] = dict.fromkeys(_compat.initial_names(item))
        known = set(_compat.definitions(item))
        reached.update((name, None) for name in _compat.closure_names(item) if name not in known)
        return [found for name in reached if (found := self._resolve(item, name)) is not None]

    def _backend_of(self, item: pytest.Function, declared: Declared) -> str:
        """Return the backend that this variant of a test runs on."""
        callspec = getattr(item, "callspec", None)
        chosen = callspec.params.get(BACKEND_PARAM) if callspec is not None else None
        if chosen is None:
            chosen = (*declared.backends, *self.settings.backends)[0]
        if chosen not in self.settings.backends:
            registry.get(chosen).require()
        return str(chosen)

    def reaches_a_loop(self, item: pytest.Function) -> bool:
        """Say whether a fixture that needs a loop is in the closure of `item`."""
        return any(
            self.needs_loop(definition)
            for name in _compat.closure_names(item)
            for definition in _compat.fixture_definitions(item, name)
        )

    def needs_loop(self, definition: AnyFixtureDef) -> bool:
        """Say whether the fixture runs on a loop itself and is ours."""
        found = self._needs_loop.get(definition)
        if found is None:
            found = self._needs_loop[definition] = definition.argname == RUNNER_FIXTURE or (
                is_async(definition.func)
                and (self.settings.mode == "auto" or self.declared_on(definition) is not None)
            )
        return found

    def declared_on(self, definition: AnyFixtureDef) -> Declared | None:
        """Return what the author of a fixture declared with `loopscope.fixture`."""
        return native.declared_on(definition.func)

    def widest_scope(self, item: pytest.Function) -> Scope:
        """Return the widest scope among the fixtures of `item` that need a loop."""
        return max(
            (
                Scope.parse(definition.scope)
                for definitions in _compat.definitions(item).values()
                for definition in definitions
                if self.needs_loop(definition)
            ),
            default=Scope.FUNCTION,
        )

    def wanted(
        self, item: pytest.Function, definition: AnyFixtureDef, backend: str
    ) -> list[Vertex]:
        """Return `definition` and what it uses as vertices for `item`, in the order of use."""
        found: dict[str, Vertex] = {}

        def visit(id: str) -> None:
            vertex = self.suite.vertices[id]
            for used in vertex.uses:
                if used not in found:
                    visit(used)
            found[id] = vertex

        for id in self._uses(item, [definition], backend):
            visit(id)
        return list(found.values())

    def instance(self, item: pytest.Item, definition: AnyFixtureDef, backend: str) -> Vertex | None:
        """Return the vertex of `definition` as `item` sees it, if there is one yet."""
        anchor = self.anchor_of(item, definition)
        return self.instances.get((definition, anchor, backend))

    def _uses(
        self,
        item: pytest.Function,
        definitions: Iterable[AnyFixtureDef],
        backend: str,
    ) -> Iterator[str]:
        """Yield the ids of `definitions` as `item` sees them, adding vertices that are new."""
        for definition in definitions:
            place = self.anchor_of(item, definition)
            key = (definition, place, backend)
            vertex = self.instances.get(key)
            if vertex is None:
                vertex = self._add_instance(item, definition, place, backend)
            yield vertex.id

    def _add_instance(
        self,
        item: pytest.Function,
        definition: AnyFixtureDef,
        place: Anchor,
        backend: str,
    ) -> Vertex:
        origin = self.origin_of(definition)
        id = f"{place}::{definition.argname}@{origin}[{backend}]"
        while id in self.suite.vertices:
            id += "'"
        declared = self.declared_on(definition) or Declared()

        def made(uses: tuple[str, ...]) -> Vertex:
            return Vertex(
                id=id,
                name=definition.argname,
                kind=Kind.FIXTURE,
                anchor=place,
                backend=backend,
                origin=origin,
                needs_loop=self.needs_loop(definition),
                declared=declared.loop_scope,
                uses=uses,
            )

        # Known before what it uses is: pytest refuses fixtures that use one another in a circle,
        # but only when it comes to run them.
        key = (definition, place, backend)
        self.suite.vertices[id] = self.instances[key] = made(())
        used = [
            found
            for name in definition.argnames
            if (found := self._resolve(item, name, definition)) is not None
        ]
        vertex = made(tuple(self._uses(item, used, backend)))
        self.suite.vertices[id] = self.instances[key] = vertex
        return vertex

    def origin_of(self, definition: AnyFixtureDef) -> Origin:
        """Return where the fixture is defined."""
        origin = self._origins.get(definition)
        if origin is None:
            origin = self._origins[definition] = self._origin(definition.func)
        return origin

    def _resolve(
        self, item: pytest.Function, name: str, asker: AnyFixtureDef | None = None
    ) -> AnyFixtureDef | None:
        """Return the definition that `name` means, seen from `asker`: its own name means the
        definition that it overrides."""
        found: Sequence[AnyFixtureDef] = _compat.fixture_definitions(item, name)
        if asker is not None and asker.argname == name and asker in found:
            found = found[: list(found).index(asker)]
        return found[-1] if found else None

    def anchor(self, item: pytest.Item) -> Anchor:
        """Return the place of one test, in its chain of places up to the session."""
        anchor = self._anchors.get(item)
        if anchor is None:
            parent = item.parent
            assert parent is not None
            around = self._collector_anchor(parent)
            name = item.nodeid
            while Anchor(Scope.FUNCTION, name) in self.nodes:
                name += "'"  # the same test once more, by --keep-duplicates
            if item.getparent(pytest.Class) is None:
                # pytest gives a class-scoped fixture outside of any class the life of its test.
                around = self._known(Anchor(Scope.CLASS, name, around), item)
            anchor = self._known(Anchor(Scope.FUNCTION, name, around), item)
            self._anchors[item] = anchor
        return anchor

    def _collector_anchor(self, node: Node) -> Anchor:
        anchor = self._anchors.get(node)
        if anchor is None:
            if isinstance(node, pytest.Session) or node.parent is None:
                # pytest gives a package-scoped fixture outside of any package the session's life.
                session = self._known(Anchor(Scope.SESSION, ""), node)
                anchor = self._known(Anchor(Scope.PACKAGE, "", session), node)
            else:
                anchor = self._collector_anchor(node.parent)
                for kind, scope in _COLLECTORS:
                    if isinstance(node, kind):
                        anchor = self._known(Anchor(scope, node.nodeid, anchor), node)
                        break
            self._anchors[node] = anchor
        return anchor

    def _known(self, anchor: Anchor, node: Node) -> Anchor:
        self.nodes[anchor] = node
        return anchor

    def anchor_of(self, item: pytest.Item, definition: AnyFixtureDef) -> Anchor:
        """Return the place at whose end pytest tears `definition` down."""
        anchor = self.anchor(item)
        scope = Scope.parse(definition.scope)
        if scope is Scope.PACKAGE:
            node = _compat.package_of(item, definition)
            return self._collector_anchor(item.session if node is None else node)
        return anchor.at(scope)

    def _origin(self, function: Any) -> Origin:
        while isinstance(function, partial):
            function = function.func
        code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
        module = getattr(function, "__module__", None) or "?"
        if code is None:
            return Origin(module, 1)
        return Origin(self._inside_root(code.co_filename) or module, code.co_firstlineno)

    def _inside_root(self, filename: str) -> str | None:
        """Return the path of a file relative to the root directory, or None if it is outside."""
        if filename not in self._paths:
            path = Path(filename)
            inside = path.is_relative_to(self.root)
            self._paths[filename] = path.relative_to(self.root).as_posix() if inside else None
        return self._paths[filename]


# A package is a directory to pytest, a module is not: what comes first wins.
_COLLECTORS: tuple[tuple[type[Node], Scope], ...] = (
    (pytest.Package, Scope.PACKAGE),
    (pytest.Class, Scope.CLASS),
    (pytest.Module, Scope.MODULE),
)
